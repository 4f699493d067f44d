/// A kernel that holds rulesets: the real one, or the simulated one of the tests.
package protocol NftablesBackend {
  /// What stands now in moat's tables (`ownTables`), `nil` where none of them exists, and the generation it was read at.
  ///
  /// - Throws: `KernelError`; also when the ruleset changed while it was read (`ERESTART`), to be tried again.
  func read() throws(KernelError) -> (Ruleset?, Generation)

  /// The current generation.
  func generation() throws(KernelError) -> Generation

  /// Commits all of `transaction`, or nothing.
  ///
  /// - Parameter generation: `nil` commits at whatever generation there is.
  /// - Throws: `KernelError`, naming the operation that the kernel refused; with code `ERESTART` when `generation` is
  ///   no longer the current one.
  func commit(_ transaction: Transaction, at generation: Generation?) throws(KernelError)

  /// The current generation, where moat's tables are known to be as they were at `generation` although others committed;
  /// `nil` where that is not known and they must be read.
  func generation(undisturbedSince generation: Generation) throws(KernelError) -> Generation?
}

extension NftablesBackend {
  /// Nothing is known.
  package func generation(undisturbedSince generation: Generation) throws(KernelError) -> Generation? { nil }
}

/// Tells of changes that others make to the kernel's rulesets, where the tables are open to them.
package protocol RulesetWatching {
  /// Readable while there is something to tell.
  var descriptor: Int32 { get }

  /// What others changed since the last call, in order. Never waits.
  func takeChanges() throws(KernelError) -> [RulesetChange]
}

/// The number of the kernel's ruleset generation; every commit of any process changes it. See: NFT_MSG_GETGEN
package struct Generation: Hashable, Sendable {
  /// The kernel's counter.
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// What one commit makes of it. The kernel counts up and leaves 0 out.
  package var next: Generation { Generation(rawValue: rawValue == .max ? 1 : rawValue + 1) }
}

/// The tables that are moat's, which alone it reads and writes.
package let ownTables = [TableID(.bridge, "moat"), TableID(.inet, "moat")]
