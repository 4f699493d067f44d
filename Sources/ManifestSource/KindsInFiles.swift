import ClusterModel

/// The objects of many files by their kind, put together anew only where a file with that kind changed: what did not
/// change shares its storage with the snapshot before.
struct KindsInFiles {
  fileprivate struct Kind {
    /// Sorted by path.
    var files: [(path: String, objects: [FileReading.DecodedObject])] = []

    /// Absent where something changed since.
    var contents: KindContents?
  }

  private var kinds: [String: Kind] = [:]

  /// Puts what `path` holds now in the place of what it held before.
  mutating func replace(_ old: FileReading?, by new: FileReading?, of path: String) {
    let objects = Dictionary(grouping: new?.objects ?? [], by: \.identity.reference.kind)
    for kind in Set(objects.keys).union((old?.objects ?? []).map(\.identity.reference.kind)) {
      kinds[kind, default: Kind()].replace(path, by: objects[kind] ?? [])
    }
  }

  /// Everything there is.
  mutating func assemble() -> (snapshot: ClusterSnapshot, errors: [ManifestError], objectCount: Int) {
    var result = (snapshot: ClusterSnapshot(), errors: [ManifestError](), objectCount: 0)
    for kind in kinds.keys.sorted() {
      guard let contents = kinds[kind]?.assemble() else { continue }
      result.snapshot.merge(contents.snapshot)
      result.errors += contents.errors
      result.objectCount += contents.objectCount
    }
    return result
  }
}

extension KindsInFiles.Kind {
  fileprivate mutating func replace(_ path: String, by objects: [FileReading.DecodedObject]) {
    contents = nil
    var (low, high) = (0, files.count)
    while low < high {
      let middle = (low + high) / 2
      if files[middle].path < path { low = middle + 1 } else { high = middle }
    }
    let isThere = low < files.count && files[low].path == path
    switch (isThere, objects.isEmpty) {
    case (true, true): files.remove(at: low)
    case (true, false): files[low].objects = objects
    case (false, false): files.insert((path, objects), at: low)
    case (false, true): break
    }
  }

  fileprivate mutating func assemble() -> KindContents {
    if let contents { return contents }
    let made = KindContents(files.flatMap(\.objects))
    contents = made
    return made
  }
}
