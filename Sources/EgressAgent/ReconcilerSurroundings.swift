import EgressPolicy
import Logging
import Synchronization
import Telemetry

/// Whom the reconciler tells what: the status, the service manager, the state directory.
package final class ReconcilerSurroundings: Sendable {
  /// Where the status stands.
  package let board: StatusBoard
  private let stateFile: LockStateFile?
  private let manager: ServiceManagerLink?

  /// Where everything is logged.
  let logger: Logger
  private let hasSettled = Mutex(false)

  /// - Parameters:
  ///   - stateFile: where the last good ruleset goes; `nil` keeps none.
  ///   - manager: the service manager, where one started us.
  package init(board: StatusBoard, stateFile: LockStateFile?, manager: ServiceManagerLink?, logger: Logger) {
    self.board = board
    self.stateFile = stateFile
    self.manager = manager
    self.logger = logger
  }

  /// Writes what is wrong into the status, and into the log when it is news.
  package func report(_ faults: [String], from source: String) {
    guard board.report(faults, from: source) else { return }
    for fault in faults { logger.error("\(fault)", metadata: ["source": "\(source)"]) }
    if faults.isEmpty { logger.notice("all is well again", metadata: ["source": "\(source)"]) }
    if hasSettled.withLock({ $0 }) { manager?.send("STATUS=\(statusLine)") }
  }

  /// Tells the service manager that we live.
  func beat() { manager?.send("WATCHDOG=1") }

  /// Tells the service manager that the first attempt is over: what can be enforced now is in force.
  func settle() {
    let isFirst = hasSettled.withLock { value in
      defer { value = true }
      return !value
    }
    if isFirst { manager?.send("READY=1\nSTATUS=\(statusLine)") }
  }

  /// Keeps what may be enforced at the next boot.
  func save(_ state: LockState) {
    guard let stateFile else { return }
    do throws(AgentError) {
      try stateFile.save(state)
      report([], from: "state")
    } catch {
      report(["\(error); after a reboot an older ruleset holds until the daemon runs"], from: "state")
    }
  }

  private var statusLine: String {
    let document = board.current
    return "\(document.state.rawValue)" + (document.faults.first.map { ": \($0.message)" } ?? "")
  }
}
