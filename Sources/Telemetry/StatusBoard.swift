import Synchronization

/// Where the daemon's parts write down how they are, and listeners read it.
package final class StatusBoard: Sendable {
  private let document: Mutex<StatusDocument>

  /// How long things take.
  package let timings = Timings()
  private let clock: @Sendable () -> Timestamp
  private let observer = Mutex<(@Sendable () -> Void)?>(nil)

  /// - Parameter clock: the time that reports carry.
  package init(_ document: StatusDocument, clock: @escaping @Sendable () -> Timestamp = { .now }) {
    self.document = Mutex(document)
    self.clock = clock
  }

  /// The status at this moment.
  package var current: StatusDocument { document.withLock { $0 } }

  /// Calls `observer`, from any thread, after each change of state, of readiness or of the faults.
  package func observe(_ observer: @escaping @Sendable () -> Void) {
    self.observer.withLock { $0 = observer }
  }

  /// Replaces all faults of one source; one that was there already keeps its `since`.
  ///
  /// - Returns: whether anything changed.
  @discardableResult
  package func report(_ messages: [String], from source: String) -> Bool {
    let now = clock()
    let hasChanged = document.withLock { document in
      let old = document.faults.filter { $0.source == source }
      guard old.map(\.message) != messages else { return false }
      let new = messages.map { message in
        old.first { $0.message == message } ?? StatusDocument.Fault(source: source, message: message, since: now)
      }
      document.faults =
        (document.faults.filter { $0.source < source } + new
          + document.faults.filter { $0.source > source })
      document.settle(at: now)
      return true
    }
    if hasChanged { tell() }
    return hasChanged
  }

  /// Changes anything but the faults.
  package func update(_ body: (inout StatusDocument, Timestamp) -> Void) {
    let now = clock()
    let hasChanged = document.withLock { document in
      let before = (document.state, document.isReady, document.enforced?.mode)
      body(&document, now)
      document.settle(at: now)
      return before != (document.state, document.isReady, document.enforced?.mode)
    }
    if hasChanged { tell() }
  }

  private func tell() { observer.withLock { $0 }?() }
}

extension StatusDocument {
  /// Brings `state` in line with the rest.
  fileprivate mutating func settle(at now: Timestamp) {
    guard state != .unlocked else { return }
    let next: State = !faults.isEmpty ? .degraded : enforced == nil ? .starting : .inSync
    guard next != state else { return }
    state = next
    since = now
  }

  /// Whether the kernel holds what this process derived, and can be asked: readiness.
  package var isReady: Bool {
    enforced != nil && state != .unlocked && !faults.contains { $0.source == "kernel" }
  }
}
