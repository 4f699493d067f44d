import ClusterModel
import ManifestSource
import NetworkValues
import Testing

@Suite struct ConfigurationTests {
  @Test func everyKey() throws {
    let configuration = try readConfiguration(Array(full.utf8), file: "config.yaml")
    var expected = Configuration()
    expected.mode = .audit
    expected.cluster.name = "cluster-1"
    expected.cluster.networks = [try Prefix(parsing: "10.96.0.0/12"), try Prefix(parsing: "fd00:10:96::/112")]
    expected.cluster.localAddresses = [try IPAddress(parsing: "169.254.20.10")]
    expected.cluster.apiServer = [
      APIServerEndpoint(address: try IPAddress(parsing: "198.51.100.2"), port: 443),
      APIServerEndpoint(address: try IPAddress(parsing: "2001:db8::1"), port: 6443),
    ]
    expected.cluster.interfaces.uplinks = ["eth*"]
    expected.cluster.interfaces.wireguardPort = 51871
    expected.inbound = .services
    expected.inboundSources = [try Prefix(parsing: "192.0.2.0/24")]
    expected.apiServerFromPods = false
    expected.gatewayNodeSelector = LabelSelector(matchLabels: ["role": "egress"])
    expected.gateways.admission = .mesh
    expected.gateways.unpoliced = .allow
    expected.gateways.managementPorts = [15021]
    expected.host.mode = .unrestricted
    expected.host.presets = [.dns, .metadataAWS]
    expected.host.cgroups = ["system.slice"]
    expected.host.allow = [
      Configuration.HostAllowance(
        name: "registry", to: [.cidr(try Prefix(parsing: "198.51.100.7/32")), .host("registry.example.com")],
        ports: [
          Configuration.PortAllowance(transport: .tcp, range: PortRange(443)),
          Configuration.PortAllowance(transport: .sctp, range: PortRange(first: 1, last: 65535)),
          Configuration.PortAllowance(transport: .icmp, range: .all),
        ], cgroup: "system.slice/containerd.service")
    ]
    expected.exceptions = [
      Configuration.Exception(
        name: "coredns", from: Configuration.PodSelector(namespace: "kube-system", serviceAccount: "coredns"), to: [],
        ports: [Configuration.PortAllowance(transport: .udp, range: PortRange(53))])
    ]
    expected.names.hosts = ["httpbin.org": [try IPAddress(parsing: "203.0.113.10")]]
    expected.names.resolvers = [try IPAddress(parsing: "9.9.9.9")]
    expected.names.grace = 5430
    expected.names.backstop = 14_400
    expected.names.maxAddressesPerHost = 10
    expected.names.wildcards = .deny
    expected.log.level = "debug"
    expected.log.deniedEnabled = false
    expected.log.deniedRate = 10
    expected.log.deniedBurst = 20
    expected.listen = "[::1]:9470"
    #expect(configuration == expected)
  }

  @Test func defaults() throws {
    let text = "apiVersion: moat.dev/v1alpha1\nkind: MoatConfiguration\n"
    #expect(try readConfiguration(Array(text.utf8), file: "c") == Configuration())
    let httpbin = try loadConfiguration(path: httpbin + "/config.yaml")
    #expect(httpbin.exceptions.map(\.name) == ["coredns-upstream"])
    #expect(httpbin.names.hosts["httpbin.org"]?.count == 2)
  }

  /// Every fault is told, with key path, value and line.
  @Test func allFaults() {
    #expect(errors(broken) == golden)
  }

  @Test(arguments: [
    ("", "c.yaml: must hold one document of kind MoatConfiguration, not 0"),
    ("a: 1\n---\nb: 2", "c.yaml: must hold one document of kind MoatConfiguration, not 2"),
    ("a: 1\nb:\n  c: 1\n  c: 2", "c.yaml:3: has the key \"c\" twice"),
    ("a: [1, 2", "c.yaml:2: is no YAML: while parsing a flow sequence: did not find expected ',' or ']'"),
  ])
  func noDocument(_ text: String, error: String) { #expect(errors(text) == [error]) }

  @Test func missingFile() {
    #expect(throws: ConfigurationError.self) { try loadConfiguration(path: "/nonexistent/config.yaml") }
  }

  private func errors(_ text: String) -> [String] {
    do throws(ConfigurationError) {
      _ = try readConfiguration(Array(text.utf8), file: "c.yaml")
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }
}

private let full = """
  apiVersion: moat.dev/v1alpha1
  kind: MoatConfiguration
  mode: audit
  cluster:
    name: cluster-1
    networks: [10.96.0.0/12, "fd00:10:96::/112"]
    nodeNetworks: []
    localAddresses: [169.254.20.10]
    apiServer: ["198.51.100.2:443", "[2001:db8::1]:6443"]
    interfaces: { uplinks: [eth*], tunnels: [], pods: [], wireguardPort: 51871 }
  inbound: services
  inboundSources: [192.0.2.0/24]
  apiServer: { fromPods: false }
  gatewayNodes: { selector: { matchLabels: { role: egress } } }
  gateways: { admission: mesh, unpoliced: allow, managementPorts: [15021] }
  host:
    mode: unrestricted
    presets: [dns, metadata-aws]
    cgroups: [system.slice]
    allow:
    - name: registry
      to: [{ cidr: 198.51.100.7/32 }, { host: Registry.Example.com. }]
      ports: [{ protocol: TCP, port: 443 }, { protocol: SCTP, port: 1, endPort: 65535 }, { protocol: ICMP }]
      cgroup: system.slice/containerd.service
  exceptions:
  - { name: coredns, from: { namespace: kube-system, serviceAccount: coredns }, to: [], ports: [{ protocol: UDP, port: 53 }] }
  names:
    hosts: { "HTTPBin.org.": [203.0.113.10] }
    resolvers: [9.9.9.9]
    grace: 1h30m30s
    backstop: 4h
    maxAddressesPerHost: 10
    wildcards: deny
  log: { level: debug, denied: { enabled: false, rate: 10, burst: 20 } }
  listen: "[::1]:9470"
  """

private let broken = """
  apiVersion: moat.dev/v1
  mode: block
  unknown: 1
  cluster:
    network: []
    networks: [10.0.0.1/8, 10.0.0.0/33]
    localAddresses: [169.254.20.10/32]
    apiServer: ["198.51.100.2", "2001:db8::1:6443", "10.0.0.1:0"]
    interfaces: { uplinks: ["a/b"], wireguardPort: 0 }
  inbound: 1
  apiServer: { fromPods: yes }
  gatewayNodes: { selector: { matchExpressions: [] } }
  gateways: { managementPorts: [0, "1"] }
  host:
    presets: [dns, dhcp]
    cgroups: [/system.slice]
    allow:
    - { name: a, to: [{ cidr: 10.0.0.0/8, host: a }], ports: [] }
    - { name: b, to: [], ports: [{ protocol: TCP }] }
    - { name: c, to: [], ports: [{ port: 5, endPort: 4 }] }
    - { name: d, to: [], ports: [{ protocol: ICMP, port: 8 }] }
    - { name: e, to: [], ports: [] }
    - { name: e, to: [], ports: [] }
    - { name: "", to: [{ cidr: 10.0.0.1/8 }, 1], ports: [{ protocol: X, port: 0, endPort: 5 }, {}], cgroup: ., x: 1 }
    - host
  exceptions:
  - { name: a, from: { podSelector: {}, serviceAccount: x, namespace: A/b, pod: 1 }, to: {}, ports: [1] }
  - { from: {}, to: [], ports: [] }
  names:
    hosts: { "*.a": [1.2.3.4], a.example: [], A.Example: [] }
    grace: 300
    maxAddressesPerHost: 0
  log: { level: loud, denied: { rate: 0 } }
  listen: localhost:9470
  """

private let golden = [
  "c.yaml:3: unknown: \"1\" is an unknown field",
  "c.yaml:1: apiVersion: \"moat.dev/v1\" is not moat.dev/v1alpha1",
  "c.yaml:1: {apiVersion: …} has no kind; expected MoatConfiguration",
  "c.yaml:2: mode: \"block\" is none of enforce, audit",
  "c.yaml:5: cluster.network: [] is an unknown field",
  "c.yaml:6: cluster.networks[0]: \"10.0.0.1/8\" has host bits set; did you mean 10.0.0.0/8?",
  "c.yaml:6: cluster.networks[1]: \"10.0.0.0/33\" has no prefix length from 0 to 32",
  "c.yaml:7: cluster.localAddresses[0]: \"169.254.20.10/32\" is not an IP address",
  "c.yaml:8: cluster.apiServer[0]: \"198.51.100.2\" is no address with a port, like 198.51.100.2:443 or [2001:db8::1]:6443",
  "c.yaml:8: cluster.apiServer[1]: \"2001:db8::1:6443\" must have its IPv6 address, and no other, in brackets",
  "c.yaml:8: cluster.apiServer[2]: \"10.0.0.1:0\" is no address with a port, like 198.51.100.2:443 or [2001:db8::1]:6443",
  "c.yaml:9: cluster.interfaces.uplinks[0]: \"a/b\" is no interface name of at most 15 characters, with * and ? as wildcards",
  "c.yaml:9: cluster.interfaces.wireguardPort: \"0\" is not a number from 1 to 65535",
  "c.yaml:10: inbound: \"1\" is none of any, services, none",
  "c.yaml:11: apiServer.fromPods: \"yes\" is a string, not a boolean; write true or false",
  "c.yaml:12: gatewayNodes.selector.matchExpressions: [] is an unknown field",
  "c.yaml:13: gateways.managementPorts[0]: \"0\" is not a number from 1 to 65535",
  "c.yaml:13: gateways.managementPorts[1]: \"1\" is a string, not an integer",
  "c.yaml:15: host.presets[1]: \"dhcp\" is none of dns, ntp, bgp, metadata-aws, metadata-gcp, metadata-azure",
  "c.yaml:16: host.cgroups[0]: \"/system.slice\" is no cgroup below the root, like system.slice/containerd.service",
  "c.yaml:18: host.allow[0].to[0]: {cidr: …} must have either cidr or host",
  "c.yaml:19: host.allow[1].ports[0]: {protocol: …} has no port; for all of them write port: 1 and endPort: 65535",
  "c.yaml:20: host.allow[2].ports[0].endPort: \"4\" is below port 5",
  "c.yaml:21: host.allow[3].ports[0].port: \"8\" cannot stand with ICMP, which has no ports",
  "c.yaml:24: host.allow[6].x: \"1\" is an unknown field",
  "c.yaml:24: host.allow[6].name: is empty",
  "c.yaml:24: host.allow[6].to[0].cidr: \"10.0.0.1/8\" has host bits set; did you mean 10.0.0.0/8?",
  "c.yaml:24: host.allow[6].to[1]: \"1\" is an integer, not an object",
  "c.yaml:24: host.allow[6].ports[0].protocol: \"X\" is none of TCP, UDP, SCTP, ICMP",
  "c.yaml:24: host.allow[6].ports[0].port: \"0\" is not a number from 1 to 65535",
  "c.yaml:24: host.allow[6].ports[1]: {} has no port; for all of them write port: 1 and endPort: 65535",
  "c.yaml:24: host.allow[6].cgroup: \".\" is no cgroup below the root, like system.slice/containerd.service",
  "c.yaml:25: host.allow[7]: \"host\" is a string, not an object",
  "c.yaml:18: host.allow: [8 values] has these names more than once: e",
  "c.yaml:27: exceptions[0].from.pod: \"1\" is an unknown field",
  "c.yaml:27: exceptions[0].from: {podSelector: …} has both podSelector and serviceAccount; make two exceptions of it",
  "c.yaml:27: exceptions[0].from.namespace: \"A/b\" is no name: lower-case letters, digits, hyphens and dots, 253 at most",
  "c.yaml:27: exceptions[0].to: {} is an object, not a list",
  "c.yaml:27: exceptions[0].ports[0]: \"1\" is an integer, not an object",
  "c.yaml:28: exceptions[1].name: is missing",
  "c.yaml:30: names.hosts[\"*.a\"]: \"*.a\" has a wildcard, which cannot stand here",
  "c.yaml:30: names.hosts[\"A.Example\"]: [] is given twice, as a.example",
  "c.yaml:31: names.grace: \"300\" is no duration; write hours, minutes and seconds like 5m, 30s or 1h30m",
  "c.yaml:32: names.maxAddressesPerHost: \"0\" is not a number from 1 to 65536",
  "c.yaml:33: log.level: \"loud\" is none of trace, debug, info, notice, warning, error, critical",
  "c.yaml:33: log.denied.rate: \"0\" is not a number from 1 to 1000000",
  "c.yaml:34: listen: \"localhost:9470\" is not an IP address, like 198.51.100.2:443",
]
