import Synchronization

/// The newest records of refused packets, for whoever asks. Bounded: the oldest goes first.
package final class FlowRing: Sendable {
  private struct State {
    var records: [FlowRecord] = []

    /// Where in `records` the oldest stands, once they are as many as they may be.
    var oldest = 0

    /// How many there were in all.
    var position: UInt64 = 0
    var counts = FlowCounts()
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: how many are kept, at least one.
  package init(capacity: Int = 2048) { self.capacity = max(1, capacity) }

  /// Adds `records` and replaces the counts.
  package func append(_ records: [FlowRecord], counts: FlowCounts) {
    state.withLock { state in
      state.counts = counts
      for record in records {
        if state.records.count < capacity {
          state.records.append(record)
        } else {
          state.records[state.oldest] = record
          state.oldest = (state.oldest + 1) % capacity
        }
      }
      state.position += UInt64(records.count)
    }
  }

  /// What became of all refused packets.
  package var counts: FlowCounts { state.withLock { $0.counts } }

  /// The records after a position; all that are kept where the position is of another daemon's.
  ///
  /// - Parameter newest: how many at most, the newest of them; the others count as missed.
  package func document(after position: UInt64 = 0, newest: Int = .max) -> FlowsDocument {
    state.withLock { state in
      let isOurs = position <= state.position
      let wanted = isOurs ? state.position - position : state.position
      let kept = min(Int(min(wanted, UInt64(state.records.count))), max(0, newest))
      let inOrder = state.records[state.oldest...] + state.records[..<state.oldest]
      return FlowsDocument(
        records: Array(inOrder.suffix(kept)), position: state.position,
        missed: position == 0 || !isOurs ? 0 : wanted - UInt64(kept), counts: state.counts)
    }
  }
}
