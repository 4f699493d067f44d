import APIServerLab
import ClusterModel
import Foundation
import Glibc
import KubernetesSource
import Testing

/// A mirror of a real API server that comes and goes.
@Suite struct RestartedServerTests {
  @Test func `A server that comes back without its memory is listed anew, and nothing flickers`() async throws {
    let server = try APIServer(at: .loopback)
    try server.defineGloo()
    try server.apply("\(scenarioFolder)/cluster.yaml", "\(scenarioFolder)/egress.yaml")
    let mirror = MirrorLab(try server.settings(node: "worker-1"))
    #expect(try await mirror.await { snapshot, _ in snapshot?.pods.count == 6 })
    try server.change("POST", "/api/v1/namespaces/default/configmaps", ["metadata": ["name": "filler"]])
    try server.end(SIGKILL)
    #expect(try await mirror.await { _, state in state?.faults.isEmpty == false })
    try server.start()
    #expect(
      try await mirror.await(.seconds(40)) { _, state in state?.faults.isEmpty == true },
      "\(mirror.state?.faults ?? [])")
    for snapshot in mirror.snapshots {
      #expect(snapshot.pods.count == 6 && snapshot.accessPolicies.count == 1 && snapshot.serviceAccounts.count == 6)
    }
  }
}

let scenarioFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Scenarios/01-httpbin").path

extension APIServer {
  /// Settings of a mirror of this server's cluster, as administrator.
  func settings(node: String) throws -> MirrorSettings {
    MirrorSettings(access: .kubeconfig([administrator], context: nil), node: NodeName(rawValue: node))
  }
}
