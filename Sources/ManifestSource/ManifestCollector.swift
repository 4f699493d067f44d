import ClusterModel

/// What reading manifests came to.
package struct ManifestReading: Sendable {
  /// Everything that could be read.
  package var snapshot = ClusterSnapshot()

  /// What could not, in the order of the files. Where there is one, the snapshot is not the whole picture: a caller goes
  /// on only when told to (`--keep-going`).
  package var errors: [ManifestError] = []

  /// What was left out on purpose.
  package var notes: [String] = []

  /// How many documents there were, broken ones included; a List is one.
  package var documentCount = 0

  package init() {}
}

/// Gathers objects out of files, and makes a snapshot of those that were given once.
package struct ManifestCollector {
  private var reading = ManifestReading()
  private var objects: [FileReading.DecodedObject] = []

  package init() {}

  /// Notes what could not be read at all.
  package mutating func note(_ error: ManifestError) { reading.errors.append(error) }

  /// Notes what is odd and yet no error.
  mutating func note(_ remark: String) { reading.notes.append(remark) }

  /// Adds what a file holds.
  package mutating func add(_ file: FileReading) {
    objects += file.objects
    reading.errors += file.errors
    reading.notes += file.notes
    reading.documentCount += file.documentCount
  }

  /// Reads the documents of one file, YAML or JSON. A broken document is noted, and the others are read.
  package mutating func add(_ bytes: [UInt8], file: String, isJSON: Bool = false) {
    add(FileReading(bytes, file: file, isJSON: isJSON))
  }

  /// The snapshot. Of an object that was given more than once nothing counts: which one is meant is not known.
  package consuming func finish() -> ManifestReading {
    let kinds = Dictionary(grouping: objects, by: \.identity.reference.kind)
    for kind in kinds.keys.sorted() {
      var contents = KindContents()
      contents.replace([], by: kinds[kind] ?? [])
      reading.snapshot.merge(contents.snapshot)
      reading.errors += contents.errors
    }
    return reading
  }
}
