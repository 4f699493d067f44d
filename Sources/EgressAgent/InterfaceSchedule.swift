import ClusterModel

/// When interfaces are looked at without an event.
package struct InterfaceSchedule: Hashable, Sendable {
  /// How often everything is read again, behind every interface too.
  package var refresh = Duration.seconds(300)

  /// After a new interface appeared: the first pause before evidence about it is looked for. Every further one is twice
  /// as long, `looks` in all.
  package var firstLook = Duration.milliseconds(50)

  /// How many looks there are after an interface appeared.
  package var looks = 9

  /// The first pause after an error; every further one is twice as long, up to `longestPause`.
  package var firstPause = Duration.milliseconds(100)

  /// The longest pause between tries after an error.
  package var longestPause = Duration.seconds(30)

  package init() {}

  func pause(after failures: Int) -> Duration {
    min(firstPause * (1 << min(max(failures - 1, 0), 20)), longestPause)
  }
}

/// What the watch of interfaces is going to do, and when.
struct InterfaceDeadlines {
  private let schedule: InterfaceSchedule
  private var newest: UInt64 = 0
  private var looks = 0
  private var failures = 0
  private(set) var retry: ContinuousClock.Instant?
  var refresh: ContinuousClock.Instant?
  var look: ContinuousClock.Instant?

  init(_ schedule: InterfaceSchedule, at now: ContinuousClock.Instant) {
    self.schedule = schedule
    refresh = now + schedule.refresh
  }

  /// After an error nothing is tried before its pause is over.
  var next: ContinuousClock.Instant? { retry ?? [refresh, look].compactMap { $0 }.min() }

  func isPast(_ deadline: KeyPath<Self, ContinuousClock.Instant?>, at now: ContinuousClock.Instant) -> Bool {
    self[keyPath: deadline].map { $0 <= now } ?? false
  }

  /// An interface that was not there before starts a series of looks.
  mutating func note(_ interfaces: HostInterfaces, at now: ContinuousClock.Instant) {
    let latest = interfaces.links.map(\.appearance).max() ?? 0
    guard latest > newest else { return }
    newest = latest
    looks = 0
    look = now + schedule.firstLook
  }

  /// Goes on with the series, if there is a need and some of it is left.
  mutating func planLook(isNeeded: Bool, at now: ContinuousClock.Instant) {
    looks += 1
    look = isNeeded && looks < schedule.looks ? now + schedule.firstLook * (1 << looks) : nil
  }

  mutating func succeed() {
    failures = 0
    retry = nil
  }

  mutating func fail(at now: ContinuousClock.Instant) {
    failures += 1
    retry = now + schedule.pause(after: failures)
  }
}
