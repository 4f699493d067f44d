/// What `enforce` did.
package struct Enforcement: Hashable, Sendable {
  /// The changes that were committed; empty where the kernel held the ruleset already.
  package var transaction: Transaction

  /// The generation at which the ruleset was read back and found equal, or after which it replaced everything.
  package var generation: Generation

  /// What was read back, sizes of sets included; `nil` where moat has no table.
  package var held: Ruleset?
}

/// Makes `backend` hold `wanted`: reads, commits the difference in one transaction, reads back and compares. When
/// somebody else commits in between, starts again, at most `attempts` times; then replaces the tables whatever they
/// hold, in one transaction that asks for no generation, so that nobody keeps them open by being quick.
///
/// - Throws: `KernelError`; after it the kernel holds what it held before, or, where the comparison failed, something
///   that the next call repairs.
package func enforce(
  _ wanted: Ruleset, in backend: some NftablesBackend, attempts: Int = 10
) throws(KernelError) -> Enforcement {
  var committed = Transaction()
  var own: Generation?
  for _ in 0..<attempts {
    do throws(KernelError) {
      let (actual, generation) = try backend.read()
      let transaction = difference(from: actual, to: wanted)
      if transaction.isEmpty { return Enforcement(transaction: committed, generation: generation, held: actual) }
      guard generation != own else { throw stillDifferent(transaction) }
      try backend.commit(transaction, at: generation)
      committed.operations += transaction.operations
      own = generation.next
    } catch {
      guard error.isOutrun else { throw error }
    }
  }
  let replacement = replacement(by: wanted)
  try backend.commit(replacement, at: nil)
  return Enforcement(transaction: replacement, generation: try backend.generation(), held: wanted)
}

/// Makes the kernel hold `wanted` whatever there is. The first step makes sure that there is something to delete.
private func replacement(by wanted: Ruleset) -> Transaction {
  let removal = (wanted.tables.isEmpty ? ownTables : wanted.tables.map(\.id)).flatMap { table in
    [Operation.addTable(table), .deleteTable(table)]
  }
  return Transaction(removal + difference(from: nil, to: wanted).operations)
}

private func stillDifferent(_ rest: Transaction) -> KernelError {
  KernelError(
    operation: "compare the ruleset", code: 0,
    reason: "the kernel does not hold what was committed; \(rest.operations.count) operations are still needed, "
      + "the first: \(rest.operations.first?.summary ?? "none")")
}

extension KernelError {
  /// ERESTART. See: asm-generic/errno.h
  package static let restart: Int32 = 85

  /// Whether another process committed in between.
  package var isOutrun: Bool { code == Self.restart }
}
