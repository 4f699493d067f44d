import ClusterModel
import Glibc
import ManifestSource
import NetworkValues
import Synchronization
import Telemetry

/// Reads what the operator says besides the manifests: the configuration, and the host's name servers where it asks for
/// them.
package struct ConfigurationSource: Sendable {
  /// Absent: every default.
  package var path: String?

  /// `/etc/resolv.conf`.
  package var resolversPath = "/etc/resolv.conf"

  package init(path: String?) { self.path = path }

  /// - Throws: `ConfigurationError`; nothing of it may be used then.
  package func load() throws(ConfigurationError) -> LoadedConfiguration {
    let configuration = try path.map { path throws(ConfigurationError) in try loadConfiguration(path: path) }
    var loaded = LoadedConfiguration(configuration: configuration ?? Configuration(), resolvers: [])
    do { loaded.resolvers = try readHostResolvers(path: resolversPath) } catch {
      // Names that DNS is asked for then stay without an answer, and the status says so.
      guard loaded.configuration.host.presets.contains(.dns) else { return loaded }
      throw ConfigurationError(errors: [
        ManifestError("\(error.message); host.presets has dns, which needs it", at: error.place)
      ])
    }
    return loaded
  }
}

/// A configuration with what it refers to on this host.
package struct LoadedConfiguration: Hashable, Sendable {
  /// What the operator wrote.
  package var configuration: Configuration

  /// The name servers of this host.
  package var resolvers: [IPAddress]
}

/// The thread that watches manifests and gives each new state of them to the reconciler.
package final class ManifestWatch: Sendable {
  private struct Orders {
    var isStopped = false
    var reloads = false
  }

  private let paths: [String]
  private let source: ConfigurationSource
  private let inbox: ReconcilerInbox
  private let surroundings: ReconcilerSurroundings
  private let orders = Mutex(Orders())
  private let wakeup: Wakeup
  private let hasPublished: @Sendable () -> Void
  private let hasReloaded: @Sendable (Configuration) -> Void

  /// - Parameters:
  ///   - source: has been loaded once, so that only later changes of it can fail.
  ///   - hasPublished: is called after each new state was given to `inbox`.
  ///   - hasReloaded: is called with each configuration that was read later.
  package init(
    paths: [String], source: ConfigurationSource, inbox: ReconcilerInbox, surroundings: ReconcilerSurroundings,
    hasPublished: @escaping @Sendable () -> Void = {},
    hasReloaded: @escaping @Sendable (Configuration) -> Void = { _ in }
  ) throws(AgentError) {
    self.paths = paths
    self.source = source
    self.inbox = inbox
    self.surroundings = surroundings
    self.hasPublished = hasPublished
    self.hasReloaded = hasReloaded
    wakeup = try Wakeup()
  }

  /// Asks the thread to end.
  package func stop() {
    orders.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// Asks for configuration and manifests to be read again.
  package func reload() {
    orders.withLock { $0.reloads = true }
    wakeup.signal()
  }

  /// Works until told to end.
  package func run(_ loaded: LoadedConfiguration) {
    var loaded = loaded
    let manifests = WatchedManifests(paths)
    let cgroups = WatchedCgroups()
    publish(cgroups, loaded)
    publish(manifests, loaded)
    while true {
      let descriptors = [wakeup.descriptor] + [manifests.descriptor, cgroups.descriptor].compactMap { $0 }
      _ = awaitInput(on: descriptors, until: manifests.deadline)
      let current = takeOrders()
      if current.isStopped { return }
      if current.reloads {
        reload(&loaded)
        manifests.readAgain()
      }
      publish(cgroups, loaded)
      if manifests.update() || current.reloads { publish(manifests, loaded) }
    }
  }

  private func publish(_ cgroups: WatchedCgroups, _ loaded: LoadedConfiguration) {
    if let groups = cgroups.update(to: loaded.configuration.cgroupPaths) { inbox.publish(groups) }
  }

  private func takeOrders() -> Orders {
    wakeup.drain()
    return orders.withLock { orders in
      defer { orders.reloads = false }
      return orders
    }
  }

  private func reload(_ loaded: inout LoadedConfiguration) {
    do throws(ConfigurationError) {
      loaded = try source.load()
      hasReloaded(loaded.configuration)
      surroundings.report([], from: "configuration")
    } catch {
      surroundings.report(
        error.errors.map { "\($0); the configuration that was read before stays" }, from: "configuration")
    }
  }

  private func publish(_ manifests: WatchedManifests, _ loaded: LoadedConfiguration) {
    let state = manifests.state()
    surroundings.report(state.faults, from: "manifests")
    surroundings.board.update { document, now in
      document.source = StatusDocument.Source(
        manifests: paths, files: state.fileCount, objects: state.objectCount, read: now)
    }
    guard var snapshot = state.snapshot else { return surroundings.settle() }
    snapshot.hostResolvers = loaded.resolvers
    inbox.publish(PolicyInput(snapshot: snapshot, configuration: loaded.configuration))
    hasPublished()
  }
}
