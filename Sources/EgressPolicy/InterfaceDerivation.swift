import ClusterModel
import NetworkValues

extension EgressModel {
  /// What identity and origin are judged by on `node`; `nil` where nobody has looked at its interfaces.
  func interfaceFlows(on node: NodeName, clients: [Flow]) -> InterfaceFlows? {
    guard let interfaces = snapshot.hostInterfaces, bindings?.node == node else { return nil }
    let classes = classify(interfaces, under: configuration.cluster.interfaces)
    let indices = { (wanted: InterfaceClass) in classes.filter { $0.interfaceClass == wanted }.map(\.index).sorted() }
    let local = snapshot.pods.filter { $0.node == node && $0.isLive && !$0.hostNetwork }
    let localAddresses = Set(local.flatMap(\.addresses))
    let known = Set(clients.compactMap { $0.from?.address } + gateways.protected.map(\.address))
    let nodes = snapshot.nodes.flatMap(\.internalIPs) + interfaces.addresses.map(\.address).filter { !$0.isOnLinkOnly }
    return InterfaceFlows(
      bindings: bindings(of: local, classes), pods: indices(.pod), tunnels: indices(.tunnel),
      uplinks: indices(.uplink), localPods: localAddresses.sorted(), reserved: localAddresses.union(known).sorted(),
      tunnelEndpoints: Set(nodes).sorted(),
      tunnelPorts: Set([4789, 6081, 8472, configuration.cluster.interfaces.wireguardPort]).sorted(),
      onLink: PrefixSet(interfaces.onLink.map(\.prefix)))
  }

  /// The pods' bound addresses, by the interface that the inet hooks see: a bridge, where the pod sits on one.
  private func bindings(of local: [Pod], _ classes: [ClassifiedInterface]) -> [InterfaceFlows.Binding] {
    let names = Dictionary(
      local.map { ($0.metadata.uid ?? $0.reference.description, "\($0.metadata.namespace)/\($0.metadata.name)") },
      uniquingKeysWith: { first, _ in first })
    let bridges = Dictionary(classes.map { ($0.index, $0.bridge) }, uniquingKeysWith: { first, _ in first })
    return snapshot.podInterfaces.flatMap { interface -> [InterfaceFlows.Binding] in
      guard let name = names[interface.podUID] else { return [] }
      return interface.addresses.map {
        InterfaceFlows.Binding(
          interface: (bridges[interface.index] ?? nil) ?? interface.index, address: PodAddress(pod: name, address: $0))
      }
    }.sorted()
  }
}

extension IPAddress {
  /// Loopback and link-local addresses, at which no tunnel ends.
  fileprivate var isOnLinkOnly: Bool { specialNetworks.contains(self) }
}
