import NetworkValues

/// moat's configuration, `apiVersion: moat.dev/v1alpha1`, `kind: MoatConfiguration`, with every default in place.
///
/// See: README.md, Configuration
package struct Configuration: Hashable, Sendable {
  /// Whether refusals take effect, or are counted and logged alone (S13).
  package enum Mode: String, Hashable, Sendable, CaseIterable { case enforce, audit }

  /// What may come in from the outside (S15).
  package enum Inbound: String, Hashable, Sendable, CaseIterable { case any, services, none }

  /// Who passes hop A: clients alone, or every pod, for the gateway's RBAC to judge (S2).
  package enum Admission: String, Hashable, Sendable, CaseIterable { case authorized, mesh }

  /// What an external destination without a policy grants (A2).
  package enum Unpoliced: String, Hashable, Sendable, CaseIterable { case deny, allow }

  /// How far a host process may go (S6).
  package enum HostMode: String, Hashable, Sendable, CaseIterable { case restricted, unrestricted }

  /// Whether wildcard hosts open what DNS answers show (issue "Names").
  package enum WildcardNames: String, Hashable, Sendable, CaseIterable { case observe, deny }

  /// Well-known needs of a node's own processes (S6).
  package enum HostPreset: String, Hashable, Sendable, CaseIterable {
    case dns, ntp, bgp
    case metadataAWS = "metadata-aws"
    case metadataGCP = "metadata-gcp"
    case metadataAzure = "metadata-azure"
  }

  /// How the cluster is laid out.
  package struct Cluster: Hashable, Sendable {
    /// What selectors and refs call this cluster; absent: the only one.
    package var name: String?

    /// Inside, besides what the objects of the cluster say.
    package var networks: [Prefix] = []

    /// Where nodes' and tunnels' addresses may lie; empty: private InternalIPs only.
    package var nodeNetworks: [Prefix] = []

    /// Link-local addresses that are served on the node (S17).
    package var localAddresses: [IPAddress] = []

    /// Replaces the endpoints of Service default/kubernetes where not empty.
    package var apiServer: [APIServerEndpoint] = []

    /// Which interfaces are of which class, by name.
    package var interfaces = Interfaces()
    package init() {}
  }

  /// Name globs of interface classes (S14); empty: by kind.
  package struct Interfaces: Hashable, Sendable {
    /// Globs of names of interfaces that lead outside.
    package var uplinks: [String] = []

    /// Globs of names of tunnels between nodes.
    package var tunnels: [String] = []

    /// Globs of names of interfaces with pods behind them.
    package var pods: [String] = []

    /// The UDP port on which nodes speak WireGuard.
    package var wireguardPort: UInt16 = 51820
    package init() {}
  }

  /// How gateways are reached.
  package struct Gateways: Hashable, Sendable {
    /// Who passes hop A (S2).
    package var admission = Admission.authorized

    /// What a destination without a policy grants (A2).
    package var unpoliced = Unpoliced.deny

    /// Ports of gateway pods that inside addresses may reach (S3).
    package var managementPorts: [UInt16] = [15020, 15021, 15090]
    package init() {}
  }

  /// What the host's own processes may reach (S6).
  package struct Host: Hashable, Sendable {
    /// Restricted to what is listed, or unrestricted for the units in `cgroups`.
    package var mode = HostMode.restricted

    /// Well-known needs of a node, by name.
    package var presets: [HostPreset] = []

    /// Paths below the cgroup root whose processes `unrestricted` passes.
    package var cgroups: [String] = ["system.slice", "user.slice", "init.scope"]

    /// What is allowed besides.
    package var allow: [HostAllowance] = []
    package init() {}
  }

  /// One of `host.allow[]`.
  package struct HostAllowance: Hashable, Sendable {
    /// What messages call it.
    package var name: String

    /// Where to; empty allows nothing.
    package var to: [Destination]

    /// Over which protocols and ports; empty allows nothing.
    package var ports: [PortAllowance]

    /// Only processes of this cgroup.
    package var cgroup: String?

    package init(name: String, to: [Destination], ports: [PortAllowance], cgroup: String? = nil) {
      self.name = name
      self.to = to
      self.ports = ports
      self.cgroup = cgroup
    }
  }

  /// One of `exceptions[]` (S7).
  package struct Exception: Hashable, Sendable {
    /// What messages call it.
    package var name: String

    /// Which pods.
    package var from: PodSelector

    /// Where to; empty allows nothing.
    package var to: [Destination]

    /// Over which protocols and ports; empty allows nothing.
    package var ports: [PortAllowance]

    package init(name: String, from: PodSelector, to: [Destination], ports: [PortAllowance]) {
      self.name = name
      self.from = from
      self.to = to
      self.ports = ports
    }
  }

  /// `from` of an exception: a namespace, and pod labels or a ServiceAccount. Without either it selects nothing.
  package struct PodSelector: Hashable, Sendable {
    /// Their namespace; without it nothing is selected.
    package var namespace: String?

    /// Their labels.
    package var podSelector: LabelSelector?

    /// Their ServiceAccount's name, instead of labels.
    package var serviceAccount: String?

    package init(namespace: String?, podSelector: LabelSelector? = nil, serviceAccount: String? = nil) {
      self.namespace = namespace
      self.podSelector = podSelector
      self.serviceAccount = serviceAccount
    }
  }

  /// One of `to[]`.
  package enum Destination: Hashable, Sendable {
    case cidr(Prefix)
    case host(String)
  }

  /// One of `ports[]`. ICMP means echo requests of the destination's family; its `range` is then `.all`.
  package struct PortAllowance: Hashable, Sendable {
    /// The protocols that an allowance may name, spelled as in the configuration.
    package enum Transport: String, Hashable, Sendable, CaseIterable {
      case tcp = "TCP"
      case udp = "UDP"
      case sctp = "SCTP"
      case icmp = "ICMP"
    }

    /// The protocol.
    package var transport: Transport

    /// The ports; of ICMP all.
    package var range: PortRange

    package init(transport: Transport, range: PortRange) {
      self.transport = transport
      self.range = range
    }
  }

  /// How names become addresses.
  package struct Names: Hashable, Sendable {
    /// Fixed answers, before DNS. Keys in lower case, without a final dot.
    package var hosts: [String: [IPAddress]] = [:]

    /// Which resolvers to ask; empty: those of `/etc/resolv.conf`.
    package var resolvers: [IPAddress] = []

    /// Seconds.
    package var grace: Int = 300

    /// Seconds after which what DNS gave vanishes from the kernel where no daemon renews it; at least twice `grace`.
    package var backstop: Int = 3600

    /// How many addresses one name may have at a time.
    package var maxAddressesPerHost: Int = 256

    /// Whether wildcard hosts are served.
    package var wildcards = WildcardNames.observe
    package init() {}
  }

  /// What is logged.
  package struct Log: Hashable, Sendable {
    /// How much the daemon says: a level of swift-log.
    package var level: String = "info"

    /// Whether refused packets are copied to NFLOG.
    package var deniedEnabled = true

    /// Records a second and burst of each refusal reason, in the kernel.
    package var deniedRate: UInt64 = 200

    /// How many records may come at once before the rate holds.
    package var deniedBurst: UInt32 = 500
    package init() {}
  }

  /// What the daemon writes into the cluster that it follows.
  package struct Kubernetes: Hashable, Sendable {
    /// Whether findings become Events on the objects that cause them.
    package var events = false

    /// Whether pods get an Event when their connections are refused.
    package var refusals = false

    /// Whether the Node gets the condition EgressFirewallReady.
    package var nodeCondition = false

    /// Whether the Node loses the taint moat.dev/not-ready:NoSchedule when its firewall stands.
    package var removeTaint = false
    package init() {}
  }

  /// Enforce or audit (S13).
  package var mode = Mode.enforce

  /// The cluster's layout.
  package var cluster = Cluster()

  /// What may come in from the outside (S15).
  package var inbound = Inbound.any

  /// From where, with `inbound: services`.
  package var inboundSources: [Prefix] = []

  /// `apiServer.fromPods` (S16).
  package var apiServerFromPods = true

  /// `gatewayNodes.selector`.
  package var gatewayNodeSelector = LabelSelector(
    matchLabels: ["node-restriction.kubernetes.io/egress-gateway": "true"])

  /// How gateways are reached.
  package var gateways = Gateways()

  /// What the host may reach (S6).
  package var host = Host()

  /// What single pods may reach without a gateway (S7).
  package var exceptions: [Exception] = []

  /// How names become addresses.
  package var names = Names()

  /// What is logged.
  package var log = Log()

  /// What is written into the cluster.
  package var kubernetes = Kubernetes()

  /// Where metrics, health and status are served.
  package var listen: String = "127.0.0.1:9470"

  package init() {}
}
