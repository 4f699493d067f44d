extension Array where Element: Comparable {
  /// The same elements in order, each once. Linear where they are so already.
  @inlinable package func sortedUnique() -> [Element] {
    if zip(self, dropFirst()).allSatisfy({ $0 < $1 }) { return self }
    var sorted = sorted()
    var kept = 0
    for index in sorted.indices where index == 0 || sorted[index] != sorted[kept - 1] {
      sorted[kept] = sorted[index]
      kept += 1
    }
    sorted.removeSubrange(kept...)
    return sorted
  }
}
