import ClusterModel
import KubernetesSource
import Testing

/// Whatever happens to a server and to the way there, a mirror ends where the server is, and never goes back in time.
@Suite struct SequenceTests {
  @Test(arguments: UInt64(1)...8)
  func `A mirror follows a cluster through everything that goes wrong`(seed: UInt64) async throws {
    let cluster = FakeCluster(seed: seed)
    let server = try ScriptedServer { request in
      request.path == "/api/v1/nodes" ? cluster.answer(request) : empty(request)
    }
    defer { server.close() }
    let mirror = MirrorLab(try server.settings(), neededPods: { _ in [.node(NodeName(rawValue: "n"))] })
    for round in 0..<300 {
      cluster.change()
      if round % 5 == 0 { try await Task.sleep(for: .milliseconds(4)) }
    }
    cluster.calmDown()
    let expected = cluster.nodes.mapValues { "\($0)" }
    #expect(try await mirror.await { snapshot, _ in versions(snapshot) == expected })
    var latest: [String: Int] = [:]
    for snapshot in mirror.snapshots {
      for (name, text) in versions(snapshot) {
        let version = Int(text) ?? 0
        #expect(version >= latest[name, default: 0], "seed \(seed): \(name) went back")
        latest[name] = version
      }
    }
  }

  private func versions(_ snapshot: ClusterSnapshot?) -> [String: String] {
    Dictionary(
      (snapshot?.nodes ?? []).map { ($0.metadata.name, $0.metadata.labels["v"] ?? "") }, uniquingKeysWith: { $1 })
  }
}
