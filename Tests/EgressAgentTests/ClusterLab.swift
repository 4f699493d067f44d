import APIServerLab
import Foundation
import Glibc
import ManifestSource
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// The main scenario's objects in a real API server on a node of their own, and daemons that know no manifest.
final class ClusterLab {
  let daemon: DaemonLab
  let server: APIServer

  /// Stands between daemons and server.
  let proxy: TCPProxy

  var lab: Lab { daemon.lab }

  /// - Parameter isDefined: whether Gloo's kinds are there from the start, and the scenario's objects of them.
  init(isDefined: Bool = true) throws {
    daemon = try DaemonLab(.withControlPlane())
    server = try APIServer(at: .node("control-1", of: daemon.lab))
    proxy = try TCPProxy(at: server.place, to: server.port)
    try server.makeAccount()
    if isDefined { try server.defineGloo() }
    try server.apply("\(scenarioFolder)/cluster.yaml", controlPlane)
    for pod in loadManifests(paths: ["\(scenarioFolder)/cluster.yaml"]).snapshot.pods {
      try server.setStatus(
        ofPod: pod.metadata.name, in: pod.metadata.namespace, phase: pod.phase.rawValue.capitalized,
        addresses: pod.addresses.map(\.description))
    }
    if isDefined { try server.apply(egressFile) }
    try daemon.folder.write(try server.token(), to: "token")
    let url = "https://172.18.0.10:\(proxy.port)"
    let text = server.kubeconfig(server: url, user: ["tokenFile": daemon.folder.path + "/token"])
    try daemon.folder.write(text, to: "kubeconfig")
    daemon.source = ["--kubeconfig", daemon.folder.path + "/kubeconfig"]
  }

  deinit { proxy.close() }

  /// The gateway, the services and the policy of the scenario.
  var egressFile: String { "\(scenarioFolder)/egress.yaml" }

  /// Where the policy is.
  let policyPath =
    "/apis/security.policy.gloo.solo.io/v2/namespaces/istio-egress/accesspolicies/egress-access-policy"

  /// The Node of the control plane itself, whose addresses are inside.
  private var controlPlane: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("control-1.yaml").path
  }

  /// Starts the daemons of both nodes and waits until they are in sync.
  func startBoth() throws -> [RunningProgram] {
    let running = try ["worker-1", "egress-1"].map { try daemon.start(on: $0) }
    for node in ["worker-1", "egress-1"] { try daemon.await(on: node, patience: .seconds(20)) { $0.state == .inSync } }
    return running
  }

  /// Gives the policy to these ServiceAccounts of bookinfo, by their labels.
  func grant(_ account: String) throws {
    let selector = ["cluster": "cluster-1", "namespace": "bookinfo", "labels": ["account": account]] as [String: Any]
    let clients = [["serviceAccountSelector": selector]]
    try server.change("PATCH", policyPath, ["spec": ["config": ["authz": ["allowedClients": clients]]]])
  }

  /// How the scenario's packets fare; those that should not pass and arrived all the same end in `, but a packet arrived`.
  func verdicts() async throws -> [String: String] {
    let probes = try httpbinRows().map(\.probe)
    let results = try await lab.probeAll(probes)
    return Dictionary(
      zip(probes, results).map {
        ("\($0)", $1.outcome.rawValue + ($1.outcome != .delivered && $1.hasArrived ? ", but a packet arrived" : ""))
      }, uniquingKeysWith: { first, _ in first })
  }
}

/// A row of the scenario's expectations.
struct ClusterRow {
  var probe: Probe
  var expected: ProbeOutcome
}

/// What must come of the scenario, on both nodes.
func httpbinRows() throws -> [ClusterRow] {
  let details = LabHost.pod("bookinfo/details-v1-9c8b7a6d5-mn4k2")
  let report = LabHost.pod("bookinfo/report-28461-job-zz9xp")
  let reviews = LabHost.pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m")
  let coredns = LabHost.pod("kube-system/coredns-7d8f9b6c5-abcde")
  let gateway = LabHost.pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr")
  let row = { (from: LabHost, to: String, message: Probe.Message, expected: ProbeOutcome, source: String?) in
    ClusterRow(
      probe: Probe(
        from: from, to: try IPAddress(parsing: to), message, source: try source.map { try IPAddress(parsing: $0) },
        expecting: expected), expected: expected)
  }
  return [
    try row(productpage, "10.1.2.10", .tcp(8443), .delivered, nil),
    try row(productpage, "10.96.0.100", .tcp(443), .delivered, nil),
    try row(reviews, "10.1.2.10", .tcp(8443), .refused, nil),
    try row(report, "10.1.2.10", .tcp(8443), .dropped, nil),
    try row(productpage, "203.0.113.10", .tcp(443), .refused, nil),
    try row(productpage, "203.0.113.10", .udp(443), .refused, nil),
    try row(productpage, "203.0.113.10", .ping, .refused, nil),
    try row(productpage, "2001:db8:113::10", .tcp(443), .refused, nil),
    try row(reviews, "10.1.1.10", .tcp(9080), .delivered, nil),
    try row(reviews, "169.254.169.254", .tcp(80), .dropped, nil),
    try row(coredns, "198.51.100.53", .udp(53), .delivered, nil),
    try row(coredns, "198.51.100.53", .tcp(53), .delivered, nil),
    try row(reviews, "10.1.2.10", .tcp(8443), .dropped, "10.1.1.10"),
    try row(.node("worker-1"), "198.51.100.7", .tcp(443), .delivered, nil),
    try row(.node("worker-1"), "203.0.113.10", .tcp(443), .refused, nil),
    try row(.node("worker-1"), "10.1.2.10", .tcp(8443), .refused, nil),
    try row(gateway, "203.0.113.10", .tcp(443), .delivered, nil),
    try row(gateway, "2001:db8:113::10", .tcp(443), .delivered, nil),
    try row(gateway, "203.0.113.10", .tcp(80), .refused, nil),
    try row(gateway, "203.0.113.20", .tcp(443), .refused, nil),
    try row(details, "203.0.113.10", .tcp(443), .refused, nil),
    try row(details, "10.1.2.10", .tcp(8443), .refused, nil),
    try row(.node("egress-1"), "10.1.2.10", .tcp(15021), .delivered, nil),
  ]
}

extension LabTopology {
  /// The hosts of the main scenario, with a third node for the API server.
  fileprivate static func withControlPlane() throws -> LabTopology {
    var topology = try twoNodes()
    topology.nodes.append(Node("control-1", addresses: [try IPAddress(parsing: "172.18.0.10")]))
    topology.pods.append(
      Pod("bookinfo/report-28461-job-zz9xp", on: "worker-1", addresses: [try IPAddress(parsing: "10.1.1.13")]))
    for (name, address) in [
      ("another", "203.0.113.20"), ("registry", "198.51.100.7"), ("metadata", "169.254.169.254"),
    ] {
      topology.outside.append(OutsideHost(name, addresses: [try IPAddress(parsing: address)]))
    }
    return topology
  }
}
