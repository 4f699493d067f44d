/// What may come out of an interface (S14).
package enum InterfaceClass: String, Hashable, Sendable, CaseIterable {
  /// The host's end of a pod's link, or a bridge of such.
  case pod

  /// What other nodes wrapped comes out of it.
  case tunnel

  /// The only class that addresses outside the inside networks arrive by.
  case uplink

  case loopback

  /// Of no known class: reaches inside only.
  case unknown
}

/// An interface with its class: what the rules of S9 and S14 are made of.
package struct ClassifiedInterface: Hashable, Sendable {
  /// The kernel's interface index, and its name at that time.
  package var index: UInt32

  /// The interface's name.
  package var name: String

  /// What it was taken for.
  package var interfaceClass: InterfaceClass

  /// Whether it is a bridge. Packets of its ports show the bridge as their input interface in the inet hooks, the port
  /// in the bridge hooks.
  package var isBridge: Bool

  /// The bridge that it is a port of.
  package var bridge: UInt32?

  package init(
    index: UInt32, name: String, interfaceClass: InterfaceClass, isBridge: Bool = false, bridge: UInt32? = nil
  ) {
    self.index = index
    self.name = name
    self.interfaceClass = interfaceClass
    self.isBridge = isBridge
    self.bridge = bridge
  }
}
