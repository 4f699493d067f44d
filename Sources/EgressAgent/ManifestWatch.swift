import ClusterModel
import ManifestSource
import Telemetry

/// The thread that watches manifests and gives each new state of them to the reconciler.
package final class ManifestWatch: Sendable {
  private let paths: [String]
  private let source: ConfigurationSource
  private let inbox: ReconcilerInbox
  private let surroundings: ReconcilerSurroundings
  private let orders: WatchOrders
  private let hasReloaded: @Sendable (Configuration) -> Void

  /// - Parameters:
  ///   - source: has been loaded once, so that only later changes of it can fail.
  ///   - hasReloaded: is called with each configuration that was read later.
  package init(
    paths: [String], source: ConfigurationSource, inbox: ReconcilerInbox, surroundings: ReconcilerSurroundings,
    hasReloaded: @escaping @Sendable (Configuration) -> Void = { _ in }
  ) throws(AgentError) {
    self.paths = paths
    self.source = source
    self.inbox = inbox
    self.surroundings = surroundings
    self.hasReloaded = hasReloaded
    orders = try WatchOrders()
  }

  /// Asks the thread to end.
  package func stop() { orders.stop() }

  /// Asks for configuration and manifests to be read again.
  package func reload() { orders.reload() }

  /// Works until told to end.
  package func run(_ loaded: LoadedConfiguration) {
    var loaded = loaded
    let manifests = WatchedManifests(paths)
    let cgroups = WatchedCgroups()
    publish(cgroups, loaded)
    publish(manifests, loaded)
    while true {
      let descriptors = [orders.descriptor] + [manifests.descriptor, cgroups.descriptor].compactMap { $0 }
      _ = awaitInput(on: descriptors, until: manifests.deadline)
      let current = orders.take()
      if current.isStopped { return }
      if current.reloads {
        if source.reload(&loaded, telling: surroundings) { hasReloaded(loaded.configuration) }
        manifests.readAgain()
      }
      publish(cgroups, loaded)
      if manifests.update() || current.reloads { publish(manifests, loaded) }
    }
  }

  private func publish(_ cgroups: WatchedCgroups, _ loaded: LoadedConfiguration) {
    if let groups = cgroups.update(to: loaded.configuration.cgroupPaths) { inbox.publish(groups) }
  }

  private func publish(_ manifests: WatchedManifests, _ loaded: LoadedConfiguration) {
    let state = manifests.state()
    if var snapshot = state.snapshot {
      snapshot.hostResolvers = loaded.resolvers
      inbox.publish(PolicyInput(snapshot: snapshot, configuration: loaded.configuration))
    }
    surroundings.report(state.faults, from: "manifests")
    surroundings.board.update { document, now in
      document.source = StatusDocument.Source(
        manifests: paths, files: state.fileCount, objects: state.objectCount, read: now)
    }
    if state.snapshot == nil { surroundings.settle() }
  }
}
