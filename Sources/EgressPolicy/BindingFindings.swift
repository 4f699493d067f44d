import ClusterModel
import NetworkValues

extension InterfaceBinder {
  /// What a person should know about the bindings.
  ///
  /// - Parameter bound: what was bound, sorted by index.
  func findings(_ bound: [BoundAddress]) -> [Finding] { unboundPods() + laterClaims(bound) + strangers() }

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

  /// Addresses behind an interface that were not there at first, or that are another pod's. They change nothing.
  private func laterClaims(_ bound: [BoundAddress]) -> [Finding] {
    var claimants: [IPAddress: Int]?
    var rest = bound[...]
    return evidence.bindable.compactMap { link in
      rest = rest.drop { $0.index < link.index }
      let own = rest.prefix { $0.index == link.index }
      let others = (link.peerAddresses ?? []).filter { address in !own.contains { $0.claim.address == address } }
      guard !others.isEmpty else { return nil }
      let known = claimants ?? claimantsByAddress
      claimants = known
      let first = firstClaims[link.index]?.addresses ?? []
      let owner = owners[link.index]
      let strange = others.filter { address in
        let isForeign = owner != nil && known[address].map { $0 != owner } ?? false
        return isForeign || !first.contains(address)
      }
      return strange.isEmpty ? nil : claimedLater(strange, behind: link, owner.map { pods[$0] })
    }
  }

  /// The pod, by its place, that claims each address; of several the first.
  private var claimantsByAddress: [IPAddress: Int] {
    Dictionary(claims.map { ($0.address, $0.pod) }, uniquingKeysWith: { first, _ in first })
  }

  private func claimedLater(_ strange: [IPAddress], behind link: HostLink, _ owner: LocalPod?) -> Finding {
    let listed = strange.prefix(3).map(\.description).joined(separator: ", ")
    let more = strange.count > 3 ? " and \(strange.count - 3) more" : ""
    return Finding(
      .addressClaimedLater, owner?.reference, path: "interface \(shown(link.name, limit: 32))",
      "the namespace behind it has \(listed)\(more), which is not its own; packets from there are dropped",
      advice: "find out who in the pod may change its addresses (NET_ADMIN)")
  }

  /// Pod interfaces that nobody is known to be behind.
  private func strangers() -> [Finding] {
    evidence.bindable.filter { owners[$0.index] == nil }.map { link in
      Finding(
        .interfaceWithoutPod, path: "interface \(shown(link.name, limit: 32))",
        "no live pod is known behind it; it reaches inside only, without a pod's address",
        advice: "nothing, if its pod is starting or ending")
    }
  }
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
