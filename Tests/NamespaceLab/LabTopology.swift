import NetworkValues

/// A cluster to build from network namespaces: what is where, and which packets the nodes rewrite.
///
/// Nodes share a LAN; each has an uplink of its own to the outside. An empty list of nodes is allowed.
package struct LabTopology: Hashable, Sendable {
  /// A cluster node: a router between its pods, the LAN of the nodes and its uplink.
  package struct Node: Hashable, Sendable {
    /// The node's name, unique in the topology.
    package var name: String
    /// Its addresses on the LAN (`status.addresses`, InternalIP); the first of each family is the source of its own packets.
    package var addresses: [IPAddress]
    /// The networks its pods live in (`spec.podCIDRs`); the other nodes route them here.
    package var podNetworks: [Prefix]
    /// Further addresses of its own, for instance NodeLocal DNS on 169.254.20.10.
    package var localAddresses: [IPAddress]
    /// The bridge that its pods are ports of; nil for veths with routes to them.
    package var bridge: Bridge?

    package init(
      _ name: String, addresses: [IPAddress], podNetworks: [Prefix] = [], localAddresses: [IPAddress] = [],
      bridge: Bridge? = nil
    ) {
      self.name = name
      self.addresses = addresses
      self.podNetworks = podNetworks
      self.localAddresses = localAddresses
      self.bridge = bridge
    }
  }

  /// A bridge of pods, as the reference CNI plugins make it.
  package struct Bridge: Hashable, Sendable {
    /// The node's addresses on it, one a family: the pods' routers.
    package var addresses: [IPAddress]
    /// How much of an IPv4 and an IPv6 address all its neighbours share.
    package var lengths: [IPFamily: Int]

    package init(addresses: [IPAddress], lengths: [IPFamily: Int]) {
      self.addresses = addresses
      self.lengths = lengths
    }
  }

  /// A pod behind a veth of its own. Any address will do, also one outside the node's pod networks.
  package struct Pod: Hashable, Sendable {
    /// The pod's name, unique in the topology: `namespace/name`.
    package var name: String
    /// The name of the node it runs on.
    package var node: String
    /// Its addresses.
    package var addresses: [IPAddress]

    package init(_ name: String, on node: String, addresses: [IPAddress]) {
      self.name = name
      self.node = node
      self.addresses = addresses
    }
  }

  /// A host outside the cluster.
  package struct OutsideHost: Hashable, Sendable {
    /// The host's name, unique among the outside hosts.
    package var name: String
    /// Its addresses.
    package var addresses: [IPAddress]

    package init(_ name: String, addresses: [IPAddress]) {
      self.name = name
      self.addresses = addresses
    }
  }

  /// One destination that nodes rewrite as kube-proxy does, in prerouting and output.
  package struct Translation: Hashable, Sendable {
    /// What the packet was sent to.
    package enum Match: Hashable, Sendable {
      /// A ClusterIP, load balancer or external address.
      case address(IPAddress)
      /// Any address of the node itself, of the target's family.
      case nodePort
    }

    /// The destination before translation.
    package var match: Match
    /// TCP, UDP or SCTP.
    package var transport: TransportProtocol
    /// The port before translation.
    package var port: UInt16
    /// The address after translation.
    package var target: IPAddress
    /// The port after translation.
    package var targetPort: UInt16
    /// Whether the node hides the source behind its own address (`externalTrafficPolicy: Cluster` does).
    package var masquerades: Bool
    /// The nodes that have the rule; nil means all.
    package var nodes: Set<String>?

    package init(
      _ match: Match, _ transport: TransportProtocol, _ port: UInt16, to target: IPAddress, _ targetPort: UInt16,
      masquerades: Bool = false, nodes: Set<String>? = nil
    ) {
      self.match = match
      self.transport = transport
      self.port = port
      self.target = target
      self.targetPort = targetPort
      self.masquerades = masquerades
      self.nodes = nodes
    }
  }

  package var nodes: [Node]
  package var pods: [Pod]
  package var outside: [OutsideHost]
  package var translations: [Translation]
  /// Whether every node hides its pods behind its uplink address when they leave the cluster.
  package var masqueradesPods: Bool
  /// The node the outside sends ClusterIPs and load balancer addresses to; nil means the first.
  package var inboundNode: String?

  package init(
    nodes: [Node], pods: [Pod] = [], outside: [OutsideHost] = [], translations: [Translation] = [],
    masqueradesPods: Bool = true, inboundNode: String? = nil
  ) {
    self.nodes = nodes
    self.pods = pods
    self.outside = outside
    self.translations = translations
    self.masqueradesPods = masqueradesPods
    self.inboundNode = inboundNode
  }
}

extension LabTopology {
  /// The name of every node's interface to the LAN of the nodes.
  package static let lanInterface = "eth0"

  /// The name of a node's bridge of pods.
  package static let bridgeInterface = "cni0"

  /// The name of every node's interface to the outside.
  package static let uplinkInterface = "uplink"

  /// The node's interface to the pod, for instance `pod3`; nil for an unknown pod.
  package func interface(ofPod name: String) -> String? {
    pods.firstIndex { $0.name == name }.map { "pod\($0)" }
  }

  /// The node's address on its uplink, which masqueraded packets carry; nil for an unknown node.
  package func uplinkAddress(ofNode name: String, _ family: IPFamily) -> IPAddress? {
    nodes.firstIndex { $0.name == name }.map { UplinkNet(index: $0).nodeAddress(family) }
  }
}

/// The point-to-point network between one node and the outside.
struct UplinkNet {
  /// The node's place in the topology, below 128.
  let index: Int

  func outsideAddress(_ family: IPFamily) -> IPAddress { address(family, 0) }

  func nodeAddress(_ family: IPFamily) -> IPAddress { address(family, 1) }

  func prefixLength(_ family: IPFamily) -> Int { family == .v4 ? 31 : 64 }

  /// 192.0.2.(2·index + end), or 2001:db8:ff:(index)::(1 + end).
  private func address(_ family: IPFamily, _ end: Int) -> IPAddress {
    if family == .v4 { return IPAddress(v4: 0xc000_0200 + UInt32(2 * index + end)) }
    return IPAddress(v6: 0x2001_0db8_00ff << 80 | UInt128(index) << 64 | UInt128(1 + end))
  }
}
