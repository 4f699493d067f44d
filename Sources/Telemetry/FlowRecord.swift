/// One refused packet, or several alike within a second, as `moat flows` and the flow log show it.
package struct FlowRecord: Hashable, Sendable, Codable {
  /// What became of it.
  package enum Verdict: String, Hashable, Sendable, Codable {
    case refused

    /// In audit mode: it passed.
    case wouldDeny = "would-deny"
  }

  /// Who sent it.
  package struct Source: Hashable, Sendable, Codable {
    /// As the packet says.
    package var ip: String?

    /// The port of the first of several packets.
    package var port: UInt16?

    /// The namespace of `pod`.
    package var namespace: String?

    /// The pod behind the interface, else the owner of `ip`; absent for the host and for strangers.
    package var pod: String?

    /// The name of the pod's ServiceAccount, in `namespace`.
    package var serviceAccount: String?

    /// The host's interface by which it came in; absent for the host's own packets.
    package var interface: String?

    package init(
      ip: String? = nil, port: UInt16? = nil, namespace: String? = nil, pod: String? = nil,
      serviceAccount: String? = nil, interface: String? = nil
    ) {
      self.ip = ip
      self.port = port
      self.namespace = namespace
      self.pod = pod
      self.serviceAccount = serviceAccount
      self.interface = interface
    }
  }

  /// Where it was going.
  package struct Destination: Hashable, Sendable, Codable {
    /// After every translation that came before the rule.
    package var ip: String?

    /// Of TCP, UDP and SCTP.
    package var port: UInt16?

    /// The name that gave the address.
    package var host: String?

    /// The egress gateway, `namespace/name`, whose pod it is.
    package var gateway: String?

    package init(ip: String? = nil, port: UInt16? = nil, host: String? = nil, gateway: String? = nil) {
      self.ip = ip
      self.port = port
      self.host = host
      self.gateway = gateway
    }
  }

  /// What a policy that is not in force yet says of it.
  package struct Pending: Hashable, Sendable, Codable {
    /// `namespace/name` of the AccessPolicy.
    package var policy: String

    /// `would-allow` or `would-deny`.
    package var verdict: String

    package init(policy: String, verdict: String) {
      self.policy = policy
      self.verdict = verdict
    }
  }

  /// Of the first packet: RFC 3339 in UTC with microseconds, so that text order is the order of time.
  package var time: String

  /// The node that refused it.
  package var node: String

  /// Whether it was refused, or would be.
  package var verdict: Verdict

  /// The name of the counter: `refused_external`.
  package var reason: String

  /// The rule of the contract: `S1`.
  package var rule: String

  /// `tcp`, `47`, `arp`.
  package var `protocol`: String

  /// Who sent it.
  package var source: Source

  /// Where it was going.
  package var destination: Destination

  /// How many packets it stands for.
  package var count: UInt64

  /// One sentence: what to change if this should be allowed.
  package var hint: String

  /// Absent where no trial selects the destination. Sorted by policy.
  package var pending: [Pending]?

  package init(
    time: String, node: String, verdict: Verdict, reason: String, rule: String, protocol: String, source: Source,
    destination: Destination, count: UInt64, hint: String, pending: [Pending]? = nil
  ) {
    self.time = time
    self.node = node
    self.verdict = verdict
    self.reason = reason
    self.rule = rule
    self.protocol = `protocol`
    self.source = source
    self.destination = destination
    self.count = count
    self.hint = hint
    self.pending = pending
  }
}

/// What became of refused packets on their way to records. Together with what `log.denied` keeps from being logged at
/// all it is what the counters of refused packets say:
/// `handed == records + folded + waiting + overflowed + lost + foreign`.
package struct FlowCounts: Hashable, Sendable, Codable {
  /// Packets that the kernel handed over, or wanted to, since the daemon listens.
  package var handed: UInt64 = 0

  /// Records that were made.
  package var records: UInt64 = 0

  /// Packets that a record stands for besides its first.
  package var folded: UInt64 = 0

  /// Packets whose record is not made yet.
  package var waiting: UInt64 = 0

  /// Packets that got no record because too many different ones came within a second.
  package var overflowed: UInt64 = 0

  /// Packets that the kernel could not deliver.
  package var lost: UInt64 = 0

  /// Packets that somebody else's rule logged to moat's group.
  package var foreign: UInt64 = 0

  /// Records that could not be written to the flow log; `moat flows` has them.
  package var unwritten: UInt64 = 0

  package init() {}

  /// Packets of which nothing was told.
  package var dropped: UInt64 { overflowed + lost }
}

/// What `moat flows` gets from the daemon.
package struct FlowsDocument: Hashable, Sendable, Codable {
  /// Oldest first.
  package var records: [FlowRecord]

  /// Where to go on: the position after the last record.
  package var position: UInt64

  /// Records after the asked position that are forgotten already.
  package var missed: UInt64

  /// What became of all refused packets.
  package var counts: FlowCounts

  package init(records: [FlowRecord], position: UInt64, missed: UInt64, counts: FlowCounts) {
    self.records = records
    self.position = position
    self.missed = missed
    self.counts = counts
  }
}
