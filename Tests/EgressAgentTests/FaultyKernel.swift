import Nftables

/// A simulated kernel with accidents.
final class FaultyKernel: NftablesBackend {
  /// What goes wrong at one call.
  enum Accident {
    /// The kernel refuses.
    case refusal

    /// The commit takes effect, but its answer is lost.
    case lostAnswer

    /// Another process commits just before, and leaves this.
    case intruder(Ruleset?)
  }

  let kernel: SimulatedKernel

  /// Of the next calls, in order; `nil` is none.
  var accidents: [Accident?] = []

  /// How often the kernel was read.
  private(set) var reads = 0

  init(holding ruleset: Ruleset? = nil) { kernel = SimulatedKernel(holding: ruleset) }

  func read() throws(KernelError) -> (Ruleset?, Generation) {
    reads += 1
    if case .refusal? = nextAccident() { throw Self.refusal }
    return try kernel.read()
  }

  func generation() throws(KernelError) -> Generation { try kernel.generation() }

  func commit(_ transaction: Transaction, at generation: Generation?) throws(KernelError) {
    switch nextAccident() {
    case nil: try kernel.commit(transaction, at: generation)
    case .refusal: throw Self.refusal
    case .lostAnswer:
      try kernel.commit(transaction, at: generation)
      throw KernelError(operation: "commit", code: 105, reason: "the answer was lost (ENOBUFS)")
    case .intruder(let ruleset):
      kernel.overwrite(with: ruleset)
      try kernel.commit(transaction, at: generation)
    }
  }

  private func nextAccident() -> Accident? { accidents.isEmpty ? nil : accidents.removeFirst() }

  private static let refusal = KernelError(operation: "commit", code: 12, reason: "no memory (ENOMEM)")
}
