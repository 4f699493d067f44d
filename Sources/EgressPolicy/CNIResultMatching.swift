import ClusterModel

extension CNIResult {
  /// Whether it was written for `pod`, by UID or by name: older runtimes tell no UID, and of a static pod they tell one
  /// that the API does not know.
  func isOf(_ pod: LocalPod) -> Bool {
    podUID == pod.uid || (podNamespace == pod.reference.namespace && podName == pod.reference.name)
  }
}

/// CNI results by the interface of the host that they name, where that is one of `links` and only one.
///
/// By name; an interface that no result names may have been renamed and is found by its hardware address, if it alone has
/// it.
func resultsByInterface(_ results: [CNIResult], _ links: [HostLink]) -> [UInt32: [CNIResult]] {
  let byName = Dictionary(grouping: links, by: \.name)
  var found: [UInt32: [CNIResult]] = [:]
  var unnamed: [CNIResult] = []
  for result in results {
    let indices = Set(result.hostInterfaces.flatMap { byName[$0.name] ?? [] }.map(\.index))
    if indices.isEmpty { unnamed.append(result) }
    if indices.count == 1, let index = indices.first { found[index, default: []].append(result) }
  }
  let byHardware = Dictionary(grouping: links.filter { !$0.hardwareAddress.isEmpty }, by: \.hardwareAddress)
  let nameless = byHardware.filter { $0.value.count == 1 && found[$0.value[0].index] == nil }
  for result in unnamed {
    let indices = Set(result.hostInterfaces.flatMap { nameless[$0.hardwareAddress] ?? [] }.map(\.index))
    if indices.count == 1, let index = indices.first { found[index, default: []].append(result) }
  }
  return found
}

extension CNIResult {
  fileprivate var hostInterfaces: [Interface] { interfaces.filter { !$0.isInSandbox } }
}
