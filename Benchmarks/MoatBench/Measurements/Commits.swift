import Foundation
import NamespaceLab
import Nftables
import NftablesKernel

extension Bench {
  /// The gateway node's whole ruleset into a fresh network namespace: from the ruleset to the acknowledgement over an
  /// open socket. The peers load the same: `nft -f` what moat prints, and the kernel alone the bytes that moat sends.
  func commits() throws -> [Row] {
    let ruleset = try gatewayRuleset()
    let count = ruleset.allowances.count
    let file = files.folder.appending(path: "ruleset.nft").path
    try Data(ruleset.nftSyntax.utf8).write(to: URL(filePath: file))
    let transaction = difference(from: nil, to: ruleset)
    let bytes = try LibnftnlKernel.encoded(transaction)
    let samples = try interleaved(
      rounds: rounds(quick: 5, full: 15),
      [
        { try inEmptyKernel { kernel in try seconds { try commitAll(ruleset, to: kernel) } } },
        {
          try inEmptyKernel { kernel in
            try seconds { try kernel.replay(bytes, operations: transaction.operations.count) }
          }
        },
        { try inEmptyKernel { _ in try seconds(of: ["nft", "-f", file]) } },
      ])
    return [
      Row(
        "commit \(count) allowances", samples[0], peer: Peer("nft -f of moat's print", samples[2]),
        target: .ratioAtMost(0.2)),
      Row(
        "commit \(count) allowances", samples[0], peer: Peer("the kernel alone: the same bytes again", samples[1]),
        target: .ratioAtMost(1.3)),
    ]
  }
}

/// Commits `ruleset` where there is no table yet.
func commitAll(_ ruleset: Ruleset, to kernel: LibnftnlKernel) throws {
  try kernel.commit(difference(from: nil, to: ruleset), at: kernel.generation())
}

/// Runs `body` in a fresh network namespace with a socket that is open already. Afterwards the tables are deleted, and
/// the kernel's work to free them is over before this returns: closing the socket waits for it.
func inEmptyKernel<Value>(_ body: (LibnftnlKernel) throws -> Value) throws -> Value {
  try inFreshNetworkNamespace {
    let kernel = try LibnftnlKernel()
    let value = try body(kernel)
    try kernel.commit(
      Transaction([.deleteTable(TableID(.inet, "moat"))]), at: kernel.generation())
    return value
  }
}

/// Seconds of `command`, from the start of the process to its end, in the calling thread's network namespace.
func seconds(of command: [String]) throws -> Double {
  try seconds {
    let result = try runProgram(command)
    guard result.status == 0 else { throw BenchError("\(command): \(result.output.prefix(500))") }
  }
}
