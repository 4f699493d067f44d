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

/// Gathers objects out of texts, and makes a snapshot of those that were given once.
package struct ManifestCollector {
  /// What makes two manifests the same object.
  private struct Identity: Hashable {
    var group: String
    var reference: ObjectReference
  }

  private var reading = ManifestReading()
  private var manifests: [(manifest: Manifest, place: ManifestPlace)] = []

  package init() {}

  /// Notes what could not be read at all.
  package mutating func note(_ error: ManifestError) { reading.errors.append(error) }

  /// Reads the documents of one file, YAML or JSON. A broken document is noted, and the others are read.
  package mutating func add(_ bytes: [UInt8], file: String, isJSON: Bool = false) {
    let before = reading.documentCount
    for document in documents(of: bytes, isJSON: isJSON) {
      reading.documentCount += 1
      let place = ManifestPlace(file: file, document: reading.documentCount - before, line: document.line)
      switch document.content {
      case .success(let value): add(value, at: place)
      case .failure(let error): note(ManifestError(error.reason, at: place))
      }
    }
    if reading.documentCount == before { reading.notes.append("\(file): holds no document") }
  }

  /// Adds an object, or those of a List.
  private mutating func add(_ value: ManifestValue, at place: ManifestPlace) {
    guard let list = ManifestList(value) else { return addObject(value, at: place) }
    for (index, item) in list.items.enumerated() {
      var itemPlace = place
      itemPlace.item = index + 1
      if item.line > 0 { itemPlace.line = Int(item.line) }
      add(list.complete(item), at: itemPlace)
    }
  }

  private mutating func addObject(_ value: ManifestValue, at place: ManifestPlace) {
    if value["kind"]?.content == .string(Configuration.kind) {
      reading.notes.append("\(place): is a MoatConfiguration, no manifest; left out (give it by --config)")
      return
    }
    do {
      manifests.append((try Manifest(reading: value), place))
    } catch {
      var faultPlace = place
      faultPlace.line = error.line ?? place.line
      note(ManifestError(error.misunderstanding.description, at: faultPlace))
    }
  }

  /// The snapshot. Of an object that was given more than once nothing counts: which one is meant is not known.
  package consuming func finish() -> ManifestReading {
    var places: [Identity: [ManifestPlace]] = [:]
    for (manifest, place) in manifests where !manifest.metadata.name.isEmpty {
      places[Identity(group: manifest.group, reference: manifest.reference), default: []].append(place)
    }
    for (manifest, place) in manifests {
      let same = places[Identity(group: manifest.group, reference: manifest.reference)] ?? [place]
      if same.count == 1 {
        reading.snapshot.add(manifest)
      } else {
        reading.snapshot.unreadKinds.insert(manifest.kind)
      }
      if same.count > 1, place == same.first {
        let others = same.dropFirst().map(\.description).joined(separator: " and ")
        let name = shown(manifest.reference.description)
        note(ManifestError("\(name) is given again at \(others); none is used", at: place))
      }
    }
    reading.snapshot.apiServerEndpoints = Set(reading.snapshot.apiServerEndpoints).sorted()
    return reading
  }
}

/// A `List`, or a `PodList` and the like, with its items.
private struct ManifestList {
  var items: [ManifestValue]
  private var itemKind: String
  private var apiVersion: ManifestValue?

  init?(_ value: ManifestValue) {
    guard case .string(let kind) = value["kind"]?.content, kind.hasSuffix("List"),
      case .array(let items) = value["items"]?.content
    else { return nil }
    self.items = items
    itemKind = String(kind.dropLast(4))
    apiVersion = value["apiVersion"]
  }

  /// The item, with the kind and version that a typed list leaves out of its items.
  func complete(_ item: ManifestValue) -> ManifestValue {
    guard !itemKind.isEmpty, case .object(let members) = item.content, item["kind"] == nil else { return item }
    var result = [ManifestMember(name: "kind", value: ManifestValue(.string(itemKind)))]
    if item["apiVersion"] == nil, let apiVersion {
      result.append(ManifestMember(name: "apiVersion", value: apiVersion))
    }
    return ManifestValue(.object(result + members), line: Int(item.line))
  }
}
