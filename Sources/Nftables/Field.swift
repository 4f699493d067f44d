/// A part of the packet that a rule looks at.
package enum Field: Hashable, Sendable {
  /// `ip saddr`, `ip daddr`, `ip6 saddr`, `ip6 daddr`.
  case source4, destination4, source6, destination6

  /// `ip6 hoplimit`.
  case hopLimit6

  /// `ip hdrlength`: the length of the header with its options, in words of four bytes; 5 without options.
  case headerLength4

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

  /// `ct original ip daddr` and `ct original ip6 daddr`: where the connection was opened to, before any translation. Of
  /// no connection, and of one of the other IP version, there is none. See: nft(8), CONNTRACK EXPRESSIONS
  case originalDestination4, originalDestination6

  /// `socket cgroupv2 level N`: which cgroup that lies `level` below the root the sending or receiving socket is in or
  /// below. A packet without a full socket has none; only prerouting, input and output may ask. The root is level 0.
  case cgroup(level: UInt8)

  /// All fields that are parts of the packet itself or of where it comes in and goes out.
  package static let ofPackets: [Field] = [
    .source4, .destination4, .source6, .destination6, .hopLimit6, .headerLength4, .networkProtocol,
    .transportProtocol, .inputInterface, .outputInterface, .tcpDestinationPort, .udpDestinationPort, .udpSourcePort,
    .destinationPort, .icmpType, .icmp6Type,
    .neighbourTarget6, .etherType, .arpSource4,
    .originalDestination4, .originalDestination6,
  ]

  /// The type a set must give this field.
  package var type: FieldType {
    switch self {
    case .source4, .destination4, .arpSource4, .originalDestination4: .address4
    case .source6, .destination6, .originalDestination6: .address6
    case .hopLimit6, .headerLength4, .networkProtocol: .byte
    case .transportProtocol: .transportProtocol
    case .inputInterface, .outputInterface: .interface
    case .tcpDestinationPort, .udpDestinationPort, .udpSourcePort, .destinationPort: .port
    case .icmpType: .icmpType
    case .icmp6Type: .icmp6Type
    case .cgroup: .cgroup
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

  /// `iface_index`.
  case interface

  /// `cgroupsv2`: the kernel's number of a cgroup. nft writes and reads its path below /sys/fs/cgroup instead.
  case cgroup

  /// `ether_type`.
  case etherType

  /// An IPv6 address that nft takes for a number of 128 bits: `typeof @th,64,128`, alone or after an interface.
  case neighbourTarget

  /// A plain byte; not used in sets.
  case byte

  /// Whether the kernel keeps it in the machine's own byte order, so that the order of keys is not that of values.
  package var isHostOrder: Bool { self == .interface || self == .cgroup }

  /// `value` with its bytes in network order, where the kernel keeps them in the machine's; and back.
  package func swapped(_ value: UInt128) -> UInt128 {
    switch self {
    case .interface: UInt128(UInt32(truncatingIfNeeded: value).bigEndian)
    case .cgroup: UInt128(UInt64(truncatingIfNeeded: value).bigEndian)
    default: value
    }
  }

  /// Bytes on the wire.
  package var width: Int {
    switch self {
    case .address4, .interface: 4
    case .address6, .neighbourTarget: 16
    case .cgroup: 8
    case .port, .etherType: 2
    case .transportProtocol, .icmpType, .icmp6Type, .byte: 1
    }
  }
}
