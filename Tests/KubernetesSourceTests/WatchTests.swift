import ClusterModel
import KubernetesSource
import Synchronization
import Testing

/// Watches that are torn, stuffed, refused and lied to.
@Suite struct WatchTests {
  /// A mirror of a server whose Nodes are as `nodes` says; the rest of it is empty.
  private func start(
    _ settings: (inout MirrorSettings) -> Void = { _ in },
    nodes: @escaping @Sendable (ScriptedServer.Request, Int) -> [ScriptedServer.Step]
  ) throws -> (server: ScriptedServer, mirror: MirrorLab) {
    let counter = Counter()
    let server = try ScriptedServer { request in
      request.path == "/api/v1/nodes" ? nodes(request, counter.next(request.isWatch)) : empty(request)
    }
    var own = try server.settings()
    settings(&own)
    return (server, MirrorLab(own, neededPods: { _ in [.node(NodeName(rawValue: "n"))] }))
  }

  /// The versions of the nodes in the newest snapshot.
  private func versions(_ snapshot: ClusterSnapshot?) -> [String: String] {
    Dictionary(
      (snapshot?.nodes ?? []).map { ($0.metadata.name, $0.metadata.labels["v"] ?? "") }, uniquingKeysWith: { $1 })
  }

  @Test func `One object in many chunks, many objects in one`() async throws {
    let (server, mirror) = try start { request, _ in
      guard request.isWatch else { return [list([node("a", version: 1), node("c", version: 1)])] }
      let split = event("ADDED", node("b", version: 2)).map { ScriptedServer.Step.chunk(String($0)) }
      let many = (3...50).map { event("MODIFIED", node("a", version: $0)) }.joined()
      return [.begin] + split + [.chunk(many + event("DELETED", node("c", version: 51))), .hold]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in versions(snapshot) == ["a": "50", "b": "2"] })
  }

  @Test func `A watch that is cut within an object goes on after the last whole one`() async throws {
    let (server, mirror) = try start { request, count in
      guard request.isWatch else { return [list([node("a", version: 1)])] }
      if count == 0 {
        let torn = event("MODIFIED", node("a", version: 3)).prefix(40)
        return [.begin, .chunk(event("MODIFIED", node("a", version: 2)) + torn), .pause(milliseconds: 20)]
      }
      return [.begin, .chunk(event("MODIFIED", node("a", version: 4))), .hold]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in versions(snapshot) == ["a": "4"] })
    let asked = server.requests.filter { $0.path == "/api/v1/nodes" }.map { $0.query["resourceVersion"] }
    #expect(asked == ["0", "1", "2"])
  }

  @Test func `A past that is gone is listed anew, by status and by event`() async throws {
    let (server, mirror) = try start { request, count in
      if !request.isWatch { return [list([node("a", version: 10 * (count + 1))], version: 10 * (count + 1))] }
      switch count {
      case 0: return [.begin, .chunk(error(410)), .end]
      case 1: return [.answer(410, #"{"kind":"Status","code":410,"message":"too old"}"#)]
      default: return [.begin, .hold]
      }
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, state in versions(snapshot) == ["a": "30"] && state?.faults == [] })
    let lists = server.requests.filter { $0.path == "/api/v1/nodes" && !$0.isWatch }
    #expect(lists.map { $0.query["resourceVersion"] } == ["0", "10", "20"])
    #expect(lists.allSatisfy { $0.query["resourceVersionMatch"] == "NotOlderThan" })
  }

  @Test func `Other errors of a watch do not make it forget where it was`() async throws {
    let (server, mirror) = try start { request, count in
      guard request.isWatch else { return [list([node("a", version: 1)])] }
      switch count {
      case 0: return [.begin, .chunk(event("MODIFIED", node("a", version: 2)) + error(500)), .end]
      case 1: return [.answer(503, "unavailable")]
      case 2: return [.begin, .chunk(error(429)), .end]
      case 3: return [.answer(200, "<html>this is a login page</html>")]
      case 4: return [.begin, .chunk("{\"type\":\"NEWS\",\"object\":{}}\n"), .end]
      default: return [.begin, .chunk(event("MODIFIED", node("a", version: 3))), .hold]
      }
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, state in versions(snapshot) == ["a": "3"] && state?.faults == [] })
    let asked = server.requests.filter { $0.path == "/api/v1/nodes" }.map { $0.query["resourceVersion"] }
    #expect(asked == ["0", "1", "2", "2", "2", "2", "2"])
  }

  @Test func `A server that is busy is asked again when it wants to be`() async throws {
    let (server, mirror) = try start { request, count in
      if request.isWatch { return [.begin, .hold] }
      return count == 0 ? [.answer(429, "{}", headers: "Retry-After: 1\r\n")] : [list([node("a", version: 1)])]
    }
    defer { server.close() }
    let begin = ContinuousClock.now
    #expect(try await mirror.await { snapshot, _ in versions(snapshot) == ["a": "1"] })
    #expect(ContinuousClock.now - begin >= .seconds(1))
  }

  @Test func `A version that the server does not have yet is asked of etcd`() async throws {
    let (server, mirror) = try start { request, count in
      if request.isWatch { return count == 0 ? [.begin, .chunk(error(410)), .end] : [.begin, .hold] }
      if count == 1 { return [.answer(504, #"{"message":"Timeout: Too large resource version: 9"}"#)] }
      return [list([node("a", version: count + 1)], version: count + 1)]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in versions(snapshot) == ["a": "3"] })
    let last = server.requests.last { $0.path == "/api/v1/nodes" && !$0.isWatch }
    #expect(last?.query["resourceVersion"] == nil && last?.query["limit"] == "500")
  }

  @Test func `A watch that ends at once is not begun in a loop`() async throws {
    let (server, mirror) = try start { request, _ in
      request.isWatch ? [.begin, .end] : [list([node("a", version: 1)])]
    }
    defer { server.close() }
    #expect(try await mirror.await { _, state in state?.faults.contains { $0.contains("ended at once") } == true })
    let before = server.requests.count
    try await Task.sleep(for: .seconds(1))
    #expect(server.requests.count - before < 60)
  }

  @Test func `An object beyond all bounds is told, and what was known stays`() async throws {
    let huge = String(repeating: "x", count: 17 << 20)
    let (server, mirror) = try start { request, _ in
      guard request.isWatch else { return [list([node("a", version: 1)])] }
      return [.begin, .chunk(event("MODIFIED", node("a", version: 2, extra: "\"x\":\"\(huge)\""))), .end]
    }
    defer { server.close() }
    #expect(
      try await mirror.await { _, state in state?.faults.contains { $0.contains("more than 16777216 bytes") } == true })
    #expect(versions(mirror.snapshots.last) == ["a": "1"])
  }

  @Test func `A connection that falls silent is given up`() async throws {
    let (server, mirror) = try start {
      $0.patience.longSilence = .milliseconds(200)
    } nodes: { request, count in
      guard request.isWatch else { return [list([node("a", version: 1)])] }
      return count == 0 ? [.begin, .hold] : [.begin, .chunk(event("MODIFIED", node("a", version: 2))), .hold]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in versions(snapshot) == ["a": "2"] })
  }

  @Test func `Bookmarks move a watch on`() async throws {
    let (server, mirror) = try start { request, count in
      guard request.isWatch else { return [list([node("a", version: 1)])] }
      let bookmark = #"{"kind":"Node","metadata":{"resourceVersion":"77","creationTimestamp":null}}"#
      if count == 0 { return [.begin, .chunk(event("BOOKMARK", bookmark)), .pause(milliseconds: 50)] }
      return [.begin, .chunk(event("MODIFIED", node("a", version: 78))), .hold]
    }
    defer { server.close() }
    #expect(try await mirror.await { snapshot, _ in versions(snapshot) == ["a": "78"] })
    let asked = server.requests.filter { $0.path == "/api/v1/nodes" && $0.isWatch }
    #expect(asked.map { $0.query["resourceVersion"] } == ["1", "77"])
    #expect(
      asked.allSatisfy { $0.query["allowWatchBookmarks"] == "true" && $0.headers["authorization"] == "Bearer secret" })
  }

  @Test func `A mirror that ends leaves no connection behind`() async throws {
    var (server, mirror): (ScriptedServer, MirrorLab?) = try start { request, _ in
      request.isWatch ? [.begin, .hold] : [list([node("a", version: 1)])]
    }
    defer { server.close() }
    #expect(try await mirror?.await { snapshot, _ in versions(snapshot) == ["a": "1"] } == true)
    mirror = nil
    let deadline = ContinuousClock.now + .seconds(5)
    while server.openCount > 0, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
    #expect(server.openCount == 0)
  }
}

/// Counts lists and watches.
private final class Counter: Sendable {
  private let counts = Mutex((lists: 0, watches: 0))

  /// The number of the request among those of its sort, from 0.
  func next(_ isWatch: Bool) -> Int {
    counts.withLock { counts in
      defer { if isWatch { counts.watches += 1 } else { counts.lists += 1 } }
      return isWatch ? counts.watches : counts.lists
    }
  }
}
