import ClusterModel
import EgressPolicy
import EgressRuleset
import NetworkValues
import Testing

/// What a record says of a refused attempt: who, by which rule, and what to change.
@Suite struct HintTests {
  @Test(arguments: Scenario.names)
  func `Every refused packet of the scenarios has its sender, its rule and one sentence`(name: String) throws {
    let scenario = try Scenario(name)
    let topology = try ScenarioTopology(scenario, try scenario.packets())
    let explainers = Dictionary(
      uniqueKeysWithValues: scenario.model.nodeNames.map { ($0, AttemptExplainer(scenario.model, on: $0)) })
    for row in try scenario.packets() where row.verdict != .allowed {
      let node = NodeName(rawValue: try topology.start(row))
      let reason = try #require(row.reason.flatMap(Refusal.init(rawValue:)))
      let isOwn = if case .host = row.from { true } else { false }
      let attempt = Attempt(
        reason, row.transport, from: try topology.source(row), to: row.to,
        port: row.transport.hasPorts ? row.port : nil,
        icmpType: row.quote != nil ? row.to.family.destinationUnreachable : row.to.family == .v4 ? 8 : 128,
        interface: isOwn ? nil : 7)
      let explained = try #require(explainers[node]).explain(attempt)
      let hint = explained.hint
      #expect(hint.hasSuffix(".") && !hint.contains(". ") && hint.first?.isUppercase != false, "\(row): \(hint)")
      #expect(hint.utf8.count < 300 && !hint.contains("nil") && !hint.contains("Optional"), "\(row): \(hint)")
      #expect(rules[reason]?.contains(explained.rule) == true, "\(row): \(explained.rule)")
      if case .pod(let pod) = row.from, row.source == nil, let live = owner(of: attempt, scenario) {
        #expect(explained.pod.map { "\($0.namespace ?? "")/\($0.name)" } == live && live.hasPrefix(pod), "\(row)")
        #expect(explained.account != nil)
      }
      if isOwn { #expect(explained.pod == nil && explained.account == nil) }
    }
  }

  private func owner(of attempt: Attempt, _ scenario: Scenario) -> String? {
    attempt.source.flatMap { scenario.model.owner(of: $0)?.name }
  }

  @Test(arguments: hints)
  func `What to change`(_ expected: ExpectedHint) throws {
    let scenario = try Scenario(expected.scenario)
    let explainer = AttemptExplainer(scenario.model, on: NodeName(rawValue: expected.node))
    let explained = explainer.explain(expected.attempt)
    #expect(explained.hint == expected.hint)
    #expect(explained.rule == expected.rule)
  }

  @Test func `Destinations have their names, and gateways theirs`() throws {
    let scenario = try Scenario("01-httpbin")
    let explainer = AttemptExplainer(scenario.model, on: NodeName(rawValue: "worker-1"))
    let outward = explainer.explain(
      Attempt(.external, .tcp, from: address("10.1.1.10"), to: address("2001:db8:113::10"), port: 443, interface: 7))
    #expect(outward.host == "httpbin.org" && outward.gateway == nil)
    #expect(outward.account == ServiceAccountName(namespace: "bookinfo", name: "bookinfo-productpage"))
    let inward = explainer.explain(
      Attempt(.gateway, .tcp, from: address("10.1.1.11"), to: address("10.1.2.10"), port: 8443, interface: 7))
    #expect(inward.host == nil && inward.gateway?.kind == "VirtualGateway")
  }

  @Test func `Trials are judged beside enforcement`() throws {
    let scenario = try Scenario("07-dry-run")
    let explainer = AttemptExplainer(scenario.model, on: NodeName(rawValue: "egress-1"))
    let pending = { (source: String, target: String, port: UInt16, reason: Refusal) in
      explainer.explain(
        Attempt(reason, .tcp, from: address(source), to: address(target), port: port, interface: 7)
      ).pending.map { "\($0.policy.name) \($0.allows)" }
    }
    // web is on trial for both destinations behind the listener, audit for the annotated one; a stranger for none.
    #expect(pending("10.1.1.10", "10.1.2.10", 8443, .gateway) == ["annotated false", "api true", "trial true"])
    #expect(pending("10.1.2.20", "10.1.2.10", 8443, .gateway) == ["annotated true", "api false", "trial false"])
    #expect(pending("10.1.1.99", "10.1.2.10", 8443, .gateway) == [])
    #expect(pending("10.1.1.10", "10.1.2.10", 9999, .gateway) == [])
    // Nobody is granted the trial's destination, so the gateway may not open it yet.
    #expect(pending("10.1.2.10", "203.0.113.50", 443, .external) == ["trial true"])
    #expect(pending("10.1.2.10", "203.0.113.50", 80, .external) == [])
    // No policy opens the way past the gateway.
    #expect(pending("10.1.1.10", "203.0.113.50", 443, .external) == [])
  }
}

/// The rules for which each counter stands.
private let rules: [Refusal: Set<String>] = [
  .external: ["S1", "S8"], .gateway: ["S2", "S3"], .spoof: ["S9"], .host: ["S6", "S8"], .origin: ["S14", "S17"],
  .inbound: ["S15"], .midstream: ["S8"],
]

struct ExpectedHint: Sendable {
  var (scenario, node): (String, String)
  var attempt: Attempt
  var (rule, hint): (String, String)

  init(_ scenario: String, _ node: String, _ attempt: Attempt, _ rule: String, _ hint: String) {
    (self.scenario, self.node, self.attempt, self.rule, self.hint) = (scenario, node, attempt, rule, hint)
  }
}

private func attempt(
  _ reason: Refusal, _ from: String, _ to: String, _ port: UInt16? = nil, icmp: UInt8? = nil, interface: UInt32? = 7
) -> Attempt { attempt(reason, .tcp, from, to, port, icmp: icmp, interface: interface) }

private func attempt(
  _ reason: Refusal, _ transport: TransportProtocol, _ from: String, _ to: String, _ port: UInt16? = nil,
  icmp: UInt8? = nil, interface: UInt32? = 7
) -> Attempt {
  Attempt(
    reason, transport, from: address(from), to: address(to), port: port, icmpType: icmp, interface: interface)
}

private let hints: [ExpectedHint] = [
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, "10.1.1.10", "203.0.113.10", 443), "S1",
    "ServiceAccount bookinfo/bookinfo-productpage may reach httpbin.org through VirtualGateway"
      + " istio-egress/egress-vg alone: let the pod's sidecar send it there, or add an entry to exceptions."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, "10.1.1.11", "203.0.113.10", 443), "S1",
    "Select ServiceAccount bookinfo/bookinfo-reviews in an AccessPolicy for ExternalService global/httpbin.org, and"
      + " let the pod's sidecar send it through VirtualGateway istio-egress/egress-vg."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, "10.1.1.11", "203.0.113.20", 80), "S1",
    "Name 203.0.113.20 in an ExternalService that routes port 80 through an egress gateway and select ServiceAccount"
      + " bookinfo/bookinfo-reviews in an AccessPolicy for it, or add an entry to exceptions."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, .udp, "10.1.1.10", "203.0.113.10", 443), "S1",
    "A gateway carries TCP alone; only an entry of exceptions for ServiceAccount bookinfo/bookinfo-productpage to"
      + " 203.0.113.10 udp 443 allows this."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, "10.1.1.10", "169.254.169.254", 80), "S1",
    "List 169.254.169.254 in cluster.localAddresses if every node serves it itself, or add an entry to exceptions."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, .icmp, "10.1.1.10", "203.0.113.10", icmp: 3), "S8",
    "Of ICMP only echo requests can be allowed towards the outside (S8); nothing allows 203.0.113.10 icmp."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, TransportProtocol(rawValue: 47), "10.1.1.10", "203.0.113.10"), "S1",
    "Neither gateways nor exceptions carry it; nothing allows 203.0.113.10 47."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.external, "10.1.1.99", "203.0.113.10", 443), "S1",
    "No live pod is known to have the source 10.1.1.99: give moat its Pod, and then what it may reach."),
  ExpectedHint(
    "01-httpbin", "egress-1", attempt(.external, "10.1.2.10", "203.0.113.10", 80), "S1",
    "Name 203.0.113.10 with port 80 in an ExternalService that routes through VirtualGateway"
      + " istio-egress/egress-vg, and select a client of it in an AccessPolicy."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.gateway, "10.1.1.11", "10.1.2.10", 8443), "S2",
    "Select ServiceAccount bookinfo/bookinfo-reviews in an AccessPolicy for ExternalService global/httpbin.org."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.gateway, "10.1.1.10", "10.1.2.10", 9999), "S3",
    "A gateway pod accepts TCP on port 8443 from its clients: give the VirtualGateway a listener for 10.1.2.10 tcp 9999,"
      + " or list the port in gateways.managementPorts if it is a probe's."),
  ExpectedHint(
    "01-httpbin", "egress-1", attempt(.gateway, "172.18.0.11", "10.1.2.10", 8443), "S2",
    "172.18.0.11 is a Node's, so something on the way masquerades clients: let it keep their own addresses."),
  ExpectedHint(
    "01-httpbin", "egress-1", attempt(.gateway, "172.18.0.12", "10.1.2.10", 8443, interface: nil), "S2",
    "Processes of the host are no clients of a gateway: list what they need in host.allow, to go there directly."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.host, "172.18.0.11", "203.0.113.10", 443, interface: nil), "S6",
    "Add an entry for 203.0.113.10 tcp 443 to host.allow."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.host, .udp, "172.18.0.11", "203.0.113.10", 123, interface: nil), "S6",
    "Add ntp to host.presets, or an entry for 203.0.113.10 udp 123 to host.allow."),
  ExpectedHint(
    "01-httpbin", "worker-1", attempt(.midstream, "203.0.113.10", "10.1.1.10", 40_000), "S8",
    "The connection was open before these rules, or was revoked: open it anew; nothing allows a packet of its middle."),
  ExpectedHint(
    "22-inbound-none", "worker-1", attempt(.inbound, "203.0.113.10", "10.1.1.10", 9080), "S15",
    "Set inbound: services and add 203.0.113.10 to inboundSources, or set inbound: any."),
  ExpectedHint(
    "07-dry-run", "worker-1", attempt(.gateway, "10.1.1.10", "10.1.2.10", 8443), "S2",
    "AccessPolicy shop/api would allow it, but is a dry run: put it in force."),
  ExpectedHint(
    "07-dry-run", "egress-1", attempt(.external, "10.1.2.10", "203.0.113.50", 443), "S1",
    "Select a client of ExternalService shop/trial in an AccessPolicy: as long as nobody may use it, no gateway may"
      + " reach it."),
]
