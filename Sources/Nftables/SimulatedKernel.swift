/// A kernel in memory that refuses what the real one refuses, all or nothing.
///
/// It is stricter in two things that would be faults of moat's: it refuses to delete elements of an interval set, and
/// loops of chains that no base chain leads to. Not for use by several tasks at once.
package final class SimulatedKernel: NftablesBackend {
  private var tables: [Table]
  private var current = Generation(rawValue: 1)

  /// How many commits succeeded.
  package private(set) var commits = 0

  /// A kernel in which `ruleset` stands already.
  package init(holding ruleset: Ruleset? = nil) { tables = ruleset?.tables ?? [] }

  /// What it holds, and how often it was committed to.
  package func read() throws(KernelError) -> (Ruleset?, Generation) {
    (tables.isEmpty ? nil : Ruleset(tables: tables), current)
  }

  /// Counts up with every commit, and when somebody else writes.
  package func generation() throws(KernelError) -> Generation { current }

  /// Refuses what the kernel refuses, and then changes nothing.
  package func commit(_ transaction: Transaction, at generation: Generation?) throws(KernelError) {
    guard generation == nil || generation == current else {
      throw KernelError(operation: "commit", code: .restart, "the ruleset is of a later generation (ERESTART)")
    }
    var state = SimulatedTables(tables)
    for operation in transaction.operations { try state.apply(operation) }
    try state.checkJumps()
    tables = state.sorted
    current = current.next
    commits += 1
  }

  /// Somebody else writes: what stands is `ruleset`, and the generation is another.
  package func overwrite(with ruleset: Ruleset?) {
    tables = ruleset?.tables ?? []
    current = current.next
  }
}

extension Transaction {
  /// What this transaction makes of `ruleset`.
  ///
  /// - Throws: `KernelError` where the kernel would refuse an operation.
  package func applied(to ruleset: Ruleset?) throws(KernelError) -> Ruleset? {
    let kernel = SimulatedKernel(holding: ruleset)
    try kernel.commit(self, at: try kernel.read().1)
    return try kernel.read().0
  }
}
