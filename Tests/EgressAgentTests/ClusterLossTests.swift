import APIServerLab
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// What happens to the API server, and to the way there, changes nothing of what packets may do.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct ClusterLossTests {
  @Test func `While the API server is away packets fare as before, and what changed meanwhile is made up for`()
    async throws
  {
    let cluster = try ClusterLab()
    let running = try cluster.startBoth()
    let before = try await cluster.verdicts()
    for signal in [SIGTERM, SIGKILL] {
      let commits = try cluster.daemon.client.status().counts.commits
      cluster.server.send(signal)
      // A server that ends by itself lets watches go on for a minute.
      if signal == SIGTERM { cluster.proxy.cut() }
      try cluster.server.end(signal)
      for node in ["worker-1", "egress-1"] {
        try cluster.daemon.await(on: node) { $0.state == .degraded && $0.faults.contains { $0.source == "kubernetes" } }
      }
      #expect(try await cluster.verdicts() == before)
      #expect(try cluster.daemon.client.status().counts.commits == commits)
      try cluster.server.start()
      for node in ["worker-1", "egress-1"] {
        try cluster.daemon.await(on: node, patience: .seconds(40)) { $0.state == .inSync }
      }
      #expect(try await cluster.verdicts() == before)
      #expect(try cluster.daemon.client.status().counts.commits == commits)
    }
    // The server forgets the past in which the daemons' watches stand, and has to be listed anew.
    try cluster.server.end(SIGKILL)
    try cluster.server.start()
    try cluster.grant("reviews")
    try cluster.server.compact()
    cluster.proxy.cut()
    let reviewers = Probe(
      from: .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m"), to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    // After a start of the server that took its time, daemons try again within fifteen seconds.
    #expect(try await cluster.becomes(.delivered, reviewers, patience: .seconds(40)))
    running.forEach { $0.stop() }
  }

  @Test func `A way that is slow, dead or cut off only delays what is new`() async throws {
    let cluster = try ClusterLab()
    cluster.proxy.set(.slow(milliseconds: 5))
    let running = try cluster.startBoth()
    let before = try await cluster.verdicts()
    let reviewers = Probe(
      from: .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m"), to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    try cluster.grant("reviews")
    #expect(try await cluster.becomes(.delivered, reviewers))
    try cluster.grant("productpage")
    #expect(try await cluster.becomes(.refused, reviewers))
    // The gateway's node is told by a connection of its own, perhaps later.
    let productpages = Probe(from: productpage, to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    #expect(try await cluster.becomes(.delivered, productpages))

    cluster.proxy.set(.fair)
    for _ in 0..<5 {
      cluster.proxy.cut()
      usleep(100_000)
    }
    #expect(try await cluster.verdicts() == before)
    try cluster.daemon.await { $0.state == .inSync }

    // Nobody closes what is dead: the silence tells.
    cluster.proxy.set(.blackHole)
    try cluster.grant("reviews")
    for node in ["worker-1", "egress-1"] {
      try cluster.daemon.await(on: node, patience: .seconds(75)) { $0.state == .degraded }
    }
    #expect(try await cluster.verdicts() == before)
    cluster.proxy.set(.fair)
    cluster.proxy.cut()
    for node in ["worker-1", "egress-1"] {
      try cluster.daemon.await(on: node, patience: .seconds(75)) { $0.state == .inSync }
    }
    #expect(try await cluster.becomes(.delivered, reviewers))
    running.forEach { $0.stop() }
  }
}
