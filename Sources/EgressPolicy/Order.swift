import ClusterModel

/// Objects of one kind by namespace and name. What is moved about while sorting is small; objects are copied once.
func inOrder<Object>(_ objects: [Object], _ metadata: (Object) -> Metadata) -> [Object] {
  let names = objects.indices.map { index in
    let metadata = metadata(objects[index])
    return (namespace: metadata.namespace, name: metadata.name, index: index)
  }
  return names.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }.map { objects[$0.index] }
}

/// The numbers that are in every one of `lists`, which ascend; all of `range` where there is no list.
func common(_ lists: [[Int]], of range: Range<Int>) -> [Int] {
  guard var result = lists.first else { return Array(range) }
  for list in lists.dropFirst() { result = common(result, list) }
  return result
}

private func common(_ one: [Int], _ other: [Int]) -> [Int] {
  var result: [Int] = []
  var (left, right) = (0, 0)
  while left < one.count, right < other.count {
    if one[left] == other[right] { result.append(one[left]) }
    let isLeftBehind = one[left] <= other[right]
    if other[right] <= one[left] { right += 1 }
    if isLeftBehind { left += 1 }
  }
  return result
}
