import Synchronization

/// How long commits take, and how long it takes from an event to the kernel.
package final class Timings: Sendable {
  /// The distributions at one moment.
  package struct Values: Sendable {
    /// From the beginning of a transaction to its acknowledgement; of such that changed something.
    package var commit = Histogram()

    /// From a source's news to the acknowledgement of what follows from it.
    package var eventToKernel = Histogram()

    package init() {}
  }

  private let state = Mutex(Values())

  package init() {}

  /// The distributions now.
  package var values: Values { state.withLock { $0 } }

  /// Notes a commit that succeeded.
  ///
  /// - Parameters:
  ///   - operations: how many operations it had; none changes nothing and is no commit.
  ///   - start: when the oldest news came in that it brings to the kernel; `nil` where none did.
  package func note(commit took: Duration, of operations: Int, sinceEvent start: ContinuousClock.Instant?) {
    guard operations > 0 else { return }
    state.withLock { values in
      values.commit.note(took.seconds)
      if let start { values.eventToKernel.note((ContinuousClock.now - start).seconds) }
    }
  }
}

/// How many values were at most so large. See: Prometheus' exposition formats, histograms
package struct Histogram: Hashable, Sendable {
  /// Seconds.
  package static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

  /// How many values were at most the bound of the same place.
  package private(set) var counts = Array(repeating: UInt64(0), count: Histogram.bounds.count)

  /// How many values there were.
  package private(set) var count: UInt64 = 0

  /// What they come to.
  package private(set) var sum = 0.0

  package init() {}

  /// Adds a value.
  package mutating func note(_ value: Double) {
    count += 1
    sum += value
    for (place, bound) in Self.bounds.enumerated() where value <= bound { counts[place] += 1 }
  }
}
