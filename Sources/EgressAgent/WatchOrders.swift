import Synchronization

/// What others want of a thread that watches what the operator says.
final class WatchOrders: Sendable {
  /// What was wanted since it was last looked at.
  struct Pending {
    /// Stays set.
    var isStopped = false
    var reloads = false
  }

  private let pending = Mutex(Pending())
  private let wakeup: Wakeup

  init() throws(AgentError) { wakeup = try Wakeup() }

  /// Readable when something is wanted.
  var descriptor: Int32 { wakeup.descriptor }

  /// Asks the thread to end.
  func stop() {
    pending.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// Asks for everything to be read again.
  func reload() {
    pending.withLock { $0.reloads = true }
    wakeup.signal()
  }

  func take() -> Pending {
    wakeup.drain()
    return pending.withLock { pending in
      defer { pending.reloads = false }
      return pending
    }
  }
}
