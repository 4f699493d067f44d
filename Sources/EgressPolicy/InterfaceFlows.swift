import NetworkValues

/// What identity and origin (S9, S14) are judged by on one node: which interface is what, and which address lives
/// behind which. Interface indices are the kernel's, of this moment.
package struct InterfaceFlows: Hashable, Sendable {
  /// An address of a local pod, and the interface behind which it lives.
  package struct Binding: Hashable, Comparable, Sendable {
    /// Its number in the kernel.
    package var interface: UInt32

    /// The pod and its address.
    package var address: PodAddress

    package init(interface: UInt32, address: PodAddress) {
      self.interface = interface
      self.address = address
    }

    package static func < (left: Binding, right: Binding) -> Bool {
      left.interface == right.interface ? left.address < right.address : left.interface < right.interface
    }
  }

  /// Sorted.
  package var bindings: [Binding]

  /// Indices of interfaces towards pods, sorted; those of bindings are among them.
  package var pods: [UInt32]

  /// Indices of tunnels and of uplinks, sorted. What is in neither list nor `pods` is of no known class.
  package var tunnels: [UInt32]

  /// Numbers of the interfaces that lead outside.
  package var uplinks: [UInt32]

  /// Addresses of this node's pods, which no other interface may bring in. Sorted.
  package var localPods: [IPAddress]

  /// Addresses that no pod may bear who is not bound to them: `localPods`, and those of every client and gateway that
  /// the node knows. Sorted.
  package var reserved: [IPAddress]

  /// Where tunnels end: the nodes' own addresses, and what is for everybody or for the host itself, since a tunnel's
  /// socket listens at every address: broadcast, multicast, loopback and link-local ones.
  package var tunnelEndpoints: PrefixSet

  /// UDP ports of tunnels: VXLAN, Geneve, WireGuard. Sorted.
  package var tunnelPorts: [UInt16]

  /// Networks that the host reaches without a router.
  package var onLink: PrefixSet

  /// What bridges carry; `nil` where no pod sits on one.
  package var bridged: BridgeFlows?

  package init(
    bindings: [Binding], pods: [UInt32], tunnels: [UInt32], uplinks: [UInt32], localPods: [IPAddress],
    reserved: [IPAddress], tunnelEndpoints: PrefixSet, tunnelPorts: [UInt16], onLink: PrefixSet,
    bridged: BridgeFlows? = nil
  ) {
    self.bindings = bindings
    self.pods = pods
    self.tunnels = tunnels
    self.uplinks = uplinks
    self.localPods = localPods
    self.reserved = reserved
    self.tunnelEndpoints = tunnelEndpoints
    self.tunnelPorts = tunnelPorts
    self.onLink = onLink
    self.bridged = bridged
  }
}
