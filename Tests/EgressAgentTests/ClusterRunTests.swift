import APIServerLab
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// Daemons fed by a real API server, judged by real packets.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct ClusterRunTests {
  @Test func `What kubectl creates, changes and deletes decides what packets may do`() async throws {
    let cluster = try ClusterLab()
    let running = try cluster.startBoth()
    for (row, verdict) in zip(try httpbinRows(), try await cluster.lab.probeAll(httpbinRows().map(\.probe))) {
      #expect(verdict.outcome == row.expected, "\(row.probe): \(verdict)")
      #expect(row.expected == .delivered || !verdict.hasArrived, "\(row.probe): \(verdict)")
    }
    #expect(try cluster.daemon.client.status().cluster?.resources.count == 15)

    let gateway = try IPAddress(parsing: "10.1.2.10")
    let productpages = Probe(from: productpage, to: gateway, .tcp(8443))
    let reviewers = Probe(from: .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m"), to: gateway, .tcp(8443))
    try cluster.grant("reviews")
    #expect(try await cluster.becomes(.delivered, reviewers))
    #expect(try await cluster.becomes(.refused, productpages))
    try cluster.server.kubectl(["delete", "accesspolicies", "--all", "-n", "istio-egress"])
    #expect(try await cluster.becomes(.refused, reviewers))
    try cluster.server.apply(cluster.egressFile)
    #expect(try await cluster.becomes(.delivered, productpages))

    // A pod's addresses end with it, and S3 holds for a gateway pod that nobody knew before.
    try cluster.server.kubectl(
      ["delete", "pod", "-n", "bookinfo", "productpage-v1-7f8b9c6d5-x2k4q", "--grace-period=0", "--force"])
    #expect(try await cluster.becomes(.dropped, productpages))
    running.forEach { $0.stop() }
    for daemon in running { #expect(try daemon.wait().status == 0) }
  }

  @Test func `Kinds that are defined later are followed from then on, and forgotten with their definition`()
    async throws
  {
    let cluster = try ClusterLab(isDefined: false)
    let running = try cluster.startBoth()
    let definition = "accesspolicies.security.policy.gloo.solo.io"
    let isFollowed = { (status: StatusDocument) in
      status.cluster?.resources.contains { $0.name == definition && $0.progress == "in sync" } ?? false
    }
    #expect(try !isFollowed(cluster.daemon.client.status()))
    try cluster.server.defineGloo()
    try cluster.daemon.await { isFollowed($0) }
    try cluster.server.apply(cluster.egressFile)
    let gateway = Probe(from: productpage, to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    #expect(try await cluster.becomes(.delivered, gateway))
    try cluster.server.kubectl(["delete", "customresourcedefinition", definition])
    #expect(try await cluster.becomes(.refused, gateway))
    try cluster.daemon.await { !isFollowed($0) && $0.state == .inSync }
    running.forEach { $0.stop() }
  }

  @Test func `A command lists the cluster once and says the same as of manifests`() throws {
    let cluster = try ClusterLab()
    let manifests = [
      "--manifests", "\(scenarioFolder)/cluster.yaml", "--manifests", "\(scenarioFolder)/egress.yaml",
    ]
    let render = { (source: [String]) in
      let arguments = [
        "render", "--format", "flows", "--node", "egress-1", "--config", "\(scenarioFolder)/config.yaml",
      ]
      return try cluster.lab.run(in: .node("worker-1"), [moatPath] + arguments + source)
    }
    let listed = try render(cluster.daemon.source)
    let read = try render(manifests)
    #expect(listed.status == 0 && read.status == 0, "\(listed.text) \(read.text)")
    let own = { (text: String) in text.split(separator: "\n").filter { !$0.contains("Endpoints default/kubernetes") } }
    #expect(own(listed.output) == own(read.output))
    #expect(listed.output.contains("Endpoints default/kubernetes"))
    let check = ["check", "--node", "worker-1", "--config", "\(scenarioFolder)/config.yaml"] + cluster.daemon.source
    #expect(try cluster.daemon.moat(check).status != 1)
    let both = try cluster.daemon.moat(check + manifests)
    #expect(both.status == 64 && both.errors.contains("exclude each other"))
  }
}

extension ClusterLab {
  /// Whether a probe fares so within `patience`.
  func becomes(
    _ outcome: ProbeOutcome, _ probe: Probe, patience: Duration = .seconds(10)
  ) async throws -> Bool {
    let deadline = ContinuousClock.now + patience
    var probe = probe
    probe.expecting = outcome
    while ContinuousClock.now < deadline {
      if try await lab.probe(probe).outcome == outcome { return true }
    }
    return false
  }
}
