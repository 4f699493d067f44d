import ArgumentParser
import EgressPolicy
import EgressRuleset
import Nftables
import NftablesKernel

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what moat apply would change in the kernel, as nft commands.",
    discussion: "Exit status: 0 no difference, 2 a difference, 1 an error. Needs CAP_NET_ADMIN; changes nothing.")

  @OptionGroup var source: SourceOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var progress: KeepGoingOption

  func run() throws {
    let model = try source.load(keepGoing: progress.keepGoing).model
    let wanted = lower(model.flows(on: try node.resolve(in: model)))
    let transaction = try reportingKernelErrors { () throws(KernelError) in
      try difference(from: readConsistently(LibnftnlKernel()), to: wanted)
    }
    guard !transaction.isEmpty else { return }
    printWhole(transaction.nftSyntax)
    throw ExitCode(2)
  }
}

struct Apply: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the kernel enforce the model, in one transaction, and check that it does.",
    discussion: """
      Derives, commits the difference to what the kernel holds, reads back and compares. What does not change is left \
      alone, counters included. Where a document is broken, nothing is committed: there is no --keep-going here.

      Exit status: 0, or 1 on bad input or a kernel error; the kernel then holds what it held before.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var node: NodeOption

  func run() throws {
    let model = try source.load(keepGoing: false).model
    let flows = model.flows(on: try node.resolve(in: model))
    let done = try reportingKernelErrors { () throws(KernelError) in
      let kernel = try LibnftnlKernel()
      // A living daemon's table is not apply's to change, even where there is nothing to change.
      try kernel.adopt()
      return try enforce(lower(flows), in: kernel)
    }
    for finding in flows.findings where finding.code.severity != .note { printError("\(finding)") }
    let operations = done.transaction.operations.count
    print(
      "node \(flows.node): " + (operations == 0 ? "already in force" : "in force")
        + ", \(operations) operation\(operations == 1 ? "" : "s") committed, read back and equal")
  }
}

struct Unlock: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove moat's tables from the kernel. The only way out: afterwards nothing is refused.",
    discussion: "Exit status: 0, or 1 on a kernel error. Says what it removed.")

  func run() throws {
    let removed = try reportingKernelErrors { () throws(KernelError) in
      let kernel = try LibnftnlKernel()
      try kernel.adopt()
      return try enforce(Ruleset(tables: []), in: kernel).transaction.operations
    }
    let tables = removed.compactMap { operation -> TableID? in
      if case .deleteTable(let table) = operation { table } else { nil }
    }
    print(
      tables.isEmpty
        ? "there was no table of moat's; nothing was removed"
        : "removed " + tables.map { "table \($0)" }.joined(separator: ", ") + "; nothing is refused any more")
  }
}

/// Reads until nobody commits in between.
private func readConsistently(_ kernel: LibnftnlKernel) throws(KernelError) -> Ruleset? {
  for _ in 0..<10 {
    do throws(KernelError) { return try kernel.read().0 } catch { guard error.isOutrun else { throw error } }
  }
  return try kernel.read().0
}

/// Says on standard error what the kernel refused, and ends with status 1.
private func reportingKernelErrors<Result>(_ body: () throws(KernelError) -> Result) throws -> Result {
  do throws(KernelError) { return try body() } catch {
    printError("moat: \(error)")
    throw ExitCode(1)
  }
}
