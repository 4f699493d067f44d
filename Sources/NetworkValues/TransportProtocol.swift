/// A transport protocol by its IANA number, as it stands in the IP header.
///
/// See: https://www.iana.org/assignments/protocol-numbers
package struct TransportProtocol: RawRepresentable, Hashable, Comparable, Sendable {
  /// The number in the packet's header. See: IANA, Protocol Numbers
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// ICMP for IPv4. See: RFC 792
  package static let icmp = TransportProtocol(rawValue: 1)

  /// TCP. See: RFC 9293
  package static let tcp = TransportProtocol(rawValue: 6)

  /// UDP. See: RFC 768
  package static let udp = TransportProtocol(rawValue: 17)

  /// ICMP for IPv6. See: RFC 4443
  package static let icmpv6 = TransportProtocol(rawValue: 58)

  /// SCTP. See: RFC 9260
  package static let sctp = TransportProtocol(rawValue: 132)

  package static func < (left: TransportProtocol, right: TransportProtocol) -> Bool { left.rawValue < right.rawValue }

  /// Whether the protocol's header begins with source and destination port.
  package var hasPorts: Bool { self == .tcp || self == .udp || self == .sctp }

  /// The ICMP of `family`.
  package static func icmp(of family: IPFamily) -> TransportProtocol { family == .v4 ? .icmp : .icmpv6 }
}

extension TransportProtocol: CustomStringConvertible {
  /// The lower-case name nft uses, or the number.
  package var description: String {
    switch self {
    case .icmp: "icmp"
    case .tcp: "tcp"
    case .udp: "udp"
    case .icmpv6: "icmpv6"
    case .sctp: "sctp"
    default: String(rawValue)
    }
  }
}
