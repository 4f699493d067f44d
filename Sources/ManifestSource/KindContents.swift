import ClusterModel

/// The objects of one kind, put together.
struct KindContents {
  /// Everything that was given once. Of an object that was given more than once nothing counts: which one is meant is not
  /// known.
  private(set) var snapshot = ClusterSnapshot()

  /// Objects that were given more than once, in order of their first place.
  private(set) var errors: [ManifestError] = []

  /// How many objects there are, repeated ones included.
  let objectCount: Int

  init(_ objects: [FileReading.DecodedObject]) {
    objectCount = objects.count
    let repeated = repetitions(among: objects)
    for object in objects where repeated.isEmpty || !repeated.contains(object.identity) {
      snapshot.merge(object.contents)
    }
    noteRepetitions(of: repeated, among: objects)
  }

  private mutating func noteRepetitions(
    of identities: Set<FileReading.Identity>, among objects: [FileReading.DecodedObject]
  ) {
    guard !identities.isEmpty else { return }
    for identity in identities { snapshot.unreadKinds.insert(identity.reference.kind) }
    let places = Dictionary(grouping: objects.filter { identities.contains($0.identity) }, by: \.identity)
    for object in objects {
      guard let same = places[object.identity], same[0].place == object.place else { continue }
      let others = same.dropFirst().map(\.place.description).joined(separator: " and ")
      let name = shown(object.identity.reference.description)
      errors.append(ManifestError("\(name) is given again at \(others); none is used", at: object.place))
    }
  }
}

/// Identities that more than one object has. Compares only where hashes are equal.
private func repetitions(among objects: [FileReading.DecodedObject]) -> Set<FileReading.Identity> {
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

extension FileReading.DecodedObject {
  /// Objects of kinds that moat does not read may lack a name, and are then never the same.
  fileprivate var isNamed: Bool { !identity.reference.name.isEmpty }
}
