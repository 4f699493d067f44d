import ClusterModel

/// What one file holds, decoded.
package struct FileReading: Sendable {
  typealias Identity = ClusterObject.Identity

  /// An object, where it stands, and what it adds to a snapshot. A class, so that thousands are put together quickly.
  final class DecodedObject: Sendable {
    let identity: Identity
    let place: ManifestPlace
    let contents: ClusterSnapshot

    init(_ object: ClusterObject, at place: ManifestPlace) {
      identity = object.identity
      self.place = place
      contents = object.contents
    }
  }

  private(set) var objects: [DecodedObject] = []

  /// What could not be read, in the order of the documents.
  package private(set) var errors: [ManifestError] = []

  /// What was left out on purpose.
  package private(set) var notes: [String] = []

  /// How many documents there are, broken ones included; a List is one.
  package private(set) var documentCount = 0

  /// Reads the documents of a file, YAML or JSON. A broken one is an error, and the others are read.
  package init(_ bytes: [UInt8], file: String, isJSON: Bool = false) {
    for document in documents(of: bytes, isJSON: isJSON) {
      documentCount += 1
      let place = ManifestPlace(file: file, document: documentCount, line: document.line)
      switch document.content {
      case .success(let value): add(value, at: place)
      case .failure(let error): errors.append(ManifestError(error.reason, at: place))
      }
    }
    if documentCount == 0 { notes.append("\(file): holds no document") }
  }

  /// Whether the file could not be read at all, for whatever reason that may pass.
  private(set) var isUnread = false

  /// A file that could not be read at all.
  package init(failure: ManifestError) {
    errors = [failure]
    isUnread = true
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
      notes.append("\(place): is a MoatConfiguration, no manifest; left out (give it by --config)")
      return
    }
    do {
      objects.append(DecodedObject(try ClusterObject(reading: value), at: place))
    } catch {
      var faultPlace = place
      faultPlace.line = error.line ?? place.line
      errors.append(ManifestError(error.misunderstanding.description, at: faultPlace))
    }
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
