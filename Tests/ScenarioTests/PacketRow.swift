import NamespaceLab
import NetworkValues

/// One row of a `packets.txt`: a packet, and what must become of it.
///
/// See: Tests/Scenarios/README.md
struct PacketRow: Sendable {
  /// Who sends.
  enum Sender: Hashable, Sendable {
    /// `namespace/name`, perhaps without the generated suffix.
    case pod(String)
    case host(String)

    /// Arriving at a node.
    case outside(IPAddress, at: String)
  }

  enum Verdict: String, Sendable { case allowed, refused, dropped }

  /// The packet that an ICMP error tells of.
  struct Quote: Hashable, Sendable {
    var transport: TransportProtocol
    var source: SocketAddress
    var destination: SocketAddress

    /// Whether the packet's connection is open when the error is sent.
    var isKnown = true
  }

  /// `01-httpbin/packets.txt:12`.
  let place: String

  /// The row as it stands in the file, with single spaces.
  let text: String
  let from: Sender

  /// As the application dials it.
  let to: IPAddress
  let transport: TransportProtocol

  /// 0 where the protocol has none.
  let port: UInt16
  private(set) var verdict: Verdict

  /// The counter that must count the packet; `nil` where none may.
  let reason: String?

  /// The address that the packet claims to come from, if not the sender's own.
  var source: IPAddress?

  /// A single TCP segment with these flags instead of a connection.
  var flags: NamespaceLab.TCPFlags?

  /// The packet is an ICMP error.
  var quote: Quote?

  /// Reads all rows of a table.
  static func table(_ text: String, of scenario: String) throws -> [PacketRow] {
    try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
      return words.isEmpty ? nil : try PacketRow(words, place: "\(scenario)/packets.txt:\(index + 1)")
    }
  }

  private init(_ words: [String], place: String) throws {
    self.place = place
    text = words.joined(separator: " ")
    guard words.count >= 6 else { throw ScenarioError("\(place): fewer than six columns") }
    from = try Sender(parsing: words[0])
    to = try IPAddress(parsing: words[1])
    guard let transport = transports[words[2]] else { throw ScenarioError("\(place): protocol \(words[2])") }
    self.transport = transport == .icmp ? .icmp(of: to.family) : transport
    guard let port = words[3] == "-" ? 0 : UInt16(words[3]), (port > 0) == self.transport.hasPorts else {
      throw ScenarioError("\(place): port \(words[3])")
    }
    self.port = port
    guard let verdict = Verdict(rawValue: words[4]) else { throw ScenarioError("\(place): verdict \(words[4])") }
    self.verdict = verdict
    reason = words[5] == "-" ? nil : words[5]
    for option in words.dropFirst(6) { try read(option) }
    if quote != nil, port != 0 { throw ScenarioError("\(place): quotes needs icmp") }
    if flags != nil, transport != .tcp { throw ScenarioError("\(place): flags need tcp") }
  }

  /// `source=…`, `flags=…`, `quotes=…`, `unknown`.
  private mutating func read(_ option: String) throws {
    let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
    switch (parts[0], parts.count) {
    case ("source", 2): source = try IPAddress(parsing: parts[1])
    case ("flags", 2): flags = try parts[1].split(separator: ",").reduce(into: []) { $0.formUnion(try flag($1)) }
    case ("quotes", 2): quote = try Quote(parsing: parts[1])
    case ("unknown", 1): quote?.isKnown = false
    default: throw ScenarioError("\(place): option \(option)")
    }
  }

  private func flag(_ name: Substring) throws -> NamespaceLab.TCPFlags {
    guard let flag = tcpFlags[String(name)] else { throw ScenarioError("\(place): flag \(name)") }
    return flag
  }
}

extension PacketRow {
  /// Whether the packet cannot come from an ordinary socket.
  var isRaw: Bool { flags != nil || quote != nil || transport == .sctp }

  /// The same packet with another verdict.
  func expecting(_ verdict: Verdict) -> PacketRow {
    var row = self
    row.verdict = verdict
    return row
  }

  /// The flags as the trace's packets have them.
  var traceFlags: UInt8? { flags?.rawValue }
}

extension PacketRow: CustomStringConvertible {
  var description: String { "\(place): \(text)" }
}

extension PacketRow.Sender {
  fileprivate init(parsing text: String) throws {
    if text.hasPrefix("host:") {
      self = .host(String(text.dropFirst("host:".count)))
    } else if text.hasPrefix("outside:") {
      let parts = text.dropFirst("outside:".count).split(separator: "@")
      guard parts.count == 2 else { throw ScenarioError("\(text) is not outside:ADDRESS@NODE") }
      self = .outside(try IPAddress(parsing: parts[0]), at: String(parts[1]))
    } else {
      self = .pod(text)
    }
  }
}

extension PacketRow.Quote {
  /// `udp,198.51.100.53,53,10.1.1.2,5353`: protocol, source, its port, destination, its port.
  fileprivate init(parsing text: String) throws {
    let parts = text.split(separator: ",").map(String.init)
    guard parts.count == 5, let transport = transports[parts[0]], let from = UInt16(parts[2]),
      let to = UInt16(parts[4])
    else { throw ScenarioError("\(text) is not PROTOCOL,SOURCE,PORT,DESTINATION,PORT") }
    self.transport = transport
    source = SocketAddress(try IPAddress(parsing: parts[1]), from)
    destination = SocketAddress(try IPAddress(parsing: parts[3]), to)
  }
}

private let transports: [String: TransportProtocol] = ["tcp": .tcp, "udp": .udp, "sctp": .sctp, "icmp": .icmp]

private let tcpFlags: [String: NamespaceLab.TCPFlags] = [
  "fin": .fin, "syn": .syn, "rst": .rst, "psh": .psh, "ack": .ack, "urg": .urg,
]
