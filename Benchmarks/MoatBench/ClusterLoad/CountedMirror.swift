import APIServerLab
import ClusterModel
import EgressPolicy
import Foundation
import KubernetesSource
import StatusServer
import Synchronization

/// A node's mirror of a real cluster, and how many bytes it gets: TLS and HTTP/2 included, TCP and IP not.
final class CountedMirror {
  private let proxy: TCPProxy
  private let mirror: ClusterMirror
  private let task: Task<Void, Never>
  private let resources: Counter
  private let begin: Int

  /// Starts, and waits until everything is known.
  init(_ node: NodeName, of server: APIServer, through proxy: TCPProxy) throws {
    self.proxy = proxy
    begin = proxy.delivered
    let resources = Counter()
    self.resources = resources
    let kubeconfig = FileManager.default.temporaryDirectory.appending(path: "moat-bench-\(getpid()).kubeconfig")
    defer { try? FileManager.default.removeItem(at: kubeconfig) }
    let text = server.kubeconfig(server: "https://127.0.0.1:\(proxy.port)", user: server.administratorCertificate)
    try Data(text.utf8).write(to: kubeconfig)
    let executor = EventLoopExecutor.shared
    let mirror = ClusterMirror(
      MirrorSettings(access: .kubeconfig([kubeconfig.path], context: nil), node: node), on: executor.loop,
      executor: executor,
      MirrorListener(
        publish: { _, _ in resources.publish() }, report: { resources.count = $0.resources.count },
        neededPods: { EgressModel($0, under: Configuration()).podQueries(on: node) }))
    self.mirror = mirror
    task = Task(executorPreference: executor) { await mirror.run() }
    let deadline = ContinuousClock.now + .seconds(60)
    while !resources.hasPublished, ContinuousClock.now < deadline { usleep(10_000) }
    guard resources.hasPublished else { throw BenchError("the cluster is not known within a minute") }
  }

  /// How many lists and watches there are.
  var watches: Int { resources.count }

  /// What has come until it is quiet for half a second.
  func bytes() -> Int {
    var last = proxy.delivered
    var quiet = 0
    while quiet < 10 {
      usleep(50_000)
      let now = proxy.delivered
      quiet = now == last ? quiet + 1 : 0
      last = now
    }
    return last - begin
  }

  /// Ends, and waits until the connection has.
  func stop() {
    task.cancel()
    let deadline = ContinuousClock.now + .seconds(10)
    while proxy.connectionCount > 0, ContinuousClock.now < deadline { usleep(10_000) }
  }
}

private final class Counter: Sendable {
  private let state = Mutex((count: 0, hasPublished: false))

  var count: Int {
    get { state.withLock { $0.count } }
    set { state.withLock { $0.count = newValue } }
  }

  var hasPublished: Bool { state.withLock { $0.hasPublished } }

  func publish() { state.withLock { $0.hasPublished = true } }
}
