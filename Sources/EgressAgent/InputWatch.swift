import ClusterModel
import EgressPolicy
import KubernetesSource
import ServiceLifecycle
import Telemetry

import protocol ServiceLifecycle.Service

/// What watches the model, wherever it comes from.
struct InputWatch {
  /// What runs as long as the daemon does.
  let services: [any Service]

  /// Reads the configuration, and manifests, again.
  let reload: @Sendable () -> Void

  /// Hears which pods the newest derivation depends on; absent where all are known anyway.
  let podsNeeded: (@Sendable (Set<PodQuery>) -> Void)?

  /// Hears what the newest derivation found; absent where there is no cluster to tell.
  let findings: (@Sendable ([Finding]) -> Void)?

  /// Hears of refused packets; absent where there is no cluster to tell.
  let refusals: (@Sendable ([FlowRecord]) -> Void)?

  /// - Parameters:
  ///   - hasReloaded: is called with each configuration that was read later than `loaded`.
  init(
    _ settings: AgentSettings, _ loaded: LoadedConfiguration, inbox: ReconcilerInbox,
    surroundings: ReconcilerSurroundings, hasReloaded: @escaping @Sendable (Configuration) -> Void
  ) throws(AgentError) {
    switch settings.source {
    case .manifests(let paths):
      let watch = try ManifestWatch(
        paths: paths, source: settings.configuration, inbox: inbox, surroundings: surroundings,
        hasReloaded: hasReloaded)
      services = [ThreadService(name: "manifests", work: { watch.run(loaded) }, stop: watch.stop)]
      reload = watch.reload
      podsNeeded = nil
      findings = nil
      refusals = nil
    case .cluster(let access):
      let reports = ClusterReports(
        access, loaded.configuration.kubernetes, on: settings.node, surroundings: surroundings)
      let watch = try KubernetesWatch(
        loaded, source: settings.configuration, inbox: inbox, surroundings: surroundings, hasMirrored: reports.take,
        hasReloaded: { configuration in
          reports.take(configuration.kubernetes)
          hasReloaded(configuration)
        })
      let mirrored = MirrorSettings(access: access, node: settings.node)
      services = [
        ThreadService(name: "configuration", work: watch.run, stop: watch.stop),
        MirrorService(watch: watch, settings: mirrored), reports,
      ]
      reload = watch.reload
      podsNeeded = watch.need
      findings = reports.take
      refusals = reports.take
    }
  }
}

/// The mirror of a cluster, until graceful shutdown.
private struct MirrorService: Service {
  let watch: KubernetesWatch
  let settings: MirrorSettings

  func run() async { await cancelWhenGracefulShutdown { await watch.follow(settings) } }
}
