import ClusterModel

/// The objects of one kind, put together, and kept so while some of them change: what did not change stays where it is.
struct KindContents {
  /// Everything that was given once. Of an object that was given more than once nothing counts: which one is meant is not
  /// known. Objects stand in the order in which they came; those that replace others stand in their places.
  private(set) var snapshot = ClusterSnapshot()

  /// How many objects there are, repeated ones included.
  private(set) var objectCount = 0

  private var single: [FileReading.Identity: FileReading.DecodedObject] = [:]
  private var repeated: [FileReading.Identity: [FileReading.DecodedObject]] = [:]

  /// How many of the objects that count say that something of a kind could not be used.
  private var unreadKinds: [String: Int] = [:]

  /// Puts `new` in the place of `old`, which are there.
  mutating func replace(_ old: [FileReading.DecodedObject], by new: [FileReading.DecodedObject]) {
    var seen: Set<FileReading.Identity> = []
    let identities = (old + new).filter { $0.isNamed && seen.insert($0.identity).inserted }.map(\.identity)
    let before = identities.compactMap { single[$0] } + old.filter { !$0.isNamed }
    for object in old where object.isNamed { remove(object) }
    for object in new where object.isNamed { add(object) }
    let after = identities.compactMap { single[$0] } + new.filter { !$0.isNamed }
    objectCount += new.count - old.count
    exchange(before.map(\.contents), for: after.map(\.contents))
    noteUnread()
  }

  /// Objects that were given more than once, in order of their first places.
  var errors: [ManifestError] {
    let lists = repeated.values.map { $0.sorted { $0.place < $1.place } }.sorted { $0[0].place < $1[0].place }
    return lists.map { objects in
      let others = objects.dropFirst().map(\.place.description).joined(separator: " and ")
      let name = shown(objects[0].identity.reference.description)
      return ManifestError("\(name) is given again at \(others); none is used", at: objects[0].place)
    }
  }
}

extension KindContents {
  private mutating func add(_ object: FileReading.DecodedObject) {
    if let other = single.removeValue(forKey: object.identity) {
      repeated[object.identity] = [other, object]
    } else if repeated[object.identity]?.append(object) == nil {
      single[object.identity] = object
    }
  }

  private mutating func remove(_ object: FileReading.DecodedObject) {
    guard var others = repeated[object.identity] else { return single[object.identity] = nil }
    others.removeAll { $0 === object }
    repeated[object.identity] = others.count > 1 ? others : nil
    if others.count == 1 { single[object.identity] = others[0] }
  }

  /// One by one, so that what one object gives is taken out as it was put in.
  private mutating func exchange(_ old: [ClusterSnapshot], for new: [ClusterSnapshot]) {
    let nothing = ClusterSnapshot()
    for index in 0..<max(old.count, new.count) {
      let (one, other) = (index < old.count ? old[index] : nothing, index < new.count ? new[index] : nothing)
      snapshot.exchange(one, for: other)
      for kind in one.unreadKinds { unreadKinds[kind, default: 0] -= 1 }
      for kind in other.unreadKinds { unreadKinds[kind, default: 0] += 1 }
    }
  }

  private mutating func noteUnread() {
    if repeated.isEmpty, unreadKinds.isEmpty, snapshot.unreadKinds.isEmpty { return }
    snapshot.unreadKinds = Set(unreadKinds.filter { $0.value > 0 }.keys).union(repeated.keys.map(\.reference.kind))
  }
}

extension FileReading.DecodedObject {
  /// Objects of kinds that moat does not read may lack a name, and are then never the same.
  fileprivate var isNamed: Bool { !identity.reference.name.isEmpty }
}
