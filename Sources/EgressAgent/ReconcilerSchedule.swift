import Nftables

/// When the reconciler does something of itself.
package struct ReconcilerSchedule: Hashable, Sendable {
  /// How long what the kernel holds is believed before it is read again.
  package var verification = Duration.seconds(300)

  /// How often the service manager hears that the loop lives; `nil` where it does not ask.
  package var heartbeat: Duration?

  /// The first pause after an error of the kernel; every further one is twice as long, up to `longestPause`.
  package var firstPause = Duration.milliseconds(100)

  /// The longest pause between tries after an error of the kernel.
  package var longestPause = Duration.seconds(30)

  package init() {}

  func pause(after failures: Int) -> Duration {
    min(firstPause * (1 << min(max(failures - 1, 0), 20)), longestPause)
  }
}

/// What the reconciler is going to do, and when.
struct ReconcilerDeadlines {
  var verification: ContinuousClock.Instant?
  var retry: ContinuousClock.Instant?
  var heartbeat: ContinuousClock.Instant?

  /// When what sets forget is to be brought again.
  var renewal: ContinuousClock.Instant?

  /// Errors of the kernel in a row.
  var failures = 0

  var next: ContinuousClock.Instant? { [verification, retry, heartbeat, renewal].compactMap { $0 }.min() }

  /// A third of the shortest timeout from now: two renewals may fail before anything vanishes.
  mutating func planRenewal(of ruleset: Ruleset?, at now: ContinuousClock.Instant) {
    renewal = ruleset?.shortestTimeout.map { now + .seconds(Int64($0)) / 3 }
  }

  func isPast(_ deadline: KeyPath<Self, ContinuousClock.Instant?>, at now: ContinuousClock.Instant) -> Bool {
    self[keyPath: deadline].map { $0 <= now } ?? false
  }
}
