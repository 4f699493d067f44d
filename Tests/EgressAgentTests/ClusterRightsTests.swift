import APIServerLab
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// Rights and tokens that come and go.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct ClusterRightsTests {
  @Test func `Without a right nothing begins, and what is known stays until it is given back`() async throws {
    let cluster = try ClusterLab()
    let rights = try #require(try cluster.server.get(cluster.server.rightsPath).json["rules"] as? [[String: Any]])
    let without = rights.filter { ($0["resources"] as? [String]) != ["accesspolicies"] }
    let restrict = { (rules: [[String: Any]]) in
      try cluster.server.change("PATCH", cluster.server.rightsPath, ["rules": rules])
    }
    try restrict(without)
    let running = try cluster.daemon.start()
    let isForbidden = { (status: StatusDocument) in
      status.faults.contains { $0.message.contains("list and watch on accesspolicies of API group \"security.policy") }
    }
    try cluster.daemon.await { isForbidden($0) }
    #expect(try cluster.daemon.tables() == "")
    try restrict(rights)
    try cluster.daemon.await(patience: .seconds(40)) { $0.state == .inSync }
    let gateway = Probe(from: productpage, to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    #expect(try await cluster.lab.probe(gateway).outcome == .delivered)

    try restrict(without)
    cluster.proxy.cut()
    try cluster.daemon.await { isForbidden($0) && $0.state == .degraded }
    #expect(try await cluster.lab.probe(gateway).outcome == .delivered)
    // The rest goes on: a pod that ends is nobody's any more.
    try cluster.server.setStatus(
      ofPod: "productpage-v1-7f8b9c6d5-x2k4q", in: "bookinfo", phase: "Failed", addresses: ["10.1.1.10"])
    #expect(try await cluster.becomes(.dropped, gateway))
    try restrict(rights)
    try cluster.daemon.await(patience: .seconds(40)) { $0.state == .inSync }
    running.stop()
  }

  @Test func `In a pod the token that was rotated is used, and one that is dead is told`() async throws {
    let cluster = try ClusterLab()
    try cluster.daemon.folder.makeFolder("account")
    let rotate = { try cluster.daemon.folder.replace("account/token", with: try cluster.server.token()) }
    try rotate()
    let authority = try String(contentsOfFile: cluster.server.authority, encoding: .utf8)
    try cluster.daemon.folder.write(authority, to: "account/ca.crt")
    cluster.daemon.source = []
    let place = "/var/run/secrets/kubernetes.io/serviceaccount"
    let mount =
      "mount -t tmpfs none /run && mkdir -p \(place) && "
      + "mount --bind \(cluster.daemon.folder.path)/account \(place) && exec \"$@\""
    let environment = [
      "KUBERNETES_SERVICE_HOST=172.18.0.10", "KUBERNETES_SERVICE_PORT=\(cluster.proxy.port)",
    ]
    let running = try cluster.daemon.start(
      through: ["unshare", "-m", "env"] + environment + ["sh", "-c", mount, "sh"])
    try cluster.daemon.await(patience: .seconds(20)) { $0.state == .inSync }

    // Tokens die with their account.
    let account = "/api/v1/namespaces/moat-system/serviceaccounts/moat"
    #expect(try cluster.server.request("DELETE", account).status == 200)
    try cluster.server.makeAccount()
    // The server believes a token for ten seconds after it has last looked.
    let deadline = ContinuousClock.now + .seconds(30)
    let isTold = {
      try cluster.daemon.client.status().faults.contains { $0.message.contains("does not know who asks") }
    }
    while try !isTold(), ContinuousClock.now < deadline {
      cluster.proxy.cut()
      usleep(1_000_000)
    }
    #expect(try isTold())
    let gateway = Probe(from: productpage, to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    #expect(try await cluster.lab.probe(gateway).outcome == .delivered)
    try rotate()
    try cluster.daemon.await(patience: .seconds(60)) { $0.state == .inSync }
    running.stop()
  }
}
