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

  /// `iif`: the index of the interface the packet came in by; packets of the host itself have none.
  case inputInterface

  /// `tcp dport`, `udp dport`.
  case tcpDestinationPort, udpDestinationPort

  /// `th dport`: bytes 2 and 3 of whatever transport header there is; use it together with `transportProtocol`.
  case destinationPort

  /// `icmp type` and `icmpv6 type`.
  case icmpType, icmp6Type

  /// The type a set must give this field.
  package var type: FieldType {
    switch self {
    case .source4, .destination4: .address4
    case .source6, .destination6: .address6
    case .hopLimit6, .networkProtocol: .byte
    case .transportProtocol: .transportProtocol
    case .inputInterface: .interface
    case .tcpDestinationPort, .udpDestinationPort, .destinationPort: .port
    case .icmpType: .icmpType
    case .icmp6Type: .icmp6Type
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

  /// A plain byte; not used in sets.
  case byte

  /// Bytes on the wire.
  package var width: Int {
    switch self {
    case .address4, .interface: 4
    case .address6: 16
    case .port: 2
    case .transportProtocol, .icmpType, .icmp6Type, .byte: 1
    }
  }
}
