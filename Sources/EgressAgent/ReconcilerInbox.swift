import ClusterModel
import Nftables
import Synchronization

/// What others want of the reconciler's thread: a slot each for the newest input and the newest interfaces, in which a
/// newer one replaces an older, and the orders to end.
package final class ReconcilerInbox: Sendable {
  /// How an unlock ended: the tables that were removed.
  package typealias UnlockReply = @Sendable (Result<[TableID], KernelError>) -> Void

  /// What has come in since it was last looked at.
  package struct Contents: Sendable {
    /// When the oldest of it came in; orders and questions aside.
    package var since: ContinuousClock.Instant?

    /// What manifests and configuration say.
    package var input: PolicyInput?

    /// The node's interfaces.
    package var interfaces: HostInterfaces?

    /// The host's cgroups; they replace those of the input.
    package var cgroups: HostCgroups?

    /// What DNS gave for names.
    package var names: ResolvedNames?

    /// What resolvers told gateway pods, newer than `names`.
    package var observed: [ObservedName] = []

    /// Who asked for the tables to be removed.
    package var unlocks: [UnlockReply] = []

    /// What others did to the kernel's rulesets.
    package var changes: [RulesetChange] = []

    /// Stays set.
    package var isStopped = false

    package init() {}

    /// Whether there is nothing but what resolvers told.
    var isTelling: Bool { !observed.isEmpty && input == nil && interfaces == nil && cgroups == nil && names == nil }
  }

  private let contents = Mutex(Contents())
  private let wakeup: Wakeup

  package init() throws(AgentError) { wakeup = try Wakeup() }

  /// Puts `input` into the slot.
  package func publish(_ input: PolicyInput) {
    publish { $0.input = input }
  }

  /// Puts `interfaces` into their slot.
  package func publish(_ interfaces: HostInterfaces) {
    publish { $0.interfaces = interfaces }
  }

  /// Puts `cgroups` into a slot of its own.
  package func publish(_ cgroups: HostCgroups) {
    publish { $0.cgroups = cgroups }
  }

  /// Puts `names` into their slot.
  package func publish(_ names: ResolvedNames) {
    publish { contents in
      contents.names = names
      contents.observed = []
    }
  }

  /// Adds what a resolver told a gateway pod; whoever says so includes it in the next `names`.
  package func open(_ observed: [ObservedName]) {
    publish { $0.observed += observed }
  }

  private func publish(_ change: @Sendable (inout Contents) -> Void) {
    contents.withLock { contents in
      contents.since = contents.since ?? .now
      change(&contents)
    }
    wakeup.signal()
  }

  /// Asks for the tables to be removed, after which the reconciler ends.
  package func unlock(_ reply: @escaping UnlockReply) {
    contents.withLock { $0.unlocks.append(reply) }
    wakeup.signal()
  }

  /// Asks the reconciler to end and to leave the kernel as it is.
  package func stop() {
    contents.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// Waits for something to come in, or `deadline`, and takes it out.
  ///
  /// - Parameter watch: is waited for, too.
  package func wait(until deadline: ContinuousClock.Instant?, or watch: (any RulesetWatching)? = nil) -> Contents {
    _ = awaitInput(on: [wakeup.descriptor] + (watch.map { [$0.descriptor] } ?? []), until: deadline)
    wakeup.drain()
    var result = take()
    if let watch { do { result.changes = try watch.takeChanges() } catch { result.changes = [.unknown] } }
    return result
  }

  private func take() -> Contents {
    contents.withLock { contents in
      var rest = Contents()
      rest.isStopped = contents.isStopped
      defer { contents = rest }
      return contents
    }
  }
}
