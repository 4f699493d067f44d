import ClusterModel
import Glibc
import KubernetesSource
import Synchronization
import Testing

/// Pods that several queries tell of, and queries that come and go.
@Suite struct NeededPodTests {
  private static let node = PodQuery.node(NodeName(rawValue: "n"))
  private static let gateways = PodQuery.labelled(["app": "gw"], namespace: "egress")
  private static let others = PodQuery.labelled(["app": "other"], namespace: "egress")

  private static func pod(_ name: String, version: Int, address: String = "10.0.0.1") -> String {
    let metadata = #"{"name":"\#(name)","namespace":"egress","resourceVersion":"\#(version)","uid":"u-\#(name)"}"#
    let status = #"{"phase":"Running","podIP":"\#(address)"}"#
    return #"{"metadata":\#(metadata),"spec":{"nodeName":"n"},"status":\#(status)}"#
  }

  private func query(_ request: ScriptedServer.Request) -> PodQuery? {
    switch (request.path, request.query["fieldSelector"], request.query["labelSelector"]) {
    case ("/api/v1/pods", "spec.nodeName=n", _): Self.node
    case ("/api/v1/namespaces/egress/pods", _, "app=gw"): Self.gateways
    case ("/api/v1/namespaces/egress/pods", _, "app=other"): Self.others
    default: nil
    }
  }

  private func start(
    neededPods: @escaping @Sendable (ClusterSnapshot) -> Set<PodQuery>,
    _ respond: @escaping @Sendable (PodQuery, Bool) -> [ScriptedServer.Step]?
  ) throws -> (server: ScriptedServer, mirror: MirrorLab) {
    let server = try ScriptedServer { request in
      query(request).flatMap { respond($0, request.isWatch) } ?? empty(request)
    }
    return (server, MirrorLab(try server.settings(), neededPods: neededPods))
  }

  @Test func `Nothing is published before the pods are known that the model asks for`() async throws {
    let isReady = Mutex(false)
    let (server, mirror) = try start { _ in
      [Self.node, Self.gateways]
    } _: { query, isWatch in
      guard !isWatch else { return nil }
      if query == Self.node { return [list([Self.pod("own", version: 1)])] }
      return isReady.withLock { $0 } ? [list([Self.pod("gw", version: 1, address: "10.0.0.2")])] : [.answer(503, "")]
    }
    defer { server.close() }
    #expect(try await mirror.await { _, state in state?.faults.isEmpty == false })
    #expect(mirror.snapshots.isEmpty)
    isReady.withLock { $0 = true }
    #expect(try await mirror.await { snapshot, _ in snapshot != nil })
    #expect(mirror.snapshots.first?.pods.count == 2)
  }

  @Test func `A need that follows from what was fetched for another is met before anything is published`() async throws
  {
    let (server, mirror) = try start { snapshot in
      snapshot.pods.contains { $0.metadata.name == "gw" }
        ? [Self.node, Self.gateways, Self.others]
        : [Self.node, Self.gateways]
    } _: { query, isWatch in
      if isWatch { return nil }
      let name = query == Self.node ? "own" : query == Self.gateways ? "gw" : "other"
      return [.pause(milliseconds: 20), list([Self.pod(name, version: 1)])]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in snapshot != nil })
    #expect(Set(mirror.snapshots.first?.pods.map(\.metadata.name) ?? []) == ["own", "gw", "other"])
  }

  @Test func `A pod of two queries is one pod, the latest, until neither tells of it`() async throws {
    let step = Mutex(0)
    let (server, mirror) = try start { _ in
      [Self.node, Self.gateways]
    } _: { query, isWatch in
      guard isWatch else { return [list([Self.pod("gw", version: 1)])] }
      let wait = { (number: Int) in
        while step.withLock({ $0 }) < number { usleep(1000) }
      }
      guard query == Self.gateways else {
        wait(1)
        let ahead = event("MODIFIED", Self.pod("gw", version: 9, address: "10.0.0.9"))
        return [
          .begin, .chunk(ahead), .pause(milliseconds: 400), .chunk(event("DELETED", Self.pod("gw", version: 12))),
          .hold,
        ]
      }
      let behind = event("MODIFIED", Self.pod("gw", version: 5, address: "10.0.0.5"))
      wait(2)
      return [
        .begin, .chunk(behind), .pause(milliseconds: 100), .chunk(event("DELETED", Self.pod("gw", version: 11))), .hold,
      ]
    }
    defer { server.close() }
    let address = { (snapshot: ClusterSnapshot?) in snapshot?.pods.first?.addresses.first?.description }
    #expect(try await mirror.await { snapshot, _ in address(snapshot) == "10.0.0.1" })
    step.withLock { $0 = 1 }
    #expect(try await mirror.await { snapshot, _ in address(snapshot) == "10.0.0.9" })
    step.withLock { $0 = 2 }
    #expect(try await mirror.await { snapshot, _ in snapshot?.pods.isEmpty == true })
    #expect(mirror.snapshots.allSatisfy { $0.pods.count <= 1 && address($0) != "10.0.0.5" })
  }

  @Test func `Pods that are not needed any more stay until those are known that are`() async throws {
    let isReady = Mutex(false)
    let (server, mirror) = try start { _ in
      [Self.node, Self.gateways]
    } _: { query, isWatch in
      if isWatch { return nil }
      if query == Self.node { return [list()] }
      if query == Self.gateways { return [list([Self.pod("gw", version: 1)])] }
      return isReady.withLock { $0 } ? [list([Self.pod("other", version: 1)])] : [.answer(503, "")]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in snapshot?.pods.map(\.metadata.name) == ["gw"] })
    await mirror.mirror.follow([Self.node, Self.others])
    #expect(try await mirror.await { _, state in state?.faults.isEmpty == false })
    #expect(mirror.snapshots.last?.pods.map(\.metadata.name) == ["gw"])
    isReady.withLock { $0 = true }
    #expect(try await mirror.await { snapshot, _ in snapshot?.pods.map(\.metadata.name) == ["other"] })
    #expect(mirror.snapshots.allSatisfy { !$0.pods.isEmpty })
    #expect(mirror.state?.resources.contains { $0.name.contains("app=gw") } == false)
  }
}
