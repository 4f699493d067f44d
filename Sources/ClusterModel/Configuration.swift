import NetworkValues

/// moat's configuration, `apiVersion: moat.dev/v1alpha1`, `kind: MoatConfiguration`, with every default in place.
///
/// See: README.md, Configuration
package struct Configuration: Hashable, Sendable {
  package enum Mode: String, Hashable, Sendable, CaseIterable { case enforce, audit }
  package enum Inbound: String, Hashable, Sendable, CaseIterable { case any, services, none }
  package enum Admission: String, Hashable, Sendable, CaseIterable { case authorized, mesh }
  package enum Unpoliced: String, Hashable, Sendable, CaseIterable { case deny, allow }
  package enum HostMode: String, Hashable, Sendable, CaseIterable { case restricted, unrestricted }
  package enum WildcardNames: String, Hashable, Sendable, CaseIterable { case observe, deny }

  /// Well-known needs of a node's own processes (S6).
  package enum HostPreset: String, Hashable, Sendable, CaseIterable {
    case dns, ntp, bgp
    case metadataAWS = "metadata-aws"
    case metadataGCP = "metadata-gcp"
    case metadataAzure = "metadata-azure"
  }

  package struct Cluster: Hashable, Sendable {
    /// What selectors and refs call this cluster; absent: the only one.
    package var name: String?
    package var networks: [Prefix] = []
    package var nodeNetworks: [Prefix] = []
    package var localAddresses: [IPAddress] = []

    /// Replaces the endpoints of Service default/kubernetes where not empty.
    package var apiServer: [APIServerEndpoint] = []
    package var interfaces = Interfaces()
    package init() {}
  }

  /// Name globs of interface classes (S14); empty: by kind.
  package struct Interfaces: Hashable, Sendable {
    package var uplinks: [String] = []
    package var tunnels: [String] = []
    package var pods: [String] = []
    package var wireguardPort: UInt16 = 51820
    package init() {}
  }

  package struct Gateways: Hashable, Sendable {
    package var admission = Admission.authorized
    package var unpoliced = Unpoliced.deny
    package var managementPorts: [UInt16] = [15020, 15021, 15090]
    package init() {}
  }

  package struct Host: Hashable, Sendable {
    package var mode = HostMode.restricted
    package var presets: [HostPreset] = []
    package var cgroups: [String] = ["system.slice", "user.slice", "init.scope"]
    package var allow: [HostAllowance] = []
    package init() {}
  }

  /// One of `host.allow[]`.
  package struct HostAllowance: Hashable, Sendable {
    package var name: String
    package var to: [Destination]
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
    package var name: String
    package var from: PodSelector
    package var to: [Destination]
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
    package var namespace: String?
    package var podSelector: LabelSelector?
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
    package enum Transport: String, Hashable, Sendable, CaseIterable {
      case tcp = "TCP"
      case udp = "UDP"
      case sctp = "SCTP"
      case icmp = "ICMP"
    }
    package var transport: Transport
    package var range: PortRange

    package init(transport: Transport, range: PortRange) {
      self.transport = transport
      self.range = range
    }
  }

  package struct Names: Hashable, Sendable {
    /// Fixed answers, before DNS. Keys in lower case, without a final dot.
    package var hosts: [String: [IPAddress]] = [:]
    package var resolvers: [IPAddress] = []

    /// Seconds.
    package var grace: Int = 300
    package var maxAddressesPerHost: Int = 256
    package var wildcards = WildcardNames.observe
    package init() {}
  }

  package struct Log: Hashable, Sendable {
    package var level: String = "info"
    package var deniedEnabled = true

    /// Records a second and burst of each refusal reason, in the kernel.
    package var deniedRate: UInt64 = 200
    package var deniedBurst: UInt32 = 500
    package init() {}
  }

  package var mode = Mode.enforce
  package var cluster = Cluster()
  package var inbound = Inbound.any
  package var inboundSources: [Prefix] = []

  /// `apiServer.fromPods` (S16).
  package var apiServerFromPods = true

  /// `gatewayNodes.selector`.
  package var gatewayNodeSelector = LabelSelector(
    matchLabels: ["node-restriction.kubernetes.io/egress-gateway": "true"])
  package var gateways = Gateways()
  package var host = Host()
  package var exceptions: [Exception] = []
  package var names = Names()
  package var log = Log()

  /// Where metrics, health and status are served.
  package var listen: String = "127.0.0.1:9470"

  package init() {}
}
