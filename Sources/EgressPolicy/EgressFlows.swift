import ClusterModel
import NetworkValues

/// What one node must enforce: who may reach what, and why. Everything not in it is refused.
package struct EgressFlows: Hashable, Sendable {
  /// The node that enforces.
  package var node: NodeName

  /// What the node is.
  package var role: NodeRole

  /// What holds whoever is concerned.
  package var rules: EnforcementRules

  /// All addresses that count as inside.
  package var inside: PrefixSet

  /// The nodes' podCIDRs; clients of `admission: mesh`.
  package var podNetworks: PrefixSet

  /// Gateway pods' addresses, on any node: protected by S3. Sorted.
  package var protected: [PodAddress]

  /// Every gateway endpoint of the cluster that G1 and G2 accept. Sorted.
  package var endpoints: [GatewayEndpoint]

  /// Client → gateway endpoint (S2): clients of this node, and all clients of gateways on this node.
  package var hopA: [Flow]

  /// Gateway pod of this node → external address (S4).
  package var hopB: [Flow]

  /// Gateway pod of this node → what resolvers told it of names that it may reach (S4).
  package var observed: [Flow] = []

  /// Gateway pods of this node that may reach what resolvers tell them. Sorted.
  package var nameClients: [IPAddress] = []

  /// The ports on which they may. Sorted.
  package var namePorts: [UInt16] = []

  /// The resolvers that are believed then: what a pod has asked, before any translation. Sorted.
  package var resolvers: [IPAddress] = []

  /// Pods of this node → listed destinations (S7).
  package var exceptions: [Flow]

  /// This host → listed destinations (S6).
  package var host: [Flow]

  /// Processes of single cgroups → listed destinations (S6). Sorted by path.
  package var hostUnits: [HostUnit] = []

  /// Cgroups whose processes may reach everything (`host.mode: unrestricted`). Sorted by path.
  package var hostCgroups: [HostCgroup] = []

  /// API server tuples that are not inside anyway, for the host and by setting for pods (S16).
  package var apiServer: [Flow]

  /// Absent where nobody has looked at the node's interfaces: then S9 and S14 are not judged.
  package var interfaces: InterfaceFlows?

  /// Sorted; the whole cluster's, not only this node's.
  package var findings: [Finding]
}

/// Whether a node may carry gateway pods' traffic to the outside.
package enum NodeRole: String, Hashable, Sendable {
  case gateway
  case application
}

/// The settings that shape the static rules.
package struct EnforcementRules: Hashable, Sendable {
  /// Enforce or audit (S13).
  package var mode: Configuration.Mode

  /// Who passes hop A (S2).
  package var admission: Configuration.Admission

  /// What may come in from the outside (S15).
  package var inbound: Configuration.Inbound

  /// Counted only with `inbound: services`.
  package var inboundSources: PrefixSet

  /// Whether pods may reach the API server (S16).
  package var apiServerFromPods: Bool

  /// Sorted, without duplicates.
  package var managementPorts: [UInt16]

  /// How refused packets are logged.
  package var log: Configuration.Log

  /// Seconds after which an allowance that DNS gave vanishes from the kernel where nobody renews it.
  package var nameTimeout: UInt32 = 3600
}

/// An address, and the pod that owns it.
package struct PodAddress: Hashable, Comparable, Sendable {
  /// `namespace/name`.
  package var pod: String

  /// The address itself.
  package var address: IPAddress

  package init(pod: String, address: IPAddress) {
    self.pod = pod
    self.address = address
  }

  package static func < (left: PodAddress, right: PodAddress) -> Bool {
    left.address != right.address ? left.address < right.address : left.pod < right.pod
  }
}

/// One listener of one gateway pod: address and port on the wire, TCP.
package struct GatewayEndpoint: Hashable, Comparable, Sendable {
  /// The gateway whose listener it is.
  package var gateway: ObjectReference

  /// The gateway pod and its address.
  package var pod: PodAddress

  /// The pod's port, TCP.
  package var port: UInt16

  package static func < (left: GatewayEndpoint, right: GatewayEndpoint) -> Bool {
    if left.pod != right.pod { return left.pod < right.pod }
    return left.port == right.port ? left.gateway < right.gateway : left.port < right.port
  }
}

/// One allowance.
package struct Flow: Hashable, Sendable {
  /// Absent: the host itself, or any inside source (API server).
  package var from: PodAddress?

  /// A pod as `namespace/name`, a host name, or the name of a configuration entry.
  package var target: String

  /// A single address is its /32 or /128.
  package var destination: Prefix

  /// The protocol.
  package var transport: TransportProtocol

  /// `.all` for ICMP.
  package var ports: PortRange

  /// Why, each a field of an object; sorted by first appearance.
  package var reasons: [Reason]

  /// Whether DNS gave the destination: such an allowance fades where nobody renews it.
  package var isResolved = false
}

/// Why something is allowed: an object, the field in it, and whom it selected.
package struct Reason: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Absent: the configuration.
  package var object: ObjectReference?

  /// The field, as in `spec.ports[0]`.
  package var path: String

  /// For instance the name of a configuration entry; may be empty.
  package var detail: String

  /// The identity that the field selected.
  package var account: ServiceAccountName? = nil

  package init(_ object: ObjectReference?, path: String, detail: String = "") {
    self.object = object
    self.path = path
    self.detail = detail
  }

  /// The same field, as far as it selected `account`; the configuration selects nobody.
  func selecting(_ account: ServiceAccountName) -> Reason {
    guard object != nil else { return self }
    var reason = self
    reason.account = account
    return reason
  }

  package static func < (left: Reason, right: Reason) -> Bool { left.description < right.description }

  /// `AccessPolicy istio-egress/p spec.config.authz.allowedClients[0] (ServiceAccount bookinfo/x)`.
  package var description: String {
    let text = (object.map(\.description) ?? "MoatConfiguration") + " " + path
    let detail = account.map { "ServiceAccount \($0)" } ?? self.detail
    return shown(text + (detail.isEmpty ? "" : " (\(detail))"), limit: .max)
  }
}
