import ClusterModel
import EgressPolicy
import NetworkValues
import Testing

/// Facts of a node judged: every kind of fact gives its finding, and a sound node none but notes.
struct DoctorTests {
  private let node = NodeName(rawValue: "worker-1")

  private func model(_ change: (inout ClusterSnapshot, inout Configuration) -> Void = { _, _ in }) throws -> EgressModel
  {
    var (snapshot, configuration) = try inputs(of: "01-httpbin")
    change(&snapshot, &configuration)
    return EgressModel(snapshot, under: configuration)
  }

  private func codes(_ change: (inout NodeFacts) -> Void) throws -> Set<FindingCode> {
    var facts = NodeFacts()
    change(&facts)
    let findings = try model().doctorFindings(facts, on: node)
    for finding in findings { #expect(!finding.advice.isEmpty && !finding.message.isEmpty && !finding.path.isEmpty) }
    return Set(findings.map(\.code)).subtracting(try sound())
  }

  /// What the scenario's manifests alone say.
  private func sound() throws -> Set<FindingCode> {
    Set(try model().doctorFindings(NodeFacts(), on: node).map(\.code))
  }

  @Test func `A sound node has nothing but what its manifests say`() throws {
    #expect(try sound().isSubset(of: [.hostNetworkUnconfined]))
    #expect(try codes { _ in } == [])
  }

  @Test func `What cannot be read is a finding each, and nothing else`() throws {
    let all = try codes {
      $0.missing = .unreadable("x")
      $0.sysctls = .unreadable("x")
      $0.nftablesFlushes = .unreadable("x")
      $0.firewalldFlushes = .unreadable("x")
      $0.interfaces = .unreadable("x")
      $0.programs = .unreadable("x")
      $0.virtualFunctions = .unreadable("x")
      $0.masquerading = .unreadable("x")
    }
    #expect(all == [.nodeUnreadable])
  }

  @Test func `Every fact has its finding`() throws {
    #expect(try codes { $0.missing = .value([.sockets: "ENOENT"]) } == [.kernelLacks])
    #expect(try codes { $0.missing = .value([.ownership: "old"]) } == [.kernelWithoutOwnership])
    #expect(try codes { $0.sysctls = .value(["ipv4/ip_forward": "0"]) } == [.kernelSetting])
    #expect(try codes { $0.sysctls = .value(["ipv4/ip_forward": "1"]) } == [])
    for path in ["ipv4/conf/all/accept_source_route", "ipv6/conf/all/seg6_enabled"] {
      #expect(try codes { $0.sysctls = .value([path: "1"]) } == [.sourceRoutes])
      #expect(try codes { $0.sysctls = .value([path: "0"]) } == [])
    }
    #expect(try codes { $0.nftablesFlushes = .value(true) } == [.neighbourFlushes])
    #expect(try codes { $0.firewalldFlushes = .value(true) } == [.neighbourFlushes])
    #expect(try codes { $0.programs = .value(["eth0": "XDP"]) } == [.programMayBypass])
    #expect(try codes { $0.virtualFunctions = .value(["eth0"]) } == [.interfaceBypasses])
    #expect(try codes { $0.masquerading = .value(["ip nat"]) } == [.masquerading])
    let macvlan = HostInterfaces(links: [HostLink(index: 7, name: "mv0", kind: "macvlan")])
    #expect(try codes { $0.interfaces = .value(macvlan) } == [.interfaceBypasses])
    let tunnel = HostInterfaces(
      links: [HostLink(index: 8, name: "flannel.1", kind: "vxlan")],
      addresses: [HostAddress(index: 8, address: try IPAddress(parsing: "192.0.2.1"))])
    #expect(try codes { $0.interfaces = .value(tunnel) } == [.tunnelAddressNotInside])
  }

  @Test func `A bridge with pods needs both settings of br_netfilter`() throws {
    let bridged = HostInterfaces(links: [
      HostLink(index: 3, name: "cni0", kind: "bridge"),
      HostLink(index: 4, name: "veth4", kind: "veth", peer: 2, peerNamespace: 0, master: 3),
    ])
    let seen = ["bridge/bridge-nf-call-iptables": "1", "bridge/bridge-nf-call-ip6tables": "1"]
    for (settings, count) in [([:], 2), (["bridge/bridge-nf-call-iptables": "1"], 1), (seen, 0)] {
      var facts = NodeFacts()
      facts.interfaces = .value(bridged)
      facts.sysctls = .value(settings)
      #expect(try model().doctorFindings(facts, on: node).filter { $0.code == .bridgeUnseen }.count == count)
    }
  }

  @Test func `Data planes and secondary networks of the manifests are named`() throws {
    let found = try model { snapshot, _ in
      for name in ["cilium-x2k4q", "calico-node-1", "cilium-operator-7f"] {
        snapshot.pods.append(
          Pod(metadata: Metadata(name: name, namespace: "kube-system"), node: NodeName(rawValue: "worker-1")))
      }
      snapshot.ignoredKinds["k8s.cni.cncf.io/v1 NetworkAttachmentDefinition"] = 2
    }.doctorFindings(NodeFacts(), on: node)
    #expect(
      found.filter { $0.code == .dataPlaneMayBypass }.map { $0.object?.name } == ["calico-node-1", "cilium-x2k4q"])
    #expect(found.contains { $0.code == .interfaceBypasses })
  }

  @Test func `Connections that would be cut become lines for the configuration`() throws {
    let host = try IPAddress(parsing: "172.18.0.11")
    let cut = { (from: IPAddress, to: String, transport: TransportProtocol, port: UInt16?) in
      CutConnection(
        source: from, destination: try IPAddress(parsing: to), transport: transport, port: port, isHosts: from == host)
    }
    let pod = try IPAddress(parsing: "10.1.1.10")
    let connections = [
      try cut(host, "198.51.100.20", .tcp, 443), try cut(host, "198.51.100.53", .udp, 53),
      try cut(host, "198.51.100.123", .udp, 123), try cut(pod, "2001:db8::7", .tcp, 5432),
      try cut(try IPAddress(parsing: "10.1.1.250"), "198.51.100.9", .tcp, 25), try cut(host, "10.1.2.10", .tcp, 8443),
      try cut(host, "198.51.100.21", TransportProtocol(rawValue: 47), nil),
    ]
    let resolver = try IPAddress(parsing: "198.51.100.53")
    let model = try model { snapshot, _ in snapshot.hostResolvers = [resolver] }
    #expect(
      model.advice(on: connections) == [
        "host:", "  presets: [dns, ntp]", "  allow:", "  - name: open-1",
        "    to: [{ cidr: \"198.51.100.20/32\" }]", "    ports: [{ protocol: TCP, port: 443 }]", "exceptions:",
        "  - name: bookinfo-bookinfo-productpage-1",
        "    from: { namespace: bookinfo, serviceAccount: bookinfo-productpage }",
        "    to: [{ cidr: \"2001:db8::7/128\" }]", "    ports: [{ protocol: TCP, port: 5432 }]",
        "# 2 more that no entry of the configuration can allow",
      ])
    #expect(model.advice(on: []) == [] && model.cutFindings([]) == [])
    #expect(model.cutFindings(connections).allSatisfy { $0.code == .connectionWouldBeCut })
    #expect(model.cutFindings(connections).count == connections.count)
  }
}
