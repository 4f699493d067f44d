import APIServerLab
import ClusterModel
import Foundation
import KubernetesSource
import Testing

/// What a real API server is asked for once everything is known.
@Suite struct SteadyStateTests {
  @Test func `A watch that has run its time is followed by another, from where it ended, and by no list`() async throws
  {
    let server = try APIServer(at: .loopback)
    try server.defineGloo()
    try server.makeAccount()
    try server.apply("\(scenarioFolder)/cluster.yaml", "\(scenarioFolder)/egress.yaml")
    let kubeconfig = FileManager.default.temporaryDirectory.appending(path: "moat-\(UUID()).kubeconfig")
    defer { try? FileManager.default.removeItem(at: kubeconfig) }
    try Data(server.kubeconfig(user: ["token": try server.token()]).utf8).write(to: kubeconfig)
    var settings = MirrorSettings(
      access: .kubeconfig([kubeconfig.path], context: nil), node: NodeName(rawValue: "worker-1"))
    settings.watchTime = 2...3
    let mirror = MirrorLab(settings)
    let watches = { (try? server.auditedRequests())?.count { $0.verb == "watch" } ?? 0 }
    #expect(try await mirror.await { snapshot, _ in snapshot?.pods.count == 6 })
    let followed = (mirror.state?.resources ?? []).count { $0.progress == .inSync }
    #expect(try await mirror.await { _, _ in watches() >= followed })

    let before = try server.auditedRequests()
    #expect(before.count { $0.verb == "list" } == followed && followed > 10)
    #expect(try await mirror.await(.seconds(30)) { _, _ in watches() >= 4 * followed })
    let pod = "/api/v1/namespaces/bookinfo/pods/reviews-v1-6c5d8f7b9-p9s2m"
    try server.change("PATCH", pod, ["metadata": ["labels": ["changed": "yes"]]])
    #expect(
      try await mirror.await { snapshot, _ in snapshot?.pods.contains { $0.metadata.labels["changed"] == "yes" } == true
      })

    let later = try server.auditedRequests().dropFirst(before.count)
    #expect(later.allSatisfy { $0.verb == "watch" && !$0.target.contains("resourceVersion=0&") }, "\(later)")
    #expect(mirror.state?.faults == [])
  }
}
