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

  /// How many objects there are so far.
  package var objectCount: Int { objects.count }

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
    let repeated = repetitions()
    for object in objects where repeated.isEmpty || !repeated.contains(object.identity) {
      reading.snapshot.merge(object.contents)
    }
    noteRepetitions(of: repeated)
    reading.snapshot.apiServerEndpoints = Set(reading.snapshot.apiServerEndpoints).sorted()
    return reading
  }

  /// Identities that more than one object has. Compares only where hashes are equal.
  private func repetitions() -> Set<FileReading.Identity> {
    var hashes: Set<Int> = []
    hashes.reserveCapacity(objects.count)
    var isSuspicious = false
    for object in objects where object.isNamed {
      if !hashes.insert(object.identityHash).inserted { isSuspicious = true }
    }
    guard isSuspicious else { return [] }
    var seen: Set<FileReading.Identity> = []
    return Set(objects.filter { $0.isNamed && !seen.insert($0.identity).inserted }.map(\.identity))
  }

  private mutating func noteRepetitions(of identities: Set<FileReading.Identity>) {
    guard !identities.isEmpty else { return }
    for identity in identities { reading.snapshot.unreadKinds.insert(identity.reference.kind) }
    let places = Dictionary(grouping: objects.filter { identities.contains($0.identity) }, by: \.identity)
    for object in objects {
      guard let same = places[object.identity], same[0].place == object.place else { continue }
      let others = same.dropFirst().map(\.place.description).joined(separator: " and ")
      let name = shown(object.identity.reference.description)
      note(ManifestError("\(name) is given again at \(others); none is used", at: object.place))
    }
  }
}

extension FileReading.DecodedObject {
  /// Objects of kinds that moat does not read may lack a name, and are then never the same.
  fileprivate var isNamed: Bool { !identity.reference.name.isEmpty }
}
