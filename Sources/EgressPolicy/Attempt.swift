import ClusterModel
import NetworkValues

/// A packet that this node refused, as far as its headers tell.
package struct Attempt: Hashable, Sendable {
  /// What refused it.
  package var reason: Refusal

  /// `nil` for what is neither IPv4 nor IPv6.
  package var transport: TransportProtocol?

  /// The sender, as the packet says.
  package var source: IPAddress?

  /// The receiver, after translation; at the raw hooks before it.
  package var destination: IPAddress?

  /// The receiver's port.
  package var port: UInt16?

  /// The type of an ICMP or ICMPv6 message.
  package var icmpType: UInt8?

  /// The index of the interface it came in by, of a bridged packet the port; `nil` for packets of the host itself.
  package var interface: UInt32?

  package init(
    _ reason: Refusal, _ transport: TransportProtocol?, from source: IPAddress?, to destination: IPAddress?,
    port: UInt16? = nil, icmpType: UInt8? = nil, interface: UInt32? = nil
  ) {
    self.reason = reason
    self.transport = transport
    self.source = source
    self.destination = destination
    self.port = port
    self.icmpType = icmpType
    self.interface = interface
  }
}

/// An attempt in the words of the cluster.
package struct ExplainedAttempt: Hashable, Sendable {
  /// The pod that sent it: the one behind its interface, else the one that owns its source. `nil` for the host, and for
  /// senders that nobody knows.
  package var pod: ObjectReference?

  /// The pod's identity.
  package var account: ServiceAccountName?

  /// The name of the interface it came in by.
  package var interface: String?

  /// The name by which the destination is known.
  package var host: String?

  /// The egress gateway whose pod is the destination.
  package var gateway: ObjectReference?

  /// The rule that refused it: `S1`.
  package var rule: String

  /// One sentence: what to change if this should be allowed.
  package var hint: String

  /// What policies that are not in force yet say of it. Sorted by policy.
  package var pending: [PendingVerdict]
}

/// What an AccessPolicy with `dryRun` would make of a refused attempt.
package struct PendingVerdict: Hashable, Sendable {
  /// The policy, which selects the destination.
  package var policy: ObjectReference

  /// Whether it selects the client, too.
  package var allows: Bool
}
