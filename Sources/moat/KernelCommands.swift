import ArgumentParser
import EgressAgent
import EgressPolicy
import EgressRuleset
import Nftables
import NftablesKernel
import StatusServer

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what moat apply would change in the kernel, as nft commands.",
    discussion: """
      Beside a daemon give --observe-interfaces: it judges by the node's interfaces, and what it holds differs without.
      A comment at the end tells what to write into the configuration for connections that are open now and would be cut.

      Exit status: 0 no difference, 2 a difference, 1 an error. Needs CAP_NET_ADMIN; changes nothing.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var names: NameOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var progress: KeepGoingOption
  @OptionGroup var observation: ObservationOptions

  func run() throws {
    let (model, node) = try observation.resolve(source.load(keepGoing: progress.keepGoing, names: names), node)
    let flows = model.flows(on: node)
    let wanted = lower(flows)
    let held = try reportingKernelErrors { () throws(KernelError) in try readConsistently(LibnftnlKernel()) }
    let transaction = difference(from: held, to: wanted)
    if held?.judgesInterfaces == true, !wanted.judgesInterfaces {
      printError("note: the kernel judges by interfaces, as a daemon does; compare with --observe-interfaces")
    }
    guard !transaction.isEmpty else { return }
    printWhole(transaction.nftSyntax(cgroupNames: flows.cgroupNames) + ConnectionReport(model, flows).comment)
    throw ExitCode(2)
  }
}

struct Apply: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the kernel enforce the model, in one transaction, and check that it does.",
    discussion: """
      Derives, commits the difference to what the kernel holds, reads back and compares. What does not change is left \
      alone, counters included. Where a document is broken, nothing is committed: there is no --keep-going here.

      Without --observe-interfaces who a pod is and where packets come from (S9, S14) is not judged; where a daemon did \
      so before, nothing is committed then.

      Exit status: 0, or 1 on bad input or a kernel error; the kernel then holds what it held before.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var names: NameOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var observation: ObservationOptions

  func run() throws {
    let (model, node) = try observation.resolve(source.load(keepGoing: false, names: names), node)
    let flows = model.flows(on: node)
    let wanted = lower(flows)
    let (kernel, held) = try reportingKernelErrors { () throws(KernelError) in
      let kernel = try LibnftnlKernel()
      // A living daemon's table is not apply's to change, even where there is nothing to change.
      try kernel.adopt()
      return (kernel, try readConsistently(kernel))
    }
    if held?.judgesInterfaces == true, !wanted.judgesInterfaces {
      printError(
        "moat: the kernel judges by interfaces who a pod is, as a daemon does, and this would end that. "
          + "Add --observe-interfaces, or run moat unlock first.")
      throw ExitCode(1)
    }
    let done = try reportingKernelErrors { () throws(KernelError) in try enforce(wanted, in: kernel) }
    let warnings = flows.findings.filter { $0.code.severity != .note }
    if !warnings.isEmpty { printError("\(warnings.count) warnings; moat check shows them all") }
    for warning in warnings.prefix(20) { printError("\(warning)") }
    let operations = done.transaction.operations.count
    printLine(
      "node \(flows.node): " + (operations == 0 ? "already in force" : "in force")
        + (flows.rules.mode == .audit ? " in audit mode (nothing is refused)" : "")
        + ", \(operations) operation\(operations == 1 ? "" : "s") committed, read back and equal")
  }
}

struct Unlock: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove moat's tables from the kernel. The only way out: afterwards nothing is refused.",
    discussion: """
      While a daemon lives, it is asked to remove them and to end; where only moat hold is left, its socket removes \
      them. Says what was removed.

      Exit status: 0, or 1 on an error.
      """)

  @OptionGroup var socket: SocketOption
  @OptionGroup var hold: HoldOption

  func run() throws {
    let tables: [String]
    do {
      let answer = try DaemonClient(socketPath: socket.socket).unlock()
      if let error = answer.error {
        printError("moat: the daemon could not remove the tables: \(error)")
        throw ExitCode(1)
      }
      tables = answer.removed
    } catch DaemonClient.Failure.absent {
      tables = try removeTables()
    } catch let error as DaemonClient.Failure {
      printError("moat: a daemon may live, but cannot be asked: \(error)")
      throw ExitCode(1)
    }
    printLine(
      tables.isEmpty
        ? "there was no table of moat's; nothing was removed"
        : "removed " + tables.map { "table \($0)" }.joined(separator: ", ") + "; nothing is refused any more")
  }

  private func removeTables() throws -> [String] {
    let removed = try reportingKernelErrors { () throws(KernelError) in
      let kept = SocketCustody(holdPath: hold.hold).takeBack()
      let kernel = try KernelAccess(ownsTables: true).open(inheriting: kept)
      return try enforce(Ruleset(tables: []), in: kernel).transaction.operations
    }
    return removed.compactMap { operation in
      if case .deleteTable(let table) = operation { "\(table)" } else { nil }
    }
  }
}

/// Reads until nobody commits in between.
func readConsistently(_ kernel: LibnftnlKernel) throws(KernelError) -> Ruleset? {
  for _ in 0..<10 {
    do throws(KernelError) { return try kernel.read().0 } catch { guard error.isOutrun else { throw error } }
  }
  return try kernel.read().0
}

/// Says on standard error what the kernel refused, and ends with status 1.
func reportingKernelErrors<Result>(_ body: () throws(KernelError) -> Result) throws -> Result {
  do throws(KernelError) { return try body() } catch {
    printError("moat: \(error)")
    throw ExitCode(1)
  }
}
