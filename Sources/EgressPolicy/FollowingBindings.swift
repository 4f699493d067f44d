import ClusterModel
import NetworkValues

extension InterfaceBindings {
  /// What `bindInterfaces` comes to, from the pods alone that differ; `nil` where it has to weigh evidence again.
  ///
  /// Where the host's routes decided everything and do so again, no pod's binding depends on another pod.
  func following(
    _ pods: [Pod], on node: NodeName, _ interfaces: HostInterfaces, under settings: Configuration.Interfaces
  ) -> InterfaceBindings? {
    guard kept.isPlain, self.node == node, let classes = kept.classes, classes.isMade(of: interfaces, settings),
      let evidence = kept.evidence, evidence.isMade(of: interfaces, classes.output),
      let (gone, new) = replacedPlaces(from: kept.pods, to: pods)
    else { return nil }
    var result = self
    for pod in kept.pods[gone] where pod.isLocal(to: node) { result.release(LocalPod(pod)) }
    for pod in pods[new] where pod.isLocal(to: node) {
      guard result.bind(LocalPod(pod), by: evidence.output) else { return nil }
    }
    result.kept.pods = pods
    let found = linkFindings(evidence.output, claims, result.bound, claimants: result.claimants)
    result.findings = (found + evidence.output.findings).sorted()
    return result
  }

  private mutating func release(_ pod: LocalPod) {
    let addresses = Set(pod.addresses)
    bound.removeAll { addresses.contains($0.claim.address) && $0.claim.podUID == pod.uid }
    claimed.removeAll { addresses.contains($0) }
  }

  /// Binds every address of a pod that has none bound.
  ///
  /// - Returns: whether each has one route, to an interface that is nobody else's by what is bound and what the CNI says.
  private mutating func bind(_ pod: LocalPod, by evidence: InterfaceEvidence) -> Bool {
    var added: [BoundAddress] = []
    for address in pod.addresses.sortedUnique() {
      guard let indices = evidence.routes[address], indices.count == 1, let index = indices.first,
        !evidence.belongsToAnother(index, than: pod), !bound.contains(where: { $0.index == index })
      else { return false }
      added.append(
        BoundAddress(
          claim: PodClaim(podUID: pod.uid, address: address), pod: pod.name, index: index,
          appearance: evidence.appearances[index] ?? 0))
    }
    for entry in added {
      let place = bound.firstIndex { ($0.index, $0.claim) > (entry.index, entry.claim) } ?? bound.endIndex
      bound.insert(entry, at: place)
      let address = entry.claim.address
      claimed.insert(address, at: claimed.firstIndex { $0 > address } ?? claimed.endIndex)
    }
    return true
  }

  private var claimants: [IPAddress: String] {
    Dictionary(bound.map { ($0.claim.address, $0.claim.podUID) }, uniquingKeysWith: { first, _ in first })
  }
}
