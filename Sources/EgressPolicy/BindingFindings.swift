import ClusterModel
import NetworkValues

extension InterfaceBinder {
  /// What a person should know about the bindings.
  ///
  /// - Parameter bound: what was bound, sorted by index.
  func findings(_ bound: [BoundAddress]) -> [Finding] {
    unboundPods() + linkFindings(evidence, firstClaims, bound, claimants: claimants)
  }

  private func names(_ indices: Set<UInt32>) -> String {
    indices.sorted().map { shown(evidence.link($0)?.name ?? "interface \($0)", limit: 32) }.joined(separator: ", ")
  }

  /// Addresses of pods that live behind no interface.
  private func unboundPods() -> [Finding] {
    claims.indices.compactMap { claim in
      switch fates[claim] {
      case .bound: nil
      case .contested(let indices): contestedAddress(pod(of: claim), claims[claim].address, indices)
      case .open, .over: withoutInterface(pod(of: claim), claims[claim].address, isOver: isEnded[claim])
      }
    }
  }

  private func contestedAddress(_ pod: LocalPod, _ address: IPAddress, _ indices: Set<UInt32>) -> Finding {
    Finding(
      .interfaceContested, pod.reference, path: "status.podIPs",
      "\(address) is bound to no interface, since what is known of \(names(indices)) contradicts itself",
      advice: "find the pod that has an address which is not its own, and delete it")
  }

  private func withoutInterface(_ pod: LocalPod, _ address: IPAddress, isOver: Bool) -> Finding {
    Finding(
      .podWithoutInterface, pod.reference, path: "status.podIPs",
      isOver
        ? "the interface of \(address) is gone, and what came after it is not known to be this pod's"
        : "no interface of this node is known to lead to \(address)",
      advice: isOver
        ? "delete the pod if it still runs"
        : "check cluster.interfaces.pods, and that the pod's interface is a veth or a tap")
  }

  /// The pod, by its UID, that claims each address; of several the first.
  private var claimants: [IPAddress: String] {
    Dictionary(claims.map { ($0.address, pods[$0.pod].uid) }, uniquingKeysWith: { first, _ in first })
  }
}

/// What a person should know about interfaces and who is behind them.
///
/// - Parameters:
///   - firstClaims: what each interface's namespace held when it was first seen.
///   - bound: sorted by index.
///   - claimants: the pod, by its UID, that claims each address; asked only where somebody shows more than is bound.
func linkFindings(
  _ evidence: InterfaceEvidence, _ firstClaims: [UInt32: InterfaceClaim], _ bound: [BoundAddress],
  claimants: @autoclosure () -> [IPAddress: String]
) -> [Finding] {
  var findings: [Finding] = []
  var known: [IPAddress: String]?
  let (links, bound) = (evidence.bindable.span, bound.span)
  var place = 0
  for number in links.indices {
    while place < bound.count, bound[place].index < links[number].index { place += 1 }
    let start = place
    while place < bound.count, bound[place].index == links[number].index { place += 1 }
    if start == place { findings.append(withoutPod(links[number])) }
    let others = (links[number].peerAddresses ?? []).filter { address in
      !(start..<place).contains { bound[$0].claim.address == address }
    }
    guard !others.isEmpty else { continue }
    let owner = start < place ? bound[start] : nil
    let claimants = known ?? claimants()
    known = claimants
    let first = firstClaims[links[number].index]?.addresses ?? []
    let strange = others.filter { address in
      let isForeign = owner != nil && claimants[address].map { $0 != owner?.claim.podUID } ?? false
      return isForeign || !first.contains(address)
    }
    if !strange.isEmpty { findings.append(claimedLater(strange, behind: links[number], owner)) }
  }
  return findings
}

/// Addresses behind an interface that were not there at first, or that are another pod's. They change nothing.
private func claimedLater(_ strange: [IPAddress], behind link: HostLink, _ owner: BoundAddress?) -> Finding {
  let listed = strange.prefix(3).map(\.description).joined(separator: ", ")
  let more = strange.count > 3 ? " and \(strange.count - 3) more" : ""
  return Finding(
    .addressClaimedLater, owner?.reference, path: "interface \(shown(link.name, limit: 32))",
    "the namespace behind it has \(listed)\(more), which is not its own; packets from there are dropped",
    advice: "find out who in the pod may change its addresses (NET_ADMIN)")
}

/// A pod interface that nobody is known to be behind.
private func withoutPod(_ link: HostLink) -> Finding {
  Finding(
    .interfaceWithoutPod, path: "interface \(shown(link.name, limit: 32))",
    "no live pod is known behind it; it reaches inside only, without a pod's address",
    advice: "nothing, if its pod is starting or ending")
}

/// CNI results that cannot be used: the first of them.
func unusableResults(_ interfaces: HostInterfaces) -> [Finding] {
  interfaces.cniFaults.prefix(8).map { fault in
    Finding(
      .cniResultUnusable, path: "CNI results", "\(shown(fault, limit: 300)); it binds no pod",
      advice: "nothing where the host has a route to each pod; else let moat read the file, or remove it")
  }
}

/// Interfaces whose class is not known or looks wrong (S14).
func classFindings(_ interfaces: HostInterfaces, _ classified: [ClassifiedInterface]) -> [Finding] {
  let masters = Set(interfaces.links.compactMap(\.master))
  return classified.compactMap { interface in
    let path = "interface \(shown(interface.name, limit: 32))"
    if interface.interfaceClass == .unknown {
      // Nothing comes out of a bridge without ports, nor, seen from inet, out of a bridge's port.
      guard interface.bridge == nil, !interface.isBridge || masters.contains(interface.index) else { return nil }
      return Finding(
        .interfaceUnknown, path: path, "it is of no known class, so what comes from it reaches inside only",
        advice: "name it in cluster.interfaces if it is an uplink, a tunnel or a pod's")
    }
    guard interface.interfaceClass == .pod, interfaces.defaultRoutes.contains(interface.index) else { return nil }
    return Finding(
      .podInterfaceLeadsOutside, path: path, "it counts as a pod's, but the host's default route leaves by it",
      advice: "name it in cluster.interfaces.uplinks if this node is itself a container")
  }
}
