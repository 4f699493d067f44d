import NetworkValues

/// Something read from the node, or why it could not be.
package enum NodeReading<Value: Hashable & Sendable>: Hashable, Sendable {
  case value(Value)

  /// A sentence part: what was read, and why that failed.
  case unreadable(String)

  /// What was read.
  package var known: Value? { if case .value(let value) = self { value } else { nil } }
}

/// What `moat doctor` looks at on a node, at one moment. Judged by `doctorFindings`.
package struct NodeFacts: Hashable, Sendable {
  /// Something of the kernel that moat's rulesets need, asked for by a transaction that is never committed.
  package enum Feature: String, Hashable, Sendable, CaseIterable {
    case sets = "hash and interval sets, also of several fields"
    case matches = "ct state, fib type and tcp flags"
    case refusals = "counter, limit, log to a group and reject"
    case sockets = "socket cgroupv2"
    case bridge = "tables of the bridge family"
    case ownership = "tables with an owner that outlive it (Linux 6.9)"
  }

  /// Why the kernel does not have a feature; those that it has are not in it.
  package var missing: NodeReading<[Feature: String]> = .value([:])

  /// By path below /proc/sys/net, as far as they are there: `ipv4/ip_forward` → `1`.
  package var sysctls: NodeReading<[String: String]> = .value([:])

  /// /etc/nftables.conf holds `flush ruleset` and nftables.service is enabled.
  package var nftablesFlushes: NodeReading<Bool> = .value(false)

  /// firewalld.service is enabled and flushes everything when it reloads.
  package var firewalldFlushes: NodeReading<Bool> = .value(false)

  /// The interfaces of this network namespace.
  package var interfaces: NodeReading<HostInterfaces> = .value(HostInterfaces())

  /// Interfaces with a program that may move packets past netfilter, and of what kind: `XDP`, `clsact`.
  package var programs: NodeReading<[String: String]> = .value([:])

  /// Network cards that have virtual functions, which pods may be given.
  package var virtualFunctions: NodeReading<[String]> = .value([])

  /// Tables of others in which a rule masquerades: `ip nat`.
  package var masquerading: NodeReading<[String]> = .value([])

  package init() {}
}

/// A connection that is open now and that enforcement would cut.
package struct CutConnection: Hashable, Sendable {
  /// Who opened it.
  package var source: IPAddress

  /// Where to, as the opener sees it: before any translation.
  package var destination: IPAddress

  /// The protocol.
  package var transport: TransportProtocol

  /// Absent where the protocol has none.
  package var port: UInt16?

  /// Whether the host itself opened it.
  package var isHosts: Bool

  package init(
    source: IPAddress, destination: IPAddress, transport: TransportProtocol, port: UInt16?, isHosts: Bool
  ) {
    self.source = source
    self.destination = destination
    self.transport = transport
    self.port = port
    self.isHosts = isHosts
  }
}
