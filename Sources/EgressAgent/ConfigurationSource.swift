import ClusterModel
import ManifestSource
import NetworkValues

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

extension ConfigurationSource {
  /// Reads everything again; what is wrong is told, and leaves what was read before.
  ///
  /// - Returns: whether it was read.
  func reload(_ loaded: inout LoadedConfiguration, telling surroundings: ReconcilerSurroundings) -> Bool {
    do throws(ConfigurationError) {
      loaded = try load()
      surroundings.report([], from: "configuration")
      return true
    } catch {
      surroundings.report(
        error.errors.map { "\($0); the configuration that was read before stays" }, from: "configuration")
      return false
    }
  }
}
