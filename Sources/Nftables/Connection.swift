import NetworkValues

/// A tracked connection in the terms of the hooks that judge it: after every translation of its destination, before any
/// of its source.
///
/// So the destination is where its answers come from, not where the first packet was sent to.
package struct Connection: Hashable, Sendable {
  /// Who opened it.
  package var source: IPAddress

  /// `nil` where the protocol has no ports.
  package var sourcePort: UInt16?

  /// Who answers.
  package var destination: IPAddress

  /// `nil` where the protocol has no ports.
  package var destinationPort: UInt16?

  /// The transport protocol.
  package var transport: TransportProtocol

  /// The type of the first ICMP or ICMPv6 packet.
  package var icmpType: UInt8?

  /// Whether an answer was seen; until then every packet of it counts as new.
  package var isAnswered: Bool

  /// Whether this node translated the destination.
  package var isDestinationTranslated: Bool

  package init(
    from source: IPAddress, _ sourcePort: UInt16?, to destination: IPAddress, _ destinationPort: UInt16?,
    _ transport: TransportProtocol, icmpType: UInt8? = nil, isAnswered: Bool = true,
    isDestinationTranslated: Bool = false
  ) {
    self.source = source
    self.sourcePort = sourcePort
    self.destination = destination
    self.destinationPort = destinationPort
    self.transport = transport
    self.icmpType = icmpType
    self.isAnswered = isAnswered
    self.isDestinationTranslated = isDestinationTranslated
  }
}

extension Connection: CustomStringConvertible {
  /// `tcp 10.1.1.10:40312 → 10.1.2.10:8443`.
  package var description: String {
    "\(transport) \(endpoint(source, sourcePort)) → \(endpoint(destination, destinationPort))"
  }
}

private func endpoint(_ address: IPAddress, _ port: UInt16?) -> String {
  guard let port else { return "\(address)" }
  return address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
}

/// Which addresses a node takes packets for.
package struct NodeAddresses: Hashable, Sendable {
  /// Its own (`fib … type local`), loopback networks included.
  package var own: PrefixSet

  /// Broadcast and multicast addresses, which it takes besides others.
  package var shared: PrefixSet

  package init(own: PrefixSet, shared: PrefixSet) {
    self.own = own
    self.shared = shared
  }
}

/// Judges the next packet of a connection in its original direction, which is what the kernel's rules judge.
package struct ConnectionJudge {
  private let tables: [Table]
  private let addresses: NodeAddresses

  /// Verdicts by connection without source port, which no rule looks at.
  private var known: [Connection: Bool] = [:]

  /// - Parameters:
  ///   - ruleset: what the kernel holds; only tables that see IP packets judge connections.
  ///   - addresses: the node's, which tell by which hook a packet passes.
  package init(_ ruleset: Ruleset, at addresses: NodeAddresses) {
    tables = ruleset.tables.filter { $0.id.family == .inet }
    self.addresses = addresses
  }

  /// Whether the rules would refuse the connection's next packet. By which interface it comes in is not known to
  /// connection tracking, so rules that ask for that do not match.
  package mutating func refuses(_ connection: Connection) -> Bool {
    var key = connection
    key.sourcePort = nil
    if let verdict = known[key] { return verdict }
    let packet = packet(of: connection)
    let hook = hook(of: connection)
    let verdict = tables.contains { trace(packet, through: $0, at: hook).verdict != .accepted }
    known[key] = verdict
    return verdict
  }

  private func hook(of connection: Connection) -> Hook.Point {
    // A host that asks for its first address has none yet.
    if addresses.own.contains(connection.source) || connection.source.value == 0 { return .output }
    let isTaken = addresses.own.contains(connection.destination) || addresses.shared.contains(connection.destination)
    return isTaken ? .input : .forward
  }

  private func packet(of connection: Connection) -> Packet {
    Packet(
      from: connection.source, to: connection.destination, connection.transport,
      sourcePort: connection.sourcePort ?? 0, destinationPort: connection.destinationPort ?? 0,
      icmpType: connection.icmpType, state: connection.isAnswered ? .established : .new,
      destinationTranslated: connection.isDestinationTranslated,
      sourceIsLocal: addresses.own.contains(connection.source),
      destinationIsLocal: addresses.own.contains(connection.destination))
  }
}
