import EgressRuleset
import Nftables

/// Keeps one kernel equal to what is wanted.
///
/// It remembers what the kernel holds and at which generation, so that a change costs one commit and nothing is read. A
/// commit at that generation succeeds only if nobody else committed; then the memory is true. After any error nothing
/// is believed: the kernel is read, and after the commit read again, and the difference must be empty.
package struct Reconciler<Backend: NftablesBackend> {
  private let backend: Backend
  private var belief: Belief?

  /// What the kernel held before anything was wanted.
  private var seen: Belief?

  private struct Belief {
    var ruleset: Ruleset?
    var generation: Generation

    /// What was added to sets since.
    var additions = SetAdditions(table: moatTable)

    /// What the kernel holds.
    var held: Ruleset? { additions.isEmpty ? ruleset : ruleset.map { additions.added(to: $0) } }
  }

  package init(_ backend: Backend) { self.backend = backend }

  /// Reads the kernel ahead of the first `enforce`, which then has only to compare where nothing changed since.
  ///
  /// - Returns: what it holds.
  /// - Throws: `KernelError`; the first `enforce` reads then.
  @discardableResult
  package mutating func look() throws(KernelError) -> Ruleset? {
    let (ruleset, generation) = try backend.read()
    seen = Belief(ruleset: ruleset, generation: generation)
    return ruleset
  }

  /// Makes the kernel hold `wanted`. Reads it only the first time and after an error.
  ///
  /// - Throws: `KernelError`; the kernel then holds what it held before, and the next call reads it.
  package mutating func enforce(_ wanted: Ruleset) throws(KernelError) -> Reconciliation {
    guard var known = belief else { return try enforceFirst(wanted) }
    known = Belief(ruleset: known.held, generation: known.generation)
    let transaction = difference(from: known.ruleset, to: wanted)
    if transaction.isEmpty { return Reconciliation(transaction: transaction, generation: known.generation) }
    belief = nil
    do {
      let generation = try commit(transaction, since: known.generation)
      belief = Belief(ruleset: wanted.committed(onto: known.ruleset), generation: generation)
      var done = Reconciliation(transaction: transaction, generation: generation)
      done.concern = concern(from: known.ruleset, to: wanted)
      return done
    } catch {
      var result = try enforceReading(wanted)
      result.disturbance = error
      return result
    }
  }

  /// Adds allowances to a set of `inet moat` at once, ahead of the derivation that will want them too.
  ///
  /// - Returns: whether the set holds them now. If not, the next `enforce` has to bring them: the kernel is not known, or
  ///   the set is full.
  /// - Throws: `KernelError`; the next call reads the kernel.
  package mutating func add(_ keys: [ElementKey], to set: String) throws(KernelError) -> Bool {
    guard var known = belief, let held = known.ruleset?[moatTable]?.set(set),
      let missing = known.additions.missing(keys, in: held)
    else { return false }
    guard !missing.isEmpty else { return true }
    belief = nil
    let transaction = Transaction([.addElements(moatTable, held.definition, .keys(missing))])
    known.generation = try commit(transaction, since: known.generation)
    known.additions.add(missing, to: set)
    belief = known
    return true
  }

  /// Gives every element of sets that forget theirs its whole time again.
  ///
  /// - Returns: whether that was done; if not, nothing is known of the kernel.
  /// - Throws: `KernelError`; the next call reads the kernel, and brings what has vanished.
  package mutating func renew() throws(KernelError) -> Bool {
    guard var known = belief, let held = known.held else { return false }
    let transaction = held.renewal
    guard !transaction.isEmpty else { return true }
    belief = nil
    known.generation = try commit(transaction, since: known.generation)
    belief = known
    return true
  }

  /// Commits, also at a later generation as long as others left moat's tables alone; the generation it made.
  private func commit(_ transaction: Transaction, since known: Generation) throws(KernelError) -> Generation {
    var generation = known
    for _ in 0..<10 {
      do throws(KernelError) {
        try backend.commit(transaction, at: generation)
        return generation.next
      } catch {
        guard error.isOutrun, let later = try backend.generation(undisturbedSince: generation) else { throw error }
        generation = later
      }
    }
    try backend.commit(transaction, at: generation)
    return generation.next
  }

  /// Reads the kernel whatever is believed, and repairs what is not `wanted`.
  ///
  /// - Throws: `KernelError`, as `enforce`.
  package mutating func verify(_ wanted: Ruleset) throws(KernelError) -> Reconciliation {
    let known = belief
    belief = nil
    var done = try enforceReading(wanted)
    guard let known else { return done }
    if done.transaction.isEmpty {
      done.concern = .nothing
    } else {
      done.isRepair = difference(from: known.ruleset, to: wanted).isEmpty
    }
    return done
  }

  /// Reads, unless `look` did and the kernel is as it was and as it should be.
  private mutating func enforceFirst(_ wanted: Ruleset) throws(KernelError) -> Reconciliation {
    defer { seen = nil }
    guard let seen, try backend.generation() == seen.generation,
      difference(from: seen.ruleset, to: wanted).isEmpty
    else { return try enforceReading(wanted) }
    belief = seen
    // What an earlier daemon committed it may not have lived to cut.
    return Reconciliation(
      transaction: Transaction(), generation: seen.generation, isReadBack: true, concern: .everything)
  }

  private mutating func enforceReading(_ wanted: Ruleset) throws(KernelError) -> Reconciliation {
    let done = try Nftables.enforce(wanted, in: backend)
    belief = Belief(ruleset: done.held, generation: done.generation)
    var result = Reconciliation(transaction: done.transaction, generation: done.generation, isReadBack: true)
    // What held before may have let through anything; also what an earlier daemon could not cut any more.
    result.concern = .everything
    return result
  }
}

/// What one pass of a `Reconciler` did.
package struct Reconciliation: Hashable, Sendable {
  /// What was committed; empty where the kernel held it already.
  package var transaction: Transaction

  /// The generation at which the kernel holds what is wanted.
  package var generation: Generation

  /// Whether the kernel was read afterwards and found equal.
  package var isReadBack = false

  /// Whether what is wanted was believed to be there already, and was not.
  package var isRepair = false

  /// Why what was believed of the kernel turned out to be wrong, if it did.
  package var disturbance: KernelError?

  /// The connections that what is wanted may refuse, and what held before may not have.
  package var concern = Concern.nothing
}
