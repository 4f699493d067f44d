import ClusterModel
import EgressRuleset
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel

/// A scenario's cluster in network namespaces, with moat's rules on every node or without.
final class ScenarioLab {
  let topology: ScenarioTopology
  private let lab: Lab
  private var kernels: [LibnftnlKernel] = []
  private var lastPort: UInt16 = 61_000

  /// What became of a row's packet.
  struct Observation: CustomStringConvertible {
    var verdict: PacketRow.Verdict
    /// Whether anything of it reached the receiving side.
    var hasArrived: Bool
    /// The counters that moved meanwhile, on any node.
    var counted: Set<String> = []
    var detail = ""

    var description: String {
      "\(verdict)\(hasArrived && verdict != .allowed ? ", but a packet arrived" : ""), "
        + "counted \(counted.sorted()) \(detail)"
    }
  }

  /// Builds the cluster. With `isEnforced` every node's kernel holds its ruleset when this returns.
  init(_ scenario: Scenario, _ rows: [PacketRow], isEnforced: Bool) throws {
    topology = try ScenarioTopology(scenario, rows)
    lab = try Lab(topology.lab)
    guard isEnforced else { return }
    for node in scenario.model.nodeNames {
      let ruleset = lower(scenario.model.flows(on: node))
      kernels.append(
        try lab.inside(.node(node.rawValue)) {
          let kernel = try LibnftnlKernel()
          _ = try enforce(ruleset, in: kernel)
          return kernel
        })
    }
  }

  /// Sends a row's packet and sees what becomes of it.
  func observe(_ row: PacketRow) throws -> Observation {
    try withArrival(of: row) {
      let before = try counts()
      let far = try farCapture(of: row)
      var result = row.isRaw ? try sendRaw(row) : try probe(row)
      result.counted = Set(try counts().filter { $0.value > before[$0.key, default: 0] }.keys)
      let leaks = far?.packets().contains { $0.transport == row.transport && $0.tcpFlags ?? .syn == .syn }
      result.hasArrived = result.hasArrived || leaks == true
      return result
    }
  }

  /// What comes to the outside meanwhile, if nothing may: the probe itself looks only where the first translation leads.
  private func farCapture(of row: PacketRow) throws -> Capture? {
    if case .outside = row.from { return nil }
    guard row.verdict != .allowed, row.transport.hasPorts, let host = topology.lab.outside.first else { return nil }
    return try lab.capture(at: .outside(host.name))
  }

  /// Packets counted on all nodes, by counter.
  private func counts() throws -> [String: UInt64] {
    try kernels.reduce(into: [:]) { sums, kernel in
      for (name, value) in try kernel.counters() { sums[name, default: 0] += value.packets }
    }
  }

  private func probe(_ row: PacketRow) throws -> Observation {
    let message: Probe.Message =
      switch row.transport {
      case .tcp: .tcp(row.port)
      case .udp: .udp(row.port)
      default: .ping
      }
    let result = try lab.perform(
      Probe(
        from: try topology.sender(row), to: row.to, message, source: row.source, expecting: row.verdict.outcome))
    return Observation(verdict: .init(result.outcome), hasArrived: result.hasArrived, detail: result.detail)
  }

  /// Runs `body` while the outside sends packets for a row's destination to the node that the row names.
  private func withArrival<Result>(of row: PacketRow, _ body: () throws -> Result) throws -> Result {
    guard let node = topology.detour(row), let usual = topology.lab.defaultArrival(of: row.to) else {
      return try body()
    }
    let outside = try topology.sender(row)
    try route(row.to, to: node, from: outside)
    let result = Swift.Result { try body() }
    try route(row.to, to: usual, from: outside)
    return try result.get()
  }

  private func route(_ address: IPAddress, to node: String, from outside: LabHost) throws {
    guard let index = topology.lab.nodes.firstIndex(where: { $0.name == node }),
      let hop = topology.lab.uplinkAddress(ofNode: node, address.family)
    else { throw ScenarioError("no node \(node)") }
    let words = ["ip", "route", "replace", "\(Prefix(address))", "via", "\(hop)", "dev", "node\(index)"]
    let result = try lab.run(in: outside, words)
    guard result.status == 0 else { throw ScenarioError("\(words): \(result.text)") }
  }
}

// MARK: - Packets without a socket

extension ScenarioLab {
  /// Sends a single packet, and looks for it and for an answer on the wire.
  private func sendRaw(_ row: PacketRow) throws -> Observation {
    let sender = try topology.sender(row)
    let receiver = try holder(of: row.to, near: try topology.start(row))
    let packet = try packet(row)
    if let quote = row.quote { try open(quote) }
    let (here, there) = (try lab.capture(at: sender), try lab.capture(at: receiver))
    let isSent = try passesOutput(packet, from: sender)
    // A node's interface sees what its hooks then drop; only an answer of its sockets proves that it came through.
    let isNode = if case .node = receiver { true } else { false }
    let deadline = ContinuousClock.now + (row.verdict == .dropped || !isSent ? .milliseconds(300) : .seconds(3))
    while ContinuousClock.now < deadline {
      if isSent, !isNode, there.waitFor(.milliseconds(5), { $0.isSame(as: packet) }) != nil {
        return Observation(verdict: .allowed, hasArrived: true, detail: "seen")
      }
      if let answer = here.waitFor(.milliseconds(5), { $0.isRefusal(of: packet) }) {
        let isSocket = isNode && answer.tcpFlags != nil && row.verdict != .refused
        return Observation(verdict: isSocket ? .allowed : .refused, hasArrived: isSocket, detail: "answered")
      }
    }
    return Observation(verdict: .dropped, hasArrived: false, detail: isSent ? "nothing seen" : "EPERM")
  }

  /// Sends a packet; false where the sender's own output hook drops it.
  private func passesOutput(_ packet: WirePacket, from sender: LabHost) throws -> Bool {
    do { try lab.sendRaw(from: sender, packet) } catch {
      if case .system(_, _, EPERM) = error { return false }
      throw error
    }
    return true
  }

  private func packet(_ row: PacketRow) throws -> WirePacket {
    let source = try topology.source(row)
    lastPort += 1
    let (from, to) = (SocketAddress(source, lastPort), SocketAddress(row.to, row.port))
    if let quote = row.quote {
      return .icmpError(
        from: source, to: row.to, type: row.to.family.destinationUnreachable, code: 1,
        about: quote.packet(from: quote.source, to: quote.destination))
    }
    if let flags = row.flags { return .tcp(from: from, to: to, flags: flags, acknowledgement: 1, payload: []) }
    return .ip(from: source, to: row.to, .sctp, sctpInit(from.port, to.port))
  }

  /// Opens the connection that a quoted packet belongs to, by its first packet.
  private func open(_ quote: PacketRow.Quote) throws {
    let (from, to) =
      quote.opening == .source ? (quote.source, quote.destination) : (quote.destination, quote.source)
    guard quote.opening != .nobody else { return }
    let node = topology.lab.nodes.first?.name ?? ""
    let capture = try lab.capture(at: try holder(of: to.address, near: node))
    try lab.sendRaw(from: try holder(of: from.address, near: node), quote.packet(from: from, to: to))
    guard capture.waitFor(.seconds(3), { $0.destinationPort == to.port }) != nil else {
      throw ScenarioError("the connection of \(quote) does not come about")
    }
  }

  /// The host that has an address.
  private func holder(of address: IPAddress, near node: String) throws -> LabHost {
    let lab = topology.lab
    if lab.isLocal(address, at: node) { return .node(node) }
    let owners = lab.pods.filter { $0.addresses.contains(address) }
    if let pod = owners.last(where: { $0.node == node }) ?? owners.last { return .pod(pod.name) }
    if let node = lab.nodes.first(where: { $0.addresses.contains(address) }) { return .node(node.name) }
    guard lab.outside.contains(where: { $0.addresses.contains(address) }) else {
      throw ScenarioError("nobody has \(address); a single packet cannot be sent to what is translated")
    }
    return .outside("\(address)")
  }
}

extension PacketRow.Quote {
  fileprivate func packet(from: SocketAddress, to: SocketAddress) -> WirePacket {
    transport == .tcp ? .tcp(from: from, to: to, flags: .syn) : .udp(from: from, to: to, payload: [1, 2, 3, 4])
  }
}

extension WirePacket {
  /// Whether this is `packet`, perhaps with a translated source.
  fileprivate func isSame(as packet: WirePacket) -> Bool {
    guard transport == packet.transport, destination == packet.destination else { return false }
    if let quoted { return quoted.sourcePort == packet.quoted?.sourcePort }
    return destinationPort == packet.destinationPort && tcpFlags == packet.tcpFlags
  }

  /// Whether this is a reset or an ICMP error that answers `packet`.
  fileprivate func isRefusal(of packet: WirePacket) -> Bool {
    if let quoted {
      return quoted.transport == packet.transport && quoted.content.prefix(8) == packet.content.prefix(8)
    }
    return tcpFlags?.contains(.rst) == true && destinationPort == packet.sourcePort
  }
}

extension PacketRow.Verdict {
  /// What a lab's probe calls it.
  fileprivate var outcome: ProbeOutcome {
    switch self {
    case .allowed: .delivered
    case .refused: .refused
    case .dropped: .dropped
    }
  }

  fileprivate init(_ outcome: ProbeOutcome) {
    switch outcome {
    case .delivered: self = .allowed
    case .refused: self = .refused
    case .dropped: self = .dropped
    }
  }
}

/// An SCTP packet with an INIT chunk and no checksum, which no receiver here looks at.
///
/// See: RFC 9260, section 3.3.2
private func sctpInit(_ source: UInt16, _ destination: UInt16) -> [UInt8] {
  let ports = [source, destination].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
  let header = ports + [0, 0, 0, 0, 0, 0, 0, 0]
  return header + [1, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1]
}
