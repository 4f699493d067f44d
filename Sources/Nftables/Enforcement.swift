/// What `enforce` did.
package struct Enforcement: Hashable, Sendable {
  /// The changes that were committed; empty where the kernel held the ruleset already.
  package var transaction: Transaction

  /// The generation at which the ruleset was read back and found equal.
  package var generation: Generation

  /// What was read back, sizes of sets included; `nil` where moat has no table.
  package var held: Ruleset?
}

/// Makes `backend` hold `wanted`: reads, commits the difference in one transaction, reads back and compares. When
/// somebody else commits in between, starts again, at most `attempts` times.
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
  throw KernelError(
    operation: "commit the ruleset", code: KernelError.restart,
    reason: "another process changed the ruleset \(attempts) times in a row; find it with nft monitor, then try again")
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
