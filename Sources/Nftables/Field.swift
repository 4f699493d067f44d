/// A part of the packet that a rule looks at.
package enum Field: Hashable, Sendable {
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

  /// `socket cgroupv2 level N`: which cgroup that lies `level` below the root the sending or receiving socket is in or
  /// below. A packet without a full socket has none; only prerouting, input and output may ask. The root is level 0.
  case cgroup(level: UInt8)

  /// All fields that are parts of the packet itself or of where it came in.
  package static let ofPackets: [Field] = [
    .source4, .destination4, .source6, .destination6, .hopLimit6, .networkProtocol, .transportProtocol, .inputInterface,
    .tcpDestinationPort, .udpDestinationPort, .destinationPort, .icmpType, .icmp6Type,
  ]

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
    case .cgroup: .cgroup
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
    case .address6: 16
    case .cgroup: 8
    case .port: 2
    case .transportProtocol, .icmpType, .icmp6Type, .byte: 1
    }
  }
}
