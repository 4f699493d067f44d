import ClusterModel
import Logging
import Synchronization

/// From which level on the daemon logs. A reload of the configuration changes it for every logger that was made from it.
package final class LogThreshold: Sendable {
  private let level: Mutex<Logger.Level>

  /// As `log.level` says.
  package init(_ configuration: Configuration) { level = Mutex(Self.level(of: configuration)) }

  /// Takes over `log.level`.
  package func follow(_ configuration: Configuration) { level.withLock { $0 = Self.level(of: configuration) } }

  /// Writes to standard error.
  package var logger: Logger {
    Logger(label: "moat") { Handler(base: StreamLogHandler.standardError(label: $0), threshold: self) }
  }

  private static func level(of configuration: Configuration) -> Logger.Level {
    Logger.Level(rawValue: configuration.log.level) ?? .info
  }

  /// The stream's handler with a level that all copies share.
  private struct Handler: LogHandler {
    var base: StreamLogHandler
    let threshold: LogThreshold

    var logLevel: Logger.Level {
      get { max(threshold.level.withLock { $0 }, base.logLevel) }
      set { base.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
      get { base.metadata }
      set { base.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
      get { base.metadataProvider }
      set { base.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { base[metadataKey: key] }
      set { base[metadataKey: key] = newValue }
    }

    init(base: StreamLogHandler, threshold: LogThreshold) {
      self.base = base
      self.base.logLevel = .trace
      self.threshold = threshold
    }

    func log(event: LogEvent) { base.log(event: event) }
  }
}
