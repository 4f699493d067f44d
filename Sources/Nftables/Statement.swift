/// What a rule can say: exactly the expressions moat uses, no more.
///
/// A field that the packet does not have (an IPv6 address of an IPv4 packet, a TCP port of a UDP packet) never matches,
/// negated or not; nft writes that as a dependency (`meta nfproto`, `meta l4proto`) before the field.
package enum Statement: Hashable, Sendable {
  /// The concatenated fields are, or are not, in a named set.
  case lookup([Field], Membership, set: String)

  /// A field equals a constant. `value` is in the field's own width.
  case compare(Field, Comparison, UInt16)

  /// `ct state …`: the packet's state is one of these.
  case connectionState(ConnectionState)

  /// `ct direction reply` or `original`.
  case connectionDirection(ConnectionDirection)

  /// `ct status dnat`: the connection's destination was translated on this node.
  case destinationTranslated

  /// `tcp flags & mask ==|!= value`; only TCP packets match.
  case tcpFlags(mask: TCPFlags, Comparison, TCPFlags)

  /// `fib saddr|daddr type ==|!= local`: whether the address is one of this node's own.
  case localAddress(AddressRole, Comparison)

  /// `exthdr rt exists`: an IPv6 packet with a routing header, of whatever type, wherever it stands among the others.
  case routingHeader

  /// `counter name "…"`.
  case counter(String)

  /// `limit rate N/second burst M packets`: matches while the rate is not exceeded.
  case limit(perSecond: UInt64, burst: UInt32)

  /// `log prefix "…" group N snaplen M`: a copy to NFLOG.
  case log(prefix: String, group: UInt16, snaplen: UInt32)

  /// Ends the packet with an answer to the sender.
  case reject(Rejection)

  /// Ends the rule with a decision or a way on.
  case verdict(Verdict)
}

/// Whether a key must be in the set.
package enum Membership: Hashable, Sendable { case isIn, isNotIn }

/// `==` or `!=`.
package enum Comparison: Hashable, Sendable { case equal, notEqual }

/// Source or destination.
package enum AddressRole: Hashable, Sendable { case source, destination }

/// Conntrack states as a bit set. See: linux/netfilter/nf_conntrack_common.h, NF_CT_STATE_BIT
package struct ConnectionState: OptionSet, Hashable, Sendable {
  /// The kernel's bits. See: `NF_CT_STATE_BIT`
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A packet that belongs to nothing known.
  package static let invalid = ConnectionState(rawValue: 1)

  /// A packet of a connection that was seen both ways, and every packet of a reply.
  package static let established = ConnectionState(rawValue: 2)

  /// A packet that a helper or an ICMP error ties to a connection.
  package static let related = ConnectionState(rawValue: 4)

  /// The first packet of a connection.
  package static let new = ConnectionState(rawValue: 8)

  /// A packet that connection tracking does not follow.
  package static let untracked = ConnectionState(rawValue: 64)
}

/// The way a packet goes within its connection. See: linux/netfilter/nf_conntrack_tuple_common.h
package enum ConnectionDirection: UInt8, Hashable, Sendable {
  case original = 0
  case reply = 1
}

/// TCP header flags. See: RFC 9293, section 3.1
package struct TCPFlags: OptionSet, Hashable, Sendable {
  /// The flags' byte in the TCP header. See: RFC 9293
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The sender is done.
  package static let fin = TCPFlags(rawValue: 1)

  /// The sender opens.
  package static let syn = TCPFlags(rawValue: 2)

  /// The connection is cut.
  package static let rst = TCPFlags(rawValue: 4)

  /// The receiver should not wait for more.
  package static let psh = TCPFlags(rawValue: 8)

  /// The acknowledgement counts.
  package static let ack = TCPFlags(rawValue: 16)

  /// The urgent pointer counts.
  package static let urg = TCPFlags(rawValue: 32)
}

/// How a refusal is answered. See: nft(8), REJECT STATEMENT
package enum Rejection: Hashable, Sendable {
  /// `reject with tcp reset`; only TCP packets match.
  case tcpReset

  /// `reject with icmpx admin-prohibited`.
  case administrativelyProhibited
}

/// What happens to the packet next.
package enum Verdict: Hashable, Sendable {
  case accept
  case drop
  case jump(String)
  case goto(String)
}
