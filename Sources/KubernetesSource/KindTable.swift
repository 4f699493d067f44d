import ClusterModel

/// Objects of one kind, as one or several queries tell of them; each object once.
protocol KindTabling: AnyObject {
  /// How many objects there are.
  var count: Int { get }

  /// What could not be understood in them.
  var problems: [ObjectProblem] { get }

  /// Whether an object is there that could not be read.
  var hasUnread: Bool { get }

  /// An object is there, or has changed, as `query` tells.
  func put(_ object: ServedObject, from query: Int)

  /// `query` has nothing more to tell of an object.
  func remove(_ name: ObjectName, from query: Int)

  /// Exactly these objects are what `query` tells of.
  func replace(with objects: [ServedObject], from query: Int)

  /// Puts the objects into their place in a snapshot. Where none has changed, the snapshot shares the storage that it
  /// shared before.
  func write(into snapshot: inout ClusterSnapshot)
}

/// The objects whose place in a snapshot is `path`.
///
/// Two watches that tell of the same object are never at the same moment: the later version is the object.
final class KindTable<Value: Sendable>: KindTabling {
  /// What a query last told of an object.
  private struct Claim {
    var query: Int
    var version: ResourceVersion

    /// Absent where the object could not be read.
    var value: Value?
    var problems: [ObjectProblem]
  }

  private struct Entry {
    /// At least one; the first is the latest.
    var claims: [Claim]

    /// Where the object stands in `values`.
    var place: Int?
  }

  private let path: WritableKeyPath<ClusterSnapshot, [Value]> & Sendable
  private var values: [Value] = []

  /// Whose each of `values` is.
  private var names: [ObjectName] = []
  private var entries: [ObjectName: Entry] = [:]
  private var faults: [ObjectName: [ObjectProblem]] = [:]
  private var unread: Set<ObjectName> = []

  init(_ path: WritableKeyPath<ClusterSnapshot, [Value]> & Sendable) { self.path = path }

  var count: Int { entries.count }
  var problems: [ObjectProblem] { faults.values.flatMap { $0 } }
  var hasUnread: Bool { !unread.isEmpty }

  func write(into snapshot: inout ClusterSnapshot) { snapshot[keyPath: path] = values }

  func put(_ object: ServedObject, from query: Int) {
    let claim = Claim(
      query: query, version: object.version, value: object.contents[keyPath: path].first,
      problems: object.contents.problems)
    var entry = entries[object.name] ?? Entry(claims: [])
    if entry.claims.contains(where: { $0.query == query && $0.version == claim.version }) { return }
    entry.claims.removeAll { $0.query == query }
    let isLatest = !(entry.claims.first.map { claim.version.isBefore($0.version) } ?? false)
    entry.claims.insert(claim, at: isLatest ? 0 : entry.claims.count)
    settle(object.name, entry)
  }

  func remove(_ name: ObjectName, from query: Int) {
    guard var entry = entries[name] else { return }
    entry.claims.removeAll { $0.query == query }
    entry.claims.sort { $1.version.isBefore($0.version) }
    settle(name, entry)
  }

  func replace(with objects: [ServedObject], from query: Int) {
    let present = Set(objects.map(\.name))
    let gone = entries.filter { entry in
      !present.contains(entry.key) && entry.value.claims.contains { $0.query == query }
    }.keys
    for name in gone { remove(name, from: query) }
    for object in objects { put(object, from: query) }
  }

  /// Brings `values` in line with an entry's first claim.
  private func settle(_ name: ObjectName, _ entry: Entry) {
    var entry = entry
    let claim = entry.claims.first
    if let value = claim?.value {
      if let place = entry.place { values[place] = value } else { append(value, of: name, &entry) }
    } else if let place = entry.place {
      take(out: place)
      entry.place = nil
    }
    let problems = claim?.problems ?? []
    if !problems.isEmpty || faults[name] != nil { faults[name] = problems.isEmpty ? nil : problems }
    if claim != nil, claim?.value == nil { unread.insert(name) } else { unread.remove(name) }
    entries[name] = claim == nil ? nil : entry
  }

  private func append(_ value: Value, of name: ObjectName, _ entry: inout Entry) {
    entry.place = values.count
    values.append(value)
    names.append(name)
  }

  /// The last value takes the place: the order means nothing.
  private func take(out place: Int) {
    values.swapAt(place, values.count - 1)
    names.swapAt(place, names.count - 1)
    values.removeLast()
    names.removeLast()
    if place < names.count { entries[names[place]]?.place = place }
  }
}

/// The API servers that Endpoints or EndpointSlices name: an object may name several.
final class EndpointTable: KindTabling {
  private var objects: [ObjectName: ClusterSnapshot] = [:]

  var count: Int { objects.count }
  var problems: [ObjectProblem] { objects.values.flatMap(\.problems) }
  var hasUnread: Bool { objects.values.contains { !$0.unreadKinds.isEmpty } }

  func put(_ object: ServedObject, from query: Int) { objects[object.name] = object.contents }
  func remove(_ name: ObjectName, from query: Int) { objects[name] = nil }

  func replace(with objects: [ServedObject], from query: Int) {
    self.objects = Dictionary(objects.map { ($0.name, $0.contents) }, uniquingKeysWith: { $1 })
  }

  func write(into snapshot: inout ClusterSnapshot) {
    snapshot.apiServerEndpoints = Set(objects.values.flatMap(\.apiServerEndpoints)).sorted()
  }
}
