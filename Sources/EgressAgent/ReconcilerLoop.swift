import CNetfilter
import ClusterModel
import EgressPolicy
import EgressRuleset
import Logging
import Nftables
import Telemetry

/// The loop of the thread that alone speaks to the kernel: newest input, derive, lower, difference, commit.
///
/// An input that cannot be derived, and a kernel that refuses, leave in force what is; the status says so. After an
/// error of the kernel it is tried again, later each time.
package struct ReconcilerLoop<Backend: NftablesBackend> {
  /// Why the loop ended.
  package enum Ending: Hashable, Sendable {
    /// It was told to; the kernel was left as it is.
    case stopped

    /// The tables were removed on request.
    case unlocked
  }

  private let node: NodeName
  private let surroundings: ReconcilerSurroundings
  private let schedule: ReconcilerSchedule
  private let watch: (any RulesetWatching)?
  private let revocations: RevocationThread?
  private let names: NameWatch?
  private let flows: FlowWatch?
  private let interfaces: InterfaceWatch?
  private let podsNeeded: (@Sendable (Set<PodQuery>) -> Void)?
  private let findings: (@Sendable ([Finding]) -> Void)?
  private var reconciler: Reconciler<Backend>
  private var inputs: NewestInputs
  private var wanted: DerivedRuleset?
  private var due = ReconcilerDeadlines()

  /// Whether those who follow the derivation know the newest one.
  private var isTold = true

  /// Whether memory is to be given back.
  private var hasReadBack = false

  /// When the oldest news came in that the kernel does not have yet.
  private var since: ContinuousClock.Instant?
  private let logger: Logger

  /// - Parameters:
  ///   - watch: tells what others do to the tables, where they are open to others.
  ///   - revocations: cuts what a commit refuses.
  ///   - names: is told after a derivation, ahead of the commit, which names are needed where that changed.
  ///   - flows: explains refused packets by what was derived.
  ///   - interfaces: looks for evidence of who is behind them after each new input, which may tell of new pods.
  ///   - podsNeeded: hears after each derivation which pods it depends on.
  ///   - findings: hears after each derivation what a person should know.
  ///   - awaitsInterfaces: nothing is derived before the node's interfaces are known; else they are judged by (S9, S14)
  ///     only once they are.
  package init(
    _ backend: Backend, watch: (any RulesetWatching)? = nil, revocations: RevocationThread? = nil,
    names: NameWatch? = nil, flows: FlowWatch? = nil, interfaces: InterfaceWatch? = nil,
    podsNeeded: (@Sendable (Set<PodQuery>) -> Void)? = nil, findings: (@Sendable ([Finding]) -> Void)? = nil,
    node: NodeName, surroundings: ReconcilerSurroundings, schedule: ReconcilerSchedule,
    awaitingInterfaces awaitsInterfaces: Bool = false, logger: Logger
  ) {
    inputs = NewestInputs(on: node, awaitingInterfaces: awaitsInterfaces)
    reconciler = Reconciler(backend)
    self.watch = watch
    self.revocations = revocations
    self.names = names
    self.flows = flows
    self.interfaces = interfaces
    self.podsNeeded = podsNeeded
    self.findings = findings
    self.node = node
    self.surroundings = surroundings
    self.schedule = schedule
    self.logger = logger
    due.heartbeat = schedule.heartbeat.map { .now + $0 }
  }

  /// Works until told to end.
  package mutating func run(_ inbox: ReconcilerInbox) -> Ending {
    look()
    while true {
      if let ending = step(inbox.wait(until: due.next, or: watch), at: .now) { return ending }
    }
  }

  /// Reads the kernel while others read manifests. A pod that changed its addresses while no daemon lived is still known by
  /// what the table binds. Where nothing can be read now, the first commit says why.
  private mutating func look() {
    for _ in 0..<10 {
      do throws(KernelError) {
        return inputs.remember(try reconciler.look()?.boundAddresses ?? [:])
      } catch { guard error.isOutrun else { return } }
    }
  }

  /// Does what `contents` and the time demand.
  package mutating func step(_ contents: ReconcilerInbox.Contents, at now: ContinuousClock.Instant) -> Ending? {
    if !contents.unlocks.isEmpty, unlock(replying: contents.unlocks) { return .unlocked }
    if contents.isStopped { return .stopped }
    // What was before is let go of after the commit: thousands of values take their time.
    let before = contents.isTelling ? nil : (inputs, wanted)
    defer { withExtendedLifetime(before) {} }
    var isNew = inputs.take(contents)
    if !isNew, !contents.observed.isEmpty, !open(contents.observed) { isNew = true }
    if isNew { since = since ?? contents.since }
    note(contents.changes)
    if due.isPast(\.renewal, at: now) { renew(at: now) }
    let verifies = due.isPast(\.verification, at: now) || contents.changes.contains(where: \.concernsUs)
    let retries = due.isPast(\.retry, at: now)
    if isNew || (verifies || retries) && inputs.isAheadOfDerivation { derive() }
    if verifies {
      reconcile(at: now) { (reconciler, wanted) throws(KernelError) in try reconciler.verify(wanted) }
    } else if isNew || retries {
      reconcile(at: now) { (reconciler, wanted) throws(KernelError) in try reconciler.enforce(wanted) }
    }
    tell(hasNewInput: contents.input != nil)
    giveBack()
    if due.isPast(\.heartbeat, at: now) {
      surroundings.beat()
      due.heartbeat = schedule.heartbeat.map { now + $0 }
    }
    return nil
  }

  /// Opens what resolvers told gateway pods, from their answers alone: the application is about to connect.
  ///
  /// - Returns: whether the kernel lets them through now, as far as the model does. If not, a derivation has to.
  private mutating func open(_ observed: [ObservedName]) -> Bool {
    guard let wanted else { return true }
    do throws(KernelError) {
      for (set, keys) in nameKeys(observed.flatMap { wanted.openings.flows(for: $0) }) {
        guard try reconciler.add(keys, to: set) else { return false }
        surroundings.board.update { document, _ in document.counts.opened += keys.count }
      }
      return true
    } catch {
      logger.notice("read the kernel again: \(error)")
      return false
    }
  }

  /// Keeps sets that forget from forgetting what is still wanted.
  private mutating func renew(at now: ContinuousClock.Instant) {
    due.planRenewal(of: wanted?.ruleset, at: now)
    do throws(KernelError) {
      if try reconciler.renew() { return }
    } catch { logger.notice("read the kernel again: \(error)") }
    due.verification = now
  }

  private func note(_ changes: [RulesetChange]) {
    for change in changes where change.concernsUs {
      switch change {
      case .commit(let commit):
        surroundings.board.update { document, _ in document.counts.tampered += 1 }
        logger.warning("\(commit); it is read back and repaired")
      case .unknown: logger.warning("changes of others were lost; read back")
      }
    }
  }

  private mutating func derive() {
    do {
      let before = wanted?.demand
      wanted = try inputs.derived(after: wanted) ?? wanted
      isTold = false
      // Ahead of the commit: what is said to gateway pods is copied from then on, and must be heard.
      if let demand = wanted?.demand, demand != before { names?.want(demand) }
      surroundings.board.update { document, _ in document.counts.inputs += 1 }
      surroundings.report([], from: "model")
    } catch {
      let stays =
        surroundings.board.current.enforced == nil
        ? "this daemon has enforced nothing yet: what stands is a table from before, or nothing; moat lock closes the node"
        : "what was enforced before stays"
      surroundings.report(["\(error); \(stays)"], from: "model")
    }
  }

  /// Tells those who follow what was derived and taken in; after the commit, which none of them may hold up.
  private mutating func tell(hasNewInput: Bool) {
    if hasNewInput { interfaces?.look() }
    guard !isTold, let wanted else { return }
    isTold = true
    flows?.follow(wanted.model)
    podsNeeded?(wanted.podQueries)
    findings?(wanted.findings)
  }

  /// Gives the system the memory that reading the kernel back took; malloc keeps it for ever. See: malloc_trim(3)
  private mutating func giveBack() {
    guard hasReadBack else { return }
    hasReadBack = false
    malloc_trim(0)
  }

  private mutating func reconcile(
    at now: ContinuousClock.Instant, _ body: (inout Reconciler<Backend>, Ruleset) throws(KernelError) -> Reconciliation
  ) {
    due.verification = nil
    guard let wanted else { return surroundings.settle() }
    let began = ContinuousClock.now
    do throws(KernelError) {
      let done = try body(&reconciler, wanted.ruleset)
      let took = ContinuousClock.now - began
      surroundings.board.timings.note(commit: took, of: done.transaction.operations.count, sinceEvent: since)
      since = nil
      due.retry = nil
      due.failures = 0
      if due.renewal == nil { due.planRenewal(of: wanted.ruleset, at: now) }
      revocations?.revoke(refusedBy: wanted.ruleset, done.concern)
      record(done, after: took, of: wanted.summary)
      hasReadBack = done.isReadBack
      surroundings.save(wanted.locked)
    } catch {
      due.failures += 1
      due.retry = now + schedule.pause(after: due.failures)
      surroundings.board.update { document, _ in document.counts.kernelErrors += 1 }
      surroundings.report(["\(error)"], from: "kernel")
    }
    due.verification = now + schedule.verification
    surroundings.settle()
  }

  private func record(_ done: Reconciliation, after took: Duration, of summary: DerivedRuleset.Summary) {
    let operations = done.transaction.operations.count
    if operations > 0 { logger.info("committed \(operations) operations", metadata: ["node": "\(node)"]) }
    if let disturbance = done.disturbance { logger.notice("read the kernel again: \(disturbance)") }
    surroundings.report([], from: "kernel")
    if done.isRepair {
      let first = done.transaction.operations.prefix(3).map(\.summary).joined(separator: "; ")
      logger.warning(
        "repaired in \(milliseconds(took.seconds)) what others had changed: \(first)\(operations > 3 ? "; …" : "")")
    }
    surroundings.board.update { document, now in
      document.counts.commits += operations > 0 ? 1 : 0
      document.counts.readBacks += done.isReadBack ? 1 : 0
      document.counts.outruns += done.disturbance?.isOutrun == true ? 1 : 0
      if done.isRepair { document.counts.noteRepair(took.seconds) }
      let since = operations > 0 ? now : document.enforced?.since ?? now
      let verified = done.isReadBack ? now : document.enforced?.verified ?? now
      document.enforced = StatusDocument.Enforced(
        since: since, verified: verified, generation: done.generation.rawValue, mode: summary.mode,
        role: summary.role, allowances: summary.allowances, findings: summary.findings,
        shownFindings: summary.shownFindings)
    }
  }

  /// Whether the tables are gone.
  private mutating func unlock(replying replies: [ReconcilerInbox.UnlockReply]) -> Bool {
    do throws(KernelError) {
      let done = try reconciler.verify(Ruleset(tables: []))
      let tables = done.transaction.operations.compactMap { operation -> TableID? in
        if case .deleteTable(let table) = operation { table } else { nil }
      }
      surroundings.board.update { document, now in
        document.enforced = nil
        document.state = .unlocked
        document.since = now
      }
      logger.notice("removed \(tables.count) tables on request of moat unlock; nothing is refused any more")
      replies.forEach { $0(.success(tables)) }
      return true
    } catch {
      logger.error("moat unlock: \(error)")
      replies.forEach { $0(.failure(error)) }
      return false
    }
  }
}
