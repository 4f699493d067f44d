import Conntrack
import EgressPolicy
import EgressRuleset
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// The main scenario's hosts, with moat and connection tracking on every node.
final class RevokingCluster {
  let lab: Lab
  private let nodes: [(name: String, kernel: LibnftnlKernel, connections: ConntrackTable)]

  init() throws {
    let lab = try Lab(.httpbin())
    self.lab = lab
    nodes = try ["worker-1", "egress-1"].map { name in
      let loose = try lab.run(in: .node(name), ["cat", "/proc/sys/net/netfilter/nf_conntrack_tcp_loose"])
      try #require(loose.output == "1\n")
      return try lab.inside(.node(name)) { (name, try LibnftnlKernel(), try ConntrackTable()) }
    }
  }

  /// Makes every node hold its rules, one node after the other, and cuts what they refuse.
  @discardableResult
  func enforce(_ model: EgressModel, isRevoking: Bool = true) throws -> [Connection] {
    try nodes.flatMap { node in
      let wanted = lower(model.flows(on: .init(rawValue: node.name)))
      return try lab.inside(.node(node.name)) {
        let before = try node.kernel.read().0
        _ = try Nftables.enforce(wanted, in: node.kernel)
        guard isRevoking else { return [Connection]() }
        return try node.connections.revoke(refusedBy: wanted, concern(from: before, to: wanted)).connections
      }
    }
  }

  /// How many entries all nodes have of a connection, in either direction.
  func entries(of path: OpenConnection) throws -> Int {
    try nodes.reduce(0) { count, node in
      try count + lab.inside(.node(node.name)) { try node.connections.entries(where: path.isOf).count }
    }
  }
}

/// A connection to open and to look for.
struct OpenConnection: Sendable, CustomStringConvertible {
  let from: LabHost
  let to: IPAddress
  let message: Probe.Message

  init(_ from: LabHost, _ to: String, _ message: Probe.Message) {
    self.from = from
    self.to = address(to)
    self.message = message
  }

  var description: String { "\(Probe(from: from, to: to, message))" }

  /// Whether it is to a Service's address, which the sender's node translates.
  var isToService: Bool {
    LabTopology.httpbin().translations.contains { $0.match == .address(to) }
  }

  /// Opens it.
  func open(in lab: Lab) throws -> LabConnection {
    let connection = try lab.connect(from: from, to: to, message)
    try #require(connection.opening.outcome == .delivered && connection.opening.isAnswered)
    return connection
  }

  /// Whether a tracked connection is this one, or the same the wrong way round.
  func isOf(_ connection: Connection) -> Bool {
    let (transport, ports): (TransportProtocol, [UInt16?]) =
      switch message {
      case .tcp(let port): (.tcp, port == 443 ? [443, 8443] : [port])
      case .udp(let port): (.udp, [port])
      case .ping: (.icmp(of: to.family), [nil])
      }
    let isForward = senders.contains(connection.source) && ports.contains(connection.destinationPort)
    let isReversed = senders.contains(connection.destination) && ports.contains(connection.sourcePort)
    return connection.transport == transport && (isForward || isReversed)
  }

  /// The opener's own addresses of this family.
  private var senders: [IPAddress] {
    let lab = LabTopology.httpbin()
    let all =
      switch from {
      case .pod(let name): lab.pods.first { $0.name == name }?.addresses ?? []
      case .outside(let name): lab.outside.first { $0.name == name }?.addresses ?? []
      case .node(let name):
        (lab.nodes.first { $0.name == name }?.addresses ?? [])
          + IPFamily.allCases.compactMap { lab.uplinkAddress(ofNode: name, $0) }
      }
    return all.filter { $0.family == to.family }
  }
}
