import ClusterModel
import KubernetesSource
import Synchronization
import Testing

/// Lists: in pages, in part, of what cannot be read, and of what is not there.
@Suite struct ListTests {
  private let definition = "accesspolicies.security.policy.gloo.solo.io"
  private let policies = "/apis/security.policy.gloo.solo.io/v2/accesspolicies"

  private func definitionList(_ names: [String], version: Int = 1) -> ScriptedServer.Step {
    list(names.map { #"{"metadata":{"name":"\#($0)","resourceVersion":"1"}}"# }, version: version)
  }

  private func policy(_ name: String, version: Int, spec: String = "{}") -> String {
    #"{"metadata":{"name":"\#(name)","namespace":"ns","resourceVersion":"\#(version)"},"spec":\#(spec)}"#
  }

  private func start(
    neededPods: @escaping @Sendable (ClusterSnapshot) -> Set<PodQuery> = { _ in [.node(NodeName(rawValue: "n"))] },
    _ respond: @escaping @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step]?
  ) throws -> (server: ScriptedServer, mirror: MirrorLab) {
    let server = try ScriptedServer { respond($0) ?? empty($0) }
    return (server, MirrorLab(try server.settings(), neededPods: neededPods))
  }

  @Test func `Pages make one list, and one that has expired begins anew`() async throws {
    let attempts = Mutex(0)
    let (server, mirror) = try start { request in
      if request.path.hasSuffix("customresourcedefinitions"), !request.isWatch { return [definitionList([definition])] }
      guard request.path == policies, !request.isWatch else { return nil }
      switch request.query["continue"] {
      case nil: return [list([policy("a", version: 1)], version: 5, next: "p2")]
      case "p2":
        let isFirst = attempts.withLock { attempts in
          attempts += 1
          return attempts == 1
        }
        if isFirst { return [.answer(410, #"{"message":"The provided continue parameter is too old"}"#)] }
        return [list([policy("b", version: 2)], version: 5, next: "p3")]
      default: return [list([policy("c", version: 3)], version: 5)]
      }
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in snapshot?.accessPolicies.count == 3 })
    #expect(mirror.snapshots.allSatisfy { $0.accessPolicies.count == 3 })
    let asked = server.requests.filter { $0.path == policies && !$0.isWatch }
    #expect(asked.map { $0.query["continue"] } == [nil, "p2", nil, "p2", "p3"])
    // What grants does not come from a cache.
    #expect(asked.allSatisfy { $0.query["resourceVersion"] == nil && $0.query["limit"] == "500" })
    #expect(try await mirror.await { _, _ in server.requests.last { $0.path == policies }?.isWatch == true })
    #expect(server.requests.last { $0.path == policies }?.query["resourceVersion"] == "5")
  }

  @Test func `A list that is cut off is no list`() async throws {
    let attempts = Mutex(0)
    let (server, mirror) = try start { request in
      guard request.path == "/api/v1/nodes", !request.isWatch else { return nil }
      let isFirst = attempts.withLock { attempts in
        attempts += 1
        return attempts == 1
      }
      let whole = #"{"metadata":{"resourceVersion":"1"},"items":[\#(node("a", version: 1)),\#(node("b", version: 1))]}"#
      return isFirst ? [.begin, .chunk(String(whole.dropLast(30))), .end] : [.begin, .chunk(whole), .end]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in snapshot?.nodes.count == 2 })
    #expect(mirror.snapshots.allSatisfy { $0.nodes.count == 2 })
  }

  @Test(arguments: [403, 401, 404, 500])
  func `Nothing is published without a resource that every node needs`(status: Int) async throws {
    let isGranted = Mutex(false)
    let (server, mirror) = try start { request in
      guard request.path == "/api/v1/nodes", !isGranted.withLock({ $0 }) else { return nil }
      return [.answer(status, #"{"kind":"Status","message":"nodes is forbidden: User cannot list resource"}"#)]
    }
    defer { server.close() }
    let words = status == 403 ? "grant the verbs list and watch on nodes of API group \"\"" : "list nodes"
    #expect(
      try await mirror.await { _, state in
        state?.faults.contains { $0.contains(words) && $0.hasSuffix("; nothing is derived without it") } == true
      })
    #expect(mirror.snapshots.isEmpty)
    isGranted.withLock { $0 = true }
    #expect(try await mirror.await { snapshot, state in snapshot != nil && state?.faults == [] })
  }

  @Test func `A kind that is defined and not served is waited for, and its end is believed when its definition ends`()
    async throws
  {
    let state = Mutex((isDefined: true, isServed: false))
    let (server, mirror) = try start { request in
      let (isDefined, isServed) = state.withLock { $0 }
      if request.path.hasSuffix("customresourcedefinitions") {
        return request.isWatch
          ? [.begin, .pause(milliseconds: 20), .end] : [definitionList(isDefined ? [definition] : [])]
      }
      guard request.path == policies else { return nil }
      guard isServed else { return [.answer(404, "404 page not found")] }
      return request.isWatch ? [.begin, .hold] : [list([policy("a", version: 1)])]
    }
    defer { server.close() }
    #expect(try await mirror.await { _, state in state?.faults.contains { $0.contains("does not serve it") } == true })
    #expect(mirror.snapshots.isEmpty)
    state.withLock { $0.isServed = true }
    #expect(try await mirror.await { snapshot, _ in snapshot?.accessPolicies.count == 1 })
    // The kind vanishes first: that alone takes nothing away.
    state.withLock { $0.isServed = false }
    server.cut()
    #expect(try await mirror.await { _, state in state?.faults.contains { $0.contains("does not serve it") } == true })
    #expect(mirror.snapshots.last?.accessPolicies.count == 1)
  }

  @Test func `An object that cannot be read is told, grants nothing, and hides no other`() async throws {
    let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
    let (server, mirror) = try start { request in
      if request.path.hasSuffix("customresourcedefinitions"), !request.isWatch { return [definitionList([definition])] }
      guard request.path == policies else { return nil }
      let twice = policy("twice", version: 2, spec: #"{"config":1,"config":2}"#)
      if request.isWatch {
        return [.begin, .pause(milliseconds: 100), .chunk(event("MODIFIED", policy("deep", version: 4))), .hold]
      }
      return [list([policy("deep", version: 1, spec: deep), twice, policy("good", version: 3)], version: 3)]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in snapshot?.accessPolicies.map(\.metadata.name) == ["good"] })
    let first = try #require(mirror.snapshots.first)
    #expect(first.unreadKinds == ["AccessPolicy"])
    #expect(Set(first.problems.map(\.object.description)) == ["AccessPolicy ns/deep", "AccessPolicy ns/twice"])
    // Mended, it counts again; the other still does not.
    #expect(try await mirror.await { snapshot, _ in snapshot?.accessPolicies.count == 2 })
    #expect(mirror.snapshots.last?.unreadKinds == ["AccessPolicy"] && mirror.snapshots.last?.problems.count == 1)
  }

  @Test func `Kinds that did not change share their storage with the snapshot before`() async throws {
    let (server, mirror) = try start { request in
      switch (request.path, request.isWatch) {
      case ("/api/v1/nodes", false): return [list([node("a", version: 1), node("b", version: 1)])]
      case ("/api/v1/namespaces", false): return [list([node("x", version: 1), node("y", version: 1)])]
      case ("/api/v1/nodes", true):
        return [.begin, .pause(milliseconds: 100), .chunk(event("MODIFIED", node("a", version: 2))), .hold]
      default: return nil
      }
    }
    defer { server.close() }
    #expect(
      try await mirror.await { snapshot, _ in snapshot?.nodes.contains { $0.metadata.labels["v"] == "2" } == true })
    let (first, last) = (try #require(mirror.snapshots.first), try #require(mirror.snapshots.last))
    #expect(storage(first.namespaces) == storage(last.namespaces))
    #expect(storage(first.nodes) != storage(last.nodes) && first.nodes.count == last.nodes.count)
  }

  @Test func `Only metadata is asked for where no more is read`() async throws {
    let (server, mirror) = try start { _ in nil }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in snapshot != nil })
    for (path, isPartial) in [
      ("/api/v1/namespaces", true), ("/api/v1/serviceaccounts", true), ("/api/v1/nodes", false),
    ] {
      let accepted = server.requests.filter { $0.path == path }.compactMap { $0.headers["accept"] }
      #expect(!accepted.isEmpty && accepted.allSatisfy { $0.contains("as=PartialObjectMetadata") == isPartial })
    }
  }
}

/// Where an array's elements are.
private func storage<Element>(_ array: [Element]) -> UnsafeRawPointer? {
  array.withUnsafeBytes { $0.baseAddress }
}
