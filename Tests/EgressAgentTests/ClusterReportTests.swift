import APIServerLab
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// What the daemon writes into a real API server, and what follows when it may not.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct ClusterReportTests {
  @Test func `Findings become Events once, the Node gets its condition and loses its taint`() async throws {
    let cluster = try ClusterLab()
    try cluster.report("{ events: true, refusals: true, nodeCondition: true, removeTaint: true }")
    try cluster.allowTaintRemoval()
    let node = "/api/v1/nodes/worker-1"
    let taints = [["key": "a", "effect": "NoSchedule"], ["key": "moat.dev/not-ready", "effect": "NoSchedule"]]
    try cluster.server.change("PATCH", node, ["spec": ["taints": taints]])
    // Nothing exposes the host any more: a warning about the ExternalService.
    let gateway = "/apis/networking.gloo.solo.io/v2/namespaces/istio-egress/virtualgateways/egress-vg"
    let spec = try #require(try cluster.server.get(gateway).json["spec"] as? [String: Any])
    var listener = try #require((spec["listeners"] as? [[String: Any]])?.first)
    listener["exposedExternalServices"] = [["host": "example.org"]]
    try cluster.server.change("PATCH", gateway, ["spec": ["listeners": [listener]]])
    let running = try cluster.startBoth()

    #expect(try cluster.awaitServer { try cluster.condition()?["reason"] == "InSync" })
    #expect(try cluster.condition()?["status"] == "True")
    #expect(try cluster.awaitServer { try cluster.events(in: "global").contains { $0.reason == "NotExposed" } })
    let told = try cluster.server.kubectl(["describe", "externalservice", "-n", "global", "httpbin.org"])
    #expect(told.contains("NotExposed") && told.contains("moat"), "\(told)")
    // As the README says it.
    let events = ["get", "events", "-A", "--field-selector", "source=moat"]
    #expect(try cluster.server.kubectl(events).contains("NotExposed"))
    let column = #"NODE:.metadata.name,EGRESS:.status.conditions[?(@.type=="EgressFirewallReady")].reason"#
    #expect(try cluster.server.kubectl(["get", "nodes", "-o", "custom-columns=\(column)"]).contains("InSync"))
    #expect(try cluster.awaitServer { try cluster.taints() == ["a"] })

    // A refused connection is told on its pod, however often it is tried.
    let outside = Probe(from: productpage, to: try IPAddress(parsing: "203.0.113.10"), .tcp(443))
    for _ in 0..<3 { #expect(try await cluster.lab.probe(outside).outcome == .refused) }
    #expect(try cluster.awaitServer { try cluster.events(in: "bookinfo").contains { $0.reason == "EgressRefused" } })
    let pod = String(productpageName.split(separator: "/")[1])
    let described = try cluster.server.kubectl(["describe", "pod", "-n", "bookinfo", pod])
    #expect(described.contains("EgressRefused") && described.contains("203.0.113.10 tcp 443"), "\(described)")
    #expect(try cluster.events(in: "bookinfo").filter { $0.reason == "EgressRefused" }.count == 1)

    // Both daemons tell it, a daemon that starts again, too; it is there once.
    running[0].stop()
    #expect(try cluster.condition()?["reason"] == "InSync")
    let since = try cluster.condition()?["lastTransitionTime"]
    let again = try cluster.daemon.start()
    try cluster.daemon.await(patience: .seconds(20)) { $0.state == .inSync }
    #expect(
      try cluster.awaitServer { try cluster.condition()?["message"] == "the kernel holds what the model demands" })
    usleep(3_000_000)
    #expect(try cluster.events(in: "global").filter { $0.reason == "NotExposed" }.count == 1)
    #expect(try cluster.condition()?["lastTransitionTime"] == since)

    // What goes wrong afterwards is told, too.
    try cluster.daemon.replaceConfiguration { $0 + "\nnonsense: true\n" }
    kill(again.process, SIGHUP)
    #expect(try cluster.awaitServer { try cluster.condition()?["reason"] == "Degraded" })
    #expect(try cluster.condition()?["status"] == "True")
    again.stop()
    running[1].stop()
  }

  @Test func `A daemon that may not write enforces all the same, says so, and writes when it may`() async throws {
    let cluster = try ClusterLab()
    try cluster.report("{ events: true, nodeCondition: true, removeTaint: true }")
    let rights = try #require(try cluster.server.get(cluster.server.rightsPath).json["rules"] as? [[String: Any]])
    let reading = rights.filter { $0["verbs"] as? [String] == ["list", "watch"] }
    #expect(reading.count < rights.count)
    try cluster.server.change("PATCH", cluster.server.rightsPath, ["rules": reading])
    let taint = ["key": "moat.dev/not-ready", "effect": "NoSchedule"]
    try cluster.server.change("PATCH", "/api/v1/nodes/worker-1", ["spec": ["taints": [taint]]])
    let running = try cluster.startBoth()
    let isTold = { (status: StatusDocument, right: String) in
      status.cluster?.unwritten?.contains { $0.contains("grant the verb patch on \(right) of") } == true
    }
    try cluster.daemon.await(patience: .seconds(20)) {
      $0.state == .inSync && isTold($0, "nodes/status") && isTold($0, "nodes")
    }
    let gateway = Probe(from: productpage, to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    #expect(try await cluster.lab.probe(gateway).outcome == .delivered)
    #expect(try cluster.daemon.moat(["status", "--socket", cluster.daemon.socket]).output.contains("nodes/status"))

    // What deploy/ gives is enough for the condition, and not for the taint.
    try cluster.server.makeAccount()
    #expect(try cluster.awaitServer(.seconds(60)) { try cluster.condition()?["status"] == "True" })
    try cluster.daemon.await(patience: .seconds(10)) { !isTold($0, "nodes/status") && isTold($0, "nodes") }
    try cluster.allowTaintRemoval()
    #expect(try cluster.awaitServer(.seconds(60)) { try cluster.taints() == [] })
    try cluster.daemon.await(patience: .seconds(10)) { $0.state == .inSync && $0.cluster?.unwritten == nil }
    running.forEach { $0.stop() }
  }
}

extension ClusterLab {
  /// Wants the daemons to write something.
  fileprivate func report(_ wishes: String) throws {
    try daemon.replaceConfiguration { $0 + "\nkubernetes: \(wishes)\n" }
  }

  /// What `deploy/rbac.yaml` has as a comment.
  fileprivate func allowTaintRemoval() throws {
    let rights = try #require(try server.get(server.rightsPath).json["rules"] as? [[String: Any]])
    let right: [String: Any] = ["apiGroups": [""], "resources": ["nodes"], "verbs": ["patch"]]
    try server.change("PATCH", server.rightsPath, ["rules": rights + [right]])
  }

  fileprivate func awaitServer(_ patience: Duration = .seconds(20), _ isReached: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if try isReached() { return true }
      usleep(50_000)
    }
    return false
  }

  /// The condition of worker-1.
  fileprivate func condition() throws -> [String: String]? {
    let status = try server.get("/api/v1/nodes/worker-1").json["status"] as? [String: Any]
    let conditions = status?["conditions"] as? [[String: Any]] ?? []
    return conditions.first { $0["type"] as? String == "EgressFirewallReady" }?.compactMapValues { $0 as? String }
  }

  /// The keys of worker-1's taints.
  fileprivate func taints() throws -> [String] {
    let spec = try server.get("/api/v1/nodes/worker-1").json["spec"] as? [String: Any]
    return (spec?["taints"] as? [[String: Any]] ?? []).compactMap { $0["key"] as? String }
  }

  fileprivate func events(in namespace: String) throws -> [(reason: String, count: Int)] {
    let list = try server.get("/api/v1/namespaces/\(namespace)/events").json["items"] as? [[String: Any]] ?? []
    return list.map { ($0["reason"] as? String ?? "", $0["count"] as? Int ?? 0) }
  }
}
