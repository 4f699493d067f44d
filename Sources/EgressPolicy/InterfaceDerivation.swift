import ClusterModel
import NetworkValues

extension EgressModel {
  /// What identity and origin are judged by on `node`; `nil` where nobody has looked at its interfaces.
  func interfaceFlows(on node: NodeName, clients: [Flow]) -> InterfaceFlows? {
    guard let interfaces = snapshot.hostInterfaces, bindings?.node == node else { return nil }
    let classes = bindings?.classes?.output ?? classify(interfaces, under: configuration.cluster.interfaces)
    let indices = { (wanted: InterfaceClass) in classes.filter { $0.interfaceClass == wanted }.map(\.index).sorted() }
    let local = snapshot.pods.filter { $0.isLocal(to: node) }
    let localAddresses = Set(local.flatMap(\.addresses))
    let known = Set(clients.compactMap { $0.from?.address } + gateways.protected.map(\.address))
    let nodes = snapshot.nodes.flatMap(\.internalIPs) + interfaces.addresses.map(\.address).filter { !$0.isOnLinkOnly }
    let bridges = Dictionary(
      classes.compactMap { port in port.bridge.map { (port.index, $0) } }, uniquingKeysWith: { first, _ in first })
    return InterfaceFlows(
      bindings: bindings(of: local, bridges), pods: indices(.pod), tunnels: indices(.tunnel),
      uplinks: indices(.uplink), localPods: localAddresses.sorted(), reserved: localAddresses.union(known).sorted(),
      tunnelEndpoints: Set(nodes).sorted(),
      tunnelPorts: Set([4789, 6081, 8472, configuration.cluster.interfaces.wireguardPort]).sorted(),
      onLink: PrefixSet(interfaces.onLink.map(\.prefix)), bridged: bridgeFlows(interfaces, classes, local))
  }

  /// What bridges may carry; `nil` where no port of a bridge is a pod's.
  private func bridgeFlows(
    _ interfaces: HostInterfaces, _ classes: [ClassifiedInterface], _ local: [Pod]
  ) -> BridgeFlows? {
    let ports = classes.filter { $0.bridge != nil }
    let bridges = Set(ports.filter { $0.interfaceClass == .pod }.compactMap(\.bridge))
    guard !bridges.isEmpty else { return nil }
    let indices = Set(ports.map(\.index))
    return BridgeFlows(
      bridges: bridges.sorted(),
      bindings: bindings(of: local, [:]).filter { indices.contains($0.interface) },
      otherPorts: ports.filter { $0.interfaceClass == .uplink || $0.interfaceClass == .tunnel }.map(\.index).sorted(),
      hostAddresses: Set(interfaces.addresses.map(\.address).filter { !$0.isLoopback }).sorted())
  }

  /// The pods' bound addresses, by the interface that the inet hooks see: a bridge, where the pod sits on one.
  /// - Parameter bridges: by port.
  private func bindings(of local: [Pod], _ bridges: [UInt32: UInt32]) -> [InterfaceFlows.Binding] {
    let names = Dictionary(
      local.map { ($0.metadata.uid ?? $0.reference.description, "\($0.metadata.namespace)/\($0.metadata.name)") },
      uniquingKeysWith: { first, _ in first })
    return snapshot.podInterfaces.flatMap { interface -> [InterfaceFlows.Binding] in
      guard let name = names[interface.podUID] else { return [] }
      return interface.addresses.map {
        InterfaceFlows.Binding(
          interface: bridges[interface.index] ?? interface.index, address: PodAddress(pod: name, address: $0))
      }
    }.sorted()
  }
}

extension IPAddress {
  /// Loopback and link-local addresses, at which no tunnel ends.
  fileprivate var isOnLinkOnly: Bool { specialNetworks.contains(self) }

  fileprivate var isLoopback: Bool { family == .v4 ? value >> 24 == 127 : value == 1 }
}
