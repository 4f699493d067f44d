import NetworkValues

/// The node's network interfaces, addresses and routes at one moment: what the kernel says of its own, and what the
/// CNI plugins wrote down. Input of classification and binding (S9, S14).
///
/// Every list is sorted, so that equal states are equal values.
package struct HostInterfaces: Hashable, Sendable {
  /// Ascending by index, each index once.
  package var links: [HostLink]

  /// The host's own addresses.
  package var addresses: [HostAddress]

  /// The host's /32 and /128 routes without a gateway: how routed CNIs say which interface a pod is behind.
  package var hostRoutes: [HostRoute]

  /// Networks that the host reaches without a gateway, those of its addresses included, other than everything (/0),
  /// link-local and multicast networks. Neighbour discovery concerns these (S6).
  package var onLink: [OnLinkPrefix]

  /// Interfaces that a default route of either family leaves by. Ascending.
  package var defaultRoutes: [UInt32]

  /// What the container runtime cached of its CNI plugins' results; empty where there is no such cache.
  package var cniResults: [CNIResult]

  /// What of that cache could not be used: `FILE: reason`.
  package var cniFaults: [String]

  package init(
    links: [HostLink] = [], addresses: [HostAddress] = [], hostRoutes: [HostRoute] = [], onLink: [OnLinkPrefix] = [],
    defaultRoutes: [UInt32] = [], cniResults: [CNIResult] = [], cniFaults: [String] = []
  ) {
    self.links = links
    self.addresses = addresses
    self.hostRoutes = hostRoutes
    self.onLink = onLink
    self.defaultRoutes = defaultRoutes
    self.cniResults = cniResults
    self.cniFaults = cniFaults
  }

  /// The interface with `index`; logarithmic.
  package func link(_ index: UInt32) -> HostLink? {
    var low = 0
    var high = links.count
    while low < high {
      let middle = (low + high) / 2
      if links[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low < links.count && links[low].index == index ? links[low] : nil
  }
}

/// One interface of the host.
///
/// See: linux/if_link.h
package struct HostLink: Hashable, Sendable {
  /// The kernel's number, unique among the interfaces that are there now. It may come back for another one.
  package var index: UInt32

  /// Which interface of this index it is, in the order of observation: an interface that went away and came back, or
  /// another one in its place, has a higher number.
  package var appearance: UInt64

  /// Its name, as the kernel has it: up to 15 bytes.
  package var name: String

  /// IFLA_INFO_KIND: `veth`, `bridge`, `vxlan` …; `tap` for a `tun` that carries frames; absent for hardware and
  /// loopback.
  package var kind: String?

  /// IFLA_LINK: the peer of a veth, the device below a VLAN. An index of `peerNamespace`.
  package var peer: UInt32?

  /// IFLA_LINK_NETNSID: the namespace of `peer` as this host numbers it; absent where it is this one.
  package var peerNamespace: Int32?

  /// IFLA_MASTER: the bridge, bond or VRF that the interface is a port of.
  package var master: UInt32?

  /// IFF_UP and its like. See: linux/if.h
  package var flags: UInt32

  /// The hardware address; empty where it has none.
  package var hardwareAddress: [UInt8]

  /// The addresses of `peer` in its own namespace when it was last looked at, link-local ones left out, sorted. Absent
  /// where nobody looked or nothing could be seen. A pod with root can write these.
  package var peerAddresses: [IPAddress]?

  package init(
    index: UInt32, appearance: UInt64 = 0, name: String, kind: String? = nil, peer: UInt32? = nil,
    peerNamespace: Int32? = nil, master: UInt32? = nil, flags: UInt32 = 0, hardwareAddress: [UInt8] = [],
    peerAddresses: [IPAddress]? = nil
  ) {
    self.index = index
    self.appearance = appearance
    self.name = name
    self.kind = kind
    self.peer = peer
    self.peerNamespace = peerNamespace
    self.master = master
    self.flags = flags
    self.hardwareAddress = hardwareAddress
    self.peerAddresses = peerAddresses
  }

  /// Whether it is the loopback interface (IFF_LOOPBACK).
  package var isLoopback: Bool { flags & 0x8 != 0 }
}

/// One of the host's own addresses.
package struct HostAddress: Hashable, Comparable, Sendable {
  /// The interface that has it.
  package var index: UInt32

  /// The address itself.
  package var address: IPAddress

  package init(index: UInt32, address: IPAddress) {
    self.index = index
    self.address = address
  }

  package static func < (left: HostAddress, right: HostAddress) -> Bool {
    left.index == right.index ? left.address < right.address : left.index < right.index
  }
}

/// A route of the host's main table to one address, without a gateway.
package struct HostRoute: Hashable, Comparable, Sendable {
  /// The only address that the route leads to.
  package var destination: IPAddress

  /// The interface that it leaves by.
  package var index: UInt32

  package init(to destination: IPAddress, index: UInt32) {
    self.destination = destination
    self.index = index
  }

  package static func < (left: HostRoute, right: HostRoute) -> Bool {
    left.destination == right.destination ? left.index < right.index : left.destination < right.destination
  }
}

/// A network whose addresses are neighbours on one interface.
package struct OnLinkPrefix: Hashable, Comparable, Sendable {
  /// The network that the address lies in.
  package var prefix: Prefix

  /// The interface that has it.
  package var index: UInt32

  package init(_ prefix: Prefix, index: UInt32) {
    self.prefix = prefix
    self.index = index
  }

  package static func < (left: OnLinkPrefix, right: OnLinkPrefix) -> Bool {
    left.prefix == right.prefix ? left.index < right.index : left.prefix < right.prefix
  }
}
