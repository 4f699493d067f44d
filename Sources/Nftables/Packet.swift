import NetworkValues

/// One packet as a hook sees it, for `trace(_:through:at:)`.
package struct Packet: Hashable, Sendable {
  /// The sender's address; of the same family as `destination`.
  package var source: IPAddress

  /// The receiver's address, as this hook sees it: after translation in forward, input and output's filter chains.
  package var destination: IPAddress

  /// The transport protocol, extension headers skipped.
  package var transport: TransportProtocol

  /// `nil` where the transport header has no ports.
  package var sourcePort: UInt16?

  /// `nil` where the transport header has no ports.
  package var destinationPort: UInt16?

  /// The type of an ICMP or ICMPv6 packet.
  package var icmpType: UInt8?

  /// The flags of a TCP packet.
  package var tcpFlags: TCPFlags?

  /// The hop limit, or time to live.
  package var hopLimit: UInt8

  /// The one state that connection tracking gives the packet.
  package var state: ConnectionState

  /// The way within the connection; no matter for packets that belong to none (`invalid`, `untracked`).
  package var direction: ConnectionDirection

  /// Whether this node translated the connection's destination.
  package var destinationTranslated: Bool

  /// Where the connection was opened to, before any translation; `nil` for `destination`, or, of a reply, `source`.
  package var originalDestination: IPAddress?

  /// The index of the interface the packet came in by; `nil` for packets of the host itself.
  package var inputInterface: UInt32?

  /// The cgroup of the packet's full socket with those above it, from level 1 on; empty where there is no such socket.
  package var cgroups: [UInt64] = []

  /// The length of an IPv4 header in words of four bytes: 5, and what its options take.
  package var headerLength: UInt8 = 5

  /// Whether an IPv6 packet has a routing header.
  package var hasRoutingHeader = false

  /// The index of the interface it goes out by; `nil` where that is not decided.
  package var outputInterface: UInt32?

  /// What the frame says it carries; 0x0806 makes it an ARP packet, of which `source` is the sender's address.
  package var etherType: UInt16

  /// The target of a neighbour solicitation or advertisement.
  package var neighbourTarget: IPAddress?

  /// Whether `source` is an address of this node.
  package var sourceIsLocal: Bool

  /// Whether `destination` is an address of this node.
  package var destinationIsLocal: Bool

  /// The first packet of a connection, unless said otherwise: TCP packets carry SYN when `state` is new, else ACK;
  /// ICMP packets are echo requests.
  package init(
    from source: IPAddress, to destination: IPAddress, _ transport: TransportProtocol, sourcePort: UInt16 = 49152,
    destinationPort: UInt16 = 0, icmpType: UInt8? = nil, tcpFlags: TCPFlags? = nil, hopLimit: UInt8 = 64,
    state: ConnectionState = .new, direction: ConnectionDirection = .original, destinationTranslated: Bool = false,
    inputInterface: UInt32? = nil, outputInterface: UInt32? = nil, etherType: UInt16? = nil,
    neighbourTarget: IPAddress? = nil, sourceIsLocal: Bool = false, destinationIsLocal: Bool = false
  ) {
    self.source = source
    self.destination = destination
    self.transport = transport
    self.sourcePort = transport.hasPorts ? sourcePort : nil
    self.destinationPort = transport.hasPorts ? destinationPort : nil
    let echo: UInt8? = transport == .icmp ? 8 : transport == .icmpv6 ? 128 : nil
    self.icmpType = echo == nil ? nil : icmpType ?? echo
    self.tcpFlags = transport == .tcp ? tcpFlags ?? (state == .new ? .syn : .ack) : nil
    self.hopLimit = hopLimit
    self.state = state
    self.direction = direction
    self.destinationTranslated = destinationTranslated
    self.inputInterface = inputInterface
    self.outputInterface = outputInterface
    self.etherType = etherType ?? source.family.etherType
    self.neighbourTarget = neighbourTarget
    self.sourceIsLocal = sourceIsLocal
    self.destinationIsLocal = destinationIsLocal
  }

  /// IPv4 or IPv6.
  package var family: IPFamily { source.family }

  /// Whether the frame carries the IP packet untagged.
  var isPlain: Bool { etherType == family.etherType }

  /// Whether connection tracking knows a connection for the packet.
  var hasConnection: Bool { state != .invalid && state != .untracked }

  /// The packet as hooks before connection tracking see it: it belongs to no connection yet.
  var untouched: Packet {
    var packet = self
    packet.state = .invalid
    packet.destinationTranslated = false
    return packet
  }
}

/// What a packet holds in a field.
enum FieldValue: Equatable {
  /// The field is there.
  case known(UInt128)

  /// The bytes are there, but are no such field: `th dport` of an ICMP packet is its checksum. Any value is possible.
  case arbitrary
}

extension Packet {
  private func cgroup(at level: Int) -> UInt64? { level > 0 && level <= cgroups.count ? cgroups[level - 1] : nil }

  /// The field's value, `nil` where the packet has no such field.
  func value(of field: Field) -> FieldValue? {
    switch field {
    case .inputInterface: inputInterface.map { .known(UInt128($0)) }
    case .outputInterface: outputInterface.map { .known(UInt128($0)) }
    case .etherType: .known(UInt128(etherType))
    case .arpSource4: etherType == 0x0806 ? .known(source.value) : nil
    default: isPlain ? content(of: field) : nil
    }
  }

  private func openedTo(_ family: IPFamily) -> FieldValue? {
    let address = originalDestination ?? (direction == .original ? destination : source)
    return hasConnection && address.family == family ? .known(address.value) : nil
  }

  /// The value of a field of an IP packet.
  private func content(of field: Field) -> FieldValue? {
    switch field {
    case .source4: source.family == .v4 ? .known(source.value) : nil
    case .destination4: destination.family == .v4 ? .known(destination.value) : nil
    case .source6: source.family == .v6 ? .known(source.value) : nil
    case .destination6: destination.family == .v6 ? .known(destination.value) : nil
    case .hopLimit6: family == .v6 ? .known(UInt128(hopLimit)) : nil
    case .headerLength4: family == .v4 ? .known(UInt128(headerLength)) : nil
    case .networkProtocol: .known(family == .v4 ? 2 : 10)
    case .transportProtocol: .known(UInt128(transport.rawValue))
    case .tcpDestinationPort: transport == .tcp ? destinationPort.map { .known(UInt128($0)) } : nil
    case .udpSourcePort: transport == .udp ? sourcePort.map { .known(UInt128($0)) } : nil
    case .udpDestinationPort: transport == .udp ? destinationPort.map { .known(UInt128($0)) } : nil
    case .destinationPort: destinationPort.map { .known(UInt128($0)) } ?? .arbitrary
    case .icmpType: transport == .icmp ? icmpType.map { .known(UInt128($0)) } : nil
    case .icmp6Type: transport == .icmpv6 ? icmpType.map { .known(UInt128($0)) } : nil
    case .cgroup(let level): cgroup(at: Int(level)).map { .known(UInt128($0)) }
    case .neighbourTarget6: neighbourTarget.map { .known($0.value) }
    case .originalDestination4: openedTo(.v4)
    case .originalDestination6: openedTo(.v6)
    case .inputInterface, .outputInterface, .etherType, .arpSource4: nil
    }
  }
}

extension IPFamily {
  /// See: linux/if_ether.h, ETH_P_IP and ETH_P_IPV6
  fileprivate var etherType: UInt16 { self == .v4 ? 0x0800 : 0x86dd }
}
