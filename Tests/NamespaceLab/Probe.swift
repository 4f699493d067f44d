import NetworkValues

/// One attempt to get something from a host to an address.
package struct Probe: Hashable, Sendable {
  /// What is sent.
  package enum Message: Hashable, Sendable {
    /// A connection to the port, and sixteen bytes on it.
    case tcp(UInt16)
    /// One datagram to the port.
    case udp(UInt16)
    /// One ICMP or ICMPv6 echo request.
    case ping
  }

  package var from: LabHost
  package var to: IPAddress
  package var message: Message
  /// The source address, the host's own or not; nil leaves it to the host's routes.
  package var source: IPAddress?
  /// What the caller expects. It changes how long the probe waits, never what it finds.
  package var expecting: ProbeOutcome?

  package init(
    from: LabHost, to: IPAddress, _ message: Message, source: IPAddress? = nil, expecting: ProbeOutcome? = nil
  ) {
    self.from = from
    self.to = to
    self.message = message
    self.source = source
    self.expecting = expecting
  }
}

extension Probe: CustomStringConvertible {
  package var description: String {
    let what =
      switch message {
      case .tcp(let port): "tcp \(port)"
      case .udp(let port): "udp \(port)"
      case .ping: "icmp"
      }
    return "\(from)\(source.map { " as \($0)" } ?? "") → \(to) \(what)"
  }
}

/// How a probe ended.
package enum ProbeOutcome: String, Hashable, Sendable, CustomStringConvertible {
  /// The receiving side got the payload; of an echo request: the reply came.
  case delivered
  /// The sender got a TCP reset or an ICMP error.
  case refused
  /// Neither, until patience ran out.
  case dropped

  package var description: String { rawValue }

  /// How long to wait for anything else.
  static func patience(expecting outcome: ProbeOutcome?) -> Duration {
    outcome == .dropped ? .milliseconds(400) : .seconds(3)
  }
}

/// What came of a probe.
package struct ProbeResult: Hashable, Sendable, CustomStringConvertible {
  package let outcome: ProbeOutcome
  /// Whether any packet of the probe reached the receiving host's interface: after `refused` and `dropped`, a leak.
  /// A node's own hooks come later than its interface, so for a node: whether its listener got the payload.
  package let hasArrived: Bool
  /// Whether the receiving side's answer came back to the sender.
  package let isAnswered: Bool
  /// What the sender was told, for messages.
  package let detail: String

  package var description: String {
    "\(outcome)\(outcome != .delivered && hasArrived ? ", but a packet arrived" : "") (\(detail))"
  }
}

/// Source ports and tokens of a lab's probes: the next of each.
struct ProbeIdentities {
  private static let ports: Range<UInt16> = 40_000..<60_000
  private var port = ports.lowerBound
  private var number: UInt64 = 0

  mutating func nextPort() -> UInt16 {
    defer { port = port + 1 == Self.ports.upperBound ? Self.ports.lowerBound : port + 1 }
    return port
  }

  mutating func nextToken() -> Token {
    number += 1
    return Token(number: number)
  }
}
