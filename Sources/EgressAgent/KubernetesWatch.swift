import ClusterModel
import EgressPolicy
import KubernetesSource
import ManifestSource
import StatusServer
import Synchronization
import Telemetry

/// Keeps a mirror of the cluster, and gives each new state of it to the reconciler, as it is told on the event loop.
///
/// Configuration and cgroups are looked after on a thread of their own, as with manifests.
package final class KubernetesWatch: Sendable {
  private struct Newest {
    var loaded: LoadedConfiguration
    var snapshot: ClusterSnapshot?
    var neededPods: Set<PodQuery>?
  }

  private let source: ConfigurationSource
  private let inbox: ReconcilerInbox
  private let surroundings: ReconcilerSurroundings
  private let orders: WatchOrders
  private let newest: Mutex<Newest>
  private let hasMirrored: @Sendable (ClusterSnapshot) -> Void
  private let hasReloaded: @Sendable (Configuration) -> Void
  private let mirror = Mutex<ClusterMirror?>(nil)

  /// - Parameters:
  ///   - loaded: what `source` has given already, so that only later changes of it can fail.
  ///   - hasMirrored: is called with each new state of the cluster, before it is given to `inbox`.
  ///   - hasReloaded: is called with each configuration that was read later.
  package init(
    _ loaded: LoadedConfiguration, source: ConfigurationSource, inbox: ReconcilerInbox,
    surroundings: ReconcilerSurroundings, hasMirrored: @escaping @Sendable (ClusterSnapshot) -> Void,
    hasReloaded: @escaping @Sendable (Configuration) -> Void
  ) throws(AgentError) {
    self.source = source
    self.inbox = inbox
    self.surroundings = surroundings
    self.hasMirrored = hasMirrored
    self.hasReloaded = hasReloaded
    newest = Mutex(Newest(loaded: loaded))
    orders = try WatchOrders()
  }

  /// Asks the thread to end.
  package func stop() { orders.stop() }

  /// Asks for the configuration to be read again.
  package func reload() { orders.reload() }

  /// Looks after configuration and cgroups until told to end.
  package func run() {
    let cgroups = WatchedCgroups()
    publish(cgroups)
    while true {
      _ = awaitInput(on: [orders.descriptor] + [cgroups.descriptor].compactMap { $0 }, until: nil)
      let current = orders.take()
      if current.isStopped { return }
      if current.reloads { rereadConfiguration() }
      publish(cgroups)
    }
  }

  /// Mirrors the cluster until the task is cancelled.
  package func follow(_ settings: MirrorSettings) async {
    let mirror = ClusterMirror(
      settings, on: EventLoopExecutor.shared.loop, executor: EventLoopExecutor.shared,
      MirrorListener(
        publish: { [self] in take($0, objects: $1) }, report: { [self] in report($0) },
        neededPods: { [self] in neededPods($0, on: settings.node) }))
    self.mirror.withLock { $0 = mirror }
    await mirror.run()
  }

  /// Says which pods what was derived last depends on; from any thread.
  package func need(_ pods: Set<PodQuery>) {
    let isNew = newest.withLock { newest in
      defer { newest.neededPods = pods }
      return newest.neededPods != pods
    }
    guard isNew, let mirror = mirror.withLock({ $0 }) else { return }
    Task(executorPreference: EventLoopExecutor.shared) { await mirror.follow(pods) }
  }

  private func publish(_ cgroups: WatchedCgroups) {
    let paths = newest.withLock { $0.loaded.configuration.cgroupPaths }
    if let groups = cgroups.update(to: paths) { inbox.publish(groups) }
  }

  private func rereadConfiguration() {
    var loaded = newest.withLock { $0.loaded }
    guard source.reload(&loaded, telling: surroundings) else { return }
    hasReloaded(loaded.configuration)
    newest.withLock { newest in
      newest.loaded = loaded
      publish(newest)
    }
  }

  private func take(_ snapshot: ClusterSnapshot, objects: Int) {
    surroundings.board.update { document, now in
      document.cluster?.objects = objects
      document.cluster?.changed = now
    }
    hasMirrored(snapshot)
    newest.withLock { newest in
      newest.snapshot = snapshot
      publish(newest)
    }
  }

  /// Called with the lock held, so that a later state is published later.
  private func publish(_ newest: Newest) {
    guard var snapshot = newest.snapshot else { return }
    snapshot.hostResolvers = newest.loaded.resolvers
    inbox.publish(PolicyInput(snapshot: snapshot, configuration: newest.loaded.configuration))
  }

  private func report(_ state: MirrorState) {
    surroundings.board.update { document, _ in
      var cluster = document.cluster ?? StatusDocument.Cluster(server: state.server)
      cluster.server = state.server
      cluster.resources = state.resources.map {
        StatusDocument.Cluster.Resource(name: $0.name, progress: $0.progress.rawValue)
      }
      document.cluster = cluster
    }
    surroundings.report(state.faults, from: "kubernetes")
    if !state.faults.isEmpty, newest.withLock({ $0.snapshot == nil }) { surroundings.settle() }
  }

  private func neededPods(_ snapshot: ClusterSnapshot, on node: NodeName) -> Set<PodQuery> {
    EgressModel(snapshot, under: newest.withLock { $0.loaded.configuration }).podQueries(on: node)
  }
}
