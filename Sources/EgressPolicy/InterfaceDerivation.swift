import ClusterModel
import NetworkValues

extension InterfaceFlows {
  /// What a node's interfaces are judged by before anything is known of its pods.
  ///
  /// - Parameters:
  ///   - classes: of each interface.
  ///   - nodes: every node of the cluster.
  init(
    _ interfaces: HostInterfaces, _ classes: [ClassifiedInterface], _ nodes: [Node],
    under configuration: Configuration.Interfaces
  ) {
    let indices = { (wanted: InterfaceClass) in classes.filter { $0.interfaceClass == wanted }.map(\.index).sorted() }
    let endpoints = (nodes.flatMap(\.internalIPs) + interfaces.addresses.map(\.address)).map { Prefix($0) }
    self.init(
      bindings: [], pods: indices(.pod), tunnels: indices(.tunnel), uplinks: indices(.uplink), localPods: [],
      reserved: [], tunnelEndpoints: PrefixSet(endpoints + interfaces.broadcasts).union(specialNetworks),
      tunnelPorts: configuration.tunnelPorts,
      onLink: PrefixSet(interfaces.onLink.map(\.prefix)), bridged: BridgeFlows(interfaces, classes))
  }

  /// The same with the node's pods.
  ///
  /// - Parameters:
  ///   - known: addresses of clients and gateways, wherever they are. Sorted lists.
  func adding(
    _ bindings: InterfaceBindings, _ classes: [ClassifiedInterface], known: [[IPAddress]]
  ) -> InterfaceFlows {
    let bridges = Dictionary(
      classes.compactMap { port in port.bridge.map { (port.index, $0) } }, uniquingKeysWith: { first, _ in first })
    var flows = self
    flows.bindings = bindings.boundAddresses(bridges)
    flows.localPods = bindings.claimed
    flows.reserved = known.reduce(bindings.claimed, +).sortedUnique()
    if bridged != nil {
      flows.bridged?.bindings = bindings.boundAddresses([:]).filter { bridges[$0.interface] != nil }
    }
    return flows
  }
}

extension BridgeFlows {
  /// What bridges may carry, pods apart; `nil` where no port of a bridge is a pod's.
  fileprivate init?(_ interfaces: HostInterfaces, _ classes: [ClassifiedInterface]) {
    let ports = classes.filter { $0.bridge != nil }
    let bridges = Set(ports.filter { $0.interfaceClass == .pod }.compactMap(\.bridge))
    guard !bridges.isEmpty else { return nil }
    self.init(
      bridges: bridges.sorted(), bindings: [],
      otherPorts: ports.filter { $0.interfaceClass == .uplink || $0.interfaceClass == .tunnel }.map(\.index).sorted(),
      hostAddresses: Set(interfaces.addresses.map(\.address).filter { !$0.isLoopback }).sorted())
  }
}

extension InterfaceBindings {
  /// The pods' bound addresses, by the interface that the inet hooks see: a bridge, where the pod sits on one.
  ///
  /// - Parameter bridges: by port.
  fileprivate func boundAddresses(_ bridges: [UInt32: UInt32]) -> [InterfaceFlows.Binding] {
    bound.map { bound in
      InterfaceFlows.Binding(
        interface: bridges.isEmpty ? bound.index : bridges[bound.index] ?? bound.index,
        address: PodAddress(pod: bound.pod, address: bound.claim.address))
    }.sorted()
  }
}

/// Where clients come from, of flows that are sorted by that.
func clientAddresses(of flows: [Flow]) -> [IPAddress] {
  var result: [IPAddress] = []
  for index in flows.indices {
    if let address = flows[index].from?.address, address != result.last { result.append(address) }
  }
  return result
}

extension HostInterfaces {
  /// First and last address of each IPv4 network that the host reaches without a router: what is sent to them is for all
  /// sockets. See: net/ipv4/fib_frontend.c, fib_add_ifaddr
  fileprivate var broadcasts: [Prefix] {
    onLink.map(\.prefix).filter { $0.family == .v4 && $0.length < 31 }
      .flatMap { [Prefix($0.range.first), Prefix($0.range.last)] }
  }
}

extension IPAddress {
  fileprivate var isLoopback: Bool { family == .v4 ? value >> 24 == 127 : value == 1 }
}

extension Configuration.Interfaces {
  /// UDP ports of tunnels: VXLAN, Geneve, Linux's own VXLAN, WireGuard. Sorted.
  var tunnelPorts: [UInt16] { [4789, 6081, 8472, wireguardPort].sortedUnique() }
}
