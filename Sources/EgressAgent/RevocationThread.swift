import Conntrack
import Glibc
import Logging
import Nftables
import Synchronization

/// Cuts connections that the rules refuse since a commit (S8), on a thread of its own: a pass may take half a second,
/// and no commit shall wait for it. What several commits concern meanwhile is done in one pass, and between passes that
/// follow upon each other the thread rests: the kernel walks its whole table, whatever is looked for, and in a row of
/// changes that would be all that a processor does.
package final class RevocationThread: Sendable {
  /// Deletes what `ruleset` refuses among the concerned connections.
  package typealias Cut = @Sendable (_ ruleset: Ruleset, _ concern: Concern) throws -> Revocation

  private struct Orders {
    var ruleset = Ruleset(tables: [])
    var concern = Concern.nothing
    var isStopped = false
  }

  private let surroundings: ReconcilerSurroundings
  private let logger: Logger
  private let cut: Cut
  private let orders = Mutex(Orders())
  private let wakeup: Wakeup

  /// - Parameter cut: is called on the thread; by default asks the kernel.
  package init(
    surroundings: ReconcilerSurroundings, logger: Logger,
    cut: @escaping Cut = { try ConntrackTable().revoke(refusedBy: $0, $1) }
  ) throws(AgentError) {
    self.surroundings = surroundings
    self.logger = logger
    self.cut = cut
    wakeup = try Wakeup()
  }

  /// Asks for a pass; from any thread, when the kernel holds `ruleset`.
  package func revoke(refusedBy ruleset: Ruleset, _ concern: Concern) {
    orders.withLock { orders in
      orders.ruleset = ruleset
      orders.concern = orders.concern.union(concern)
    }
    if concern != .nothing { wakeup.signal() }
  }

  /// Asks the thread to end. What is not cut then, the next daemon cuts: it begins with everything.
  package func stop() {
    orders.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// Works until told to end.
  package func run() {
    let schedule = ReconcilerSchedule()
    var failures = 0
    var last = Pass()
    while true {
      let retry = failures == 0 ? nil : ContinuousClock.now + schedule.pause(after: failures)
      _ = awaitInput(on: [wakeup.descriptor], until: retry)
      usleep(UInt32(last.rest(at: .now) / .microseconds(1)))
      wakeup.drain()
      let current = take()
      if current.isStopped { return }
      if current.concern == .nothing { continue }
      let begin = ContinuousClock.now
      failures = pass(current) ? 0 : failures + 1
      last = Pass(begin: begin, end: .now)
    }
  }

  /// When the last pass was.
  private struct Pass {
    var begin = ContinuousClock.now
    var end = ContinuousClock.now

    /// How long the next one is put off: not at all once the thread has been idle for as long as the pass took, else to
    /// three times as long, but to a tenth of a second at most. So long may what was refused meanwhile still be answered.
    func rest(at now: ContinuousClock.Instant) -> Duration {
      let idle = now - end
      if idle >= end - begin { return .zero }
      return max(.zero, min((end - begin) * 3, .milliseconds(100)) - idle)
    }
  }

  private func take() -> Orders {
    orders.withLock { orders in
      defer { orders.concern = .nothing }
      return orders
    }
  }

  /// Whether it was done; if not, it is still to be done.
  private func pass(_ current: Orders) -> Bool {
    do {
      let done = try cut(current.ruleset, current.concern)
      surroundings.report([], from: "connections")
      if done.count > 0 { logger.notice("\(done)") }
      surroundings.board.update { document, _ in document.counts.revoked += done.count }
      return true
    } catch {
      orders.withLock { $0.concern = $0.concern.union(current.concern) }
      surroundings.report(
        ["\(error); connections that are refused now may still be answered"], from: "connections")
      return false
    }
  }
}
