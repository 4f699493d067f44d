import NetworkValues

/// What a node's bridges may carry between their ports (S9, S14). Interface indices are the kernel's, of this moment.
///
/// A port that is neither bound nor among `otherPorts` is an unknown pod's, new ports that nobody has looked at included.
package struct BridgeFlows: Hashable, Sendable {
  /// Bridges with pods' ports, which the inet hooks see in the ports' stead. Sorted.
  package var bridges: [UInt32]

  /// The addresses of local pods, and the port behind which each lives. Sorted.
  package var bindings: [InterfaceFlows.Binding]

  /// Ports of any bridge that are uplinks or tunnels. Sorted.
  package var otherPorts: [UInt32]

  /// Addresses of this host, link-local ones included: no port brings them in. Sorted.
  package var hostAddresses: [IPAddress]

  package init(
    bridges: [UInt32], bindings: [InterfaceFlows.Binding], otherPorts: [UInt32], hostAddresses: [IPAddress]
  ) {
    self.bridges = bridges
    self.bindings = bindings
    self.otherPorts = otherPorts
    self.hostAddresses = hostAddresses
  }
}
