import ClusterModel

/// The objects of many files by their kind: what did not change shares its storage with the snapshot before.
struct KindsInFiles {
  private var kinds: [String: KindContents] = [:]

  /// Puts what a file holds now in the place of what it held before.
  mutating func replace(_ old: [FileReading.DecodedObject], by new: [FileReading.DecodedObject]) {
    let before = Dictionary(grouping: old, by: \.identity.reference.kind)
    let after = Dictionary(grouping: new, by: \.identity.reference.kind)
    for kind in Set(before.keys).union(after.keys) {
      kinds[kind, default: KindContents()].replace(before[kind] ?? [], by: after[kind] ?? [])
    }
  }

  /// Everything there is.
  func assemble() -> (snapshot: ClusterSnapshot, errors: [ManifestError], objectCount: Int) {
    var result = (snapshot: ClusterSnapshot(), errors: [ManifestError](), objectCount: 0)
    for (_, contents) in kinds.sorted(by: { $0.key < $1.key }) {
      result.snapshot.merge(contents.snapshot)
      result.errors += contents.errors
      result.objectCount += contents.objectCount
    }
    return result
  }
}
