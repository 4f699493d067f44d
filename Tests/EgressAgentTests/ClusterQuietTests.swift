import APIServerLab
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// What a daemon asks of a real API server when everything is known.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct ClusterQuietTests {
  @Test func `A daemon in sync has a watch for each resource, and asks for nothing more whatever changes`() async throws
  {
    let cluster = try ClusterLab()
    let running = try cluster.daemon.start()
    try cluster.daemon.await(patience: .seconds(20)) { $0.state == .inSync }
    let resources = try cluster.daemon.client.status().cluster?.resources ?? []
    let followed = resources.count { $0.progress == "in sync" }
    let watches = { (try? cluster.server.auditedRequests())?.count { $0.verb == "watch" } ?? 0 }
    try cluster.daemon.await { _ in watches() >= followed }
    let before = try cluster.server.auditedRequests()
    #expect(before.count { $0.verb == "list" } == followed && followed > 10)
    #expect(watches() == followed)

    let gateway = try IPAddress(parsing: "10.1.2.10")
    let reviewers = Probe(from: .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m"), to: gateway, .tcp(8443))
    let end = ContinuousClock.now + .seconds(15)
    while ContinuousClock.now < end {
      try cluster.grant("reviews")
      #expect(try await cluster.becomes(.delivered, reviewers))
      try cluster.grant("productpage")
      #expect(try await cluster.becomes(.refused, reviewers))
    }
    let later = try cluster.server.auditedRequests().dropFirst(before.count)
    #expect(later.isEmpty, "\(later)")
    running.stop()
  }
}
