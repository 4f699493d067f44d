import ClusterModel
import NetworkValues

extension EgressModel {
  /// What identity and origin are judged by on `node`; `nil` where nobody has looked at its interfaces.
  func interfaceFlows(on node: NodeName, clients: [Flow]) -> InterfaceFlows? {
    guard let interfaces = snapshot.hostInterfaces, bindings?.node == node else { return nil }
    let classes = bindings?.kept.classes?.output ?? classify(interfaces, under: configuration.cluster.interfaces)
    let indices = { (wanted: InterfaceClass) in classes.filter { $0.interfaceClass == wanted }.map(\.index).sorted() }
    let localAddresses = bindings?.claimed ?? []
    let known = clientAddresses(of: clients) + gateways.protected.map(\.address)
    let nodes = snapshot.nodes.flatMap(\.internalIPs) + interfaces.addresses.map(\.address).filter { !$0.isOnLinkOnly }
    let bridges = Dictionary(
      classes.compactMap { port in port.bridge.map { (port.index, $0) } }, uniquingKeysWith: { first, _ in first })
    return InterfaceFlows(
      bindings: boundAddresses(bridges), pods: indices(.pod), tunnels: indices(.tunnel),
      uplinks: indices(.uplink), localPods: localAddresses, reserved: (localAddresses + known).sortedUnique(),
      tunnelEndpoints: nodes.sortedUnique(),
      tunnelPorts: configuration.cluster.interfaces.tunnelPorts,
      onLink: PrefixSet(interfaces.onLink.map(\.prefix)), bridged: bridgeFlows(interfaces, classes))
  }

  /// Where clients come from. One has many flows, one after the other.
  private func clientAddresses(of flows: [Flow]) -> [IPAddress] {
    var result: [IPAddress] = []
    for index in flows.indices {
      if let address = flows[index].from?.address, address != result.last { result.append(address) }
    }
    return result
  }

  /// What bridges may carry; `nil` where no port of a bridge is a pod's.
  private func bridgeFlows(
    _ interfaces: HostInterfaces, _ classes: [ClassifiedInterface]
  ) -> BridgeFlows? {
    let ports = classes.filter { $0.bridge != nil }
    let bridges = Set(ports.filter { $0.interfaceClass == .pod }.compactMap(\.bridge))
    guard !bridges.isEmpty else { return nil }
    let indices = Set(ports.map(\.index))
    return BridgeFlows(
      bridges: bridges.sorted(),
      bindings: boundAddresses([:]).filter { indices.contains($0.interface) },
      otherPorts: ports.filter { $0.interfaceClass == .uplink || $0.interfaceClass == .tunnel }.map(\.index).sorted(),
      hostAddresses: Set(interfaces.addresses.map(\.address).filter { !$0.isLoopback }).sorted())
  }

  /// The pods' bound addresses, by the interface that the inet hooks see: a bridge, where the pod sits on one.
  /// - Parameter bridges: by port.
  private func boundAddresses(_ bridges: [UInt32: UInt32]) -> [InterfaceFlows.Binding] {
    (bindings?.bound ?? []).map { bound in
      InterfaceFlows.Binding(
        interface: bridges[bound.index] ?? bound.index,
        address: PodAddress(pod: bound.pod, address: bound.claim.address))
    }.sorted()
  }
}

extension IPAddress {
  /// Loopback and link-local addresses, at which no tunnel ends.
  fileprivate var isOnLinkOnly: Bool { specialNetworks.contains(self) }

  fileprivate var isLoopback: Bool { family == .v4 ? value >> 24 == 127 : value == 1 }
}

extension Configuration.Interfaces {
  /// UDP ports of tunnels: VXLAN, Geneve, Linux's own VXLAN, WireGuard. Sorted.
  var tunnelPorts: [UInt16] { [4789, 6081, 8472, wireguardPort].sortedUnique() }
}
