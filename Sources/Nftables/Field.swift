/// A part of the packet that a rule looks at.
package enum Field: Hashable, Sendable, CaseIterable {
  /// `ip saddr`, `ip daddr`, `ip6 saddr`, `ip6 daddr`.
  case source4, destination4, source6, destination6

  /// `ip6 hoplimit`.
  case hopLimit6

  /// `meta nfproto`: 2 for IPv4, 10 for IPv6.
  case networkProtocol

  /// `meta l4proto`: the transport protocol, extension headers skipped.
  case transportProtocol

  /// `iif` and `oif`: the index of the interface the packet came in by, and goes out by. Packets of the host itself have
  /// come in by none; before routing or bridging a packet goes out by none. In bridge tables these are ports.
  case inputInterface, outputInterface

  /// `tcp dport`, `udp dport`, `udp sport`.
  case tcpDestinationPort, udpDestinationPort, udpSourcePort

  /// `th dport`: bytes 2 and 3 of whatever transport header there is; use it together with `transportProtocol`.
  case destinationPort

  /// `icmp type` and `icmpv6 type`.
  case icmpType, icmp6Type

  /// `@th,64,128`: the target of a neighbour solicitation or advertisement, for which nft has no name before 1.0.8; ask
  /// for `icmp6Type` before it. See: RFC 4861, sections 4.3 and 4.4
  case neighbourTarget6

  /// `ether type`: what the frame carries, as the frame itself says; a VLAN tag is one such thing. Bridge tables only.
  case etherType

  /// `arp saddr ip`: whose hardware address an ARP packet tells. Bridge tables only.
  case arpSource4

  /// The type a set must give this field.
  package var type: FieldType {
    switch self {
    case .source4, .destination4, .arpSource4: .address4
    case .source6, .destination6: .address6
    case .hopLimit6, .networkProtocol: .byte
    case .transportProtocol: .transportProtocol
    case .inputInterface, .outputInterface: .interface
    case .tcpDestinationPort, .udpDestinationPort, .udpSourcePort, .destinationPort: .port
    case .icmpType: .icmpType
    case .icmp6Type: .icmp6Type
    case .neighbourTarget6: .neighbourTarget
    case .etherType: .etherType
    }
  }
}

/// The data types of set keys. See: nft(8), DATA TYPES; nft's `datatype.h` for the numbers
package enum FieldType: Hashable, Sendable, CaseIterable {
  /// `ipv4_addr`, `ipv6_addr`.
  case address4, address6

  /// `inet_proto`.
  case transportProtocol

  /// `inet_service`.
  case port

  /// `icmp_type`, `icmpv6_type`.
  case icmpType, icmp6Type

  /// `iface_index`; the one type that the kernel keeps in the machine's own byte order.
  case interface

  /// `ether_type`.
  case etherType

  /// An IPv6 address that nft takes for a number of 128 bits: `typeof @th,64,128`, alone or after an interface.
  case neighbourTarget

  /// A plain byte; not used in sets.
  case byte

  /// Bytes on the wire.
  package var width: Int {
    switch self {
    case .address4, .interface: 4
    case .address6, .neighbourTarget: 16
    case .port, .etherType: 2
    case .transportProtocol, .icmpType, .icmp6Type, .byte: 1
    }
  }
}
