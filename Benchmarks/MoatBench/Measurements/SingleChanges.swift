import Foundation
import NamespaceLab
import Nftables
import NftablesKernel

extension Bench {
  /// One allowance more and one less beside 100,000 others, over an open socket: each time the generation is read and a
  /// batch of one element committed at it. The peer is `nft -f` of a file that adds or deletes one element.
  func singleChanges() throws -> [Row] {
    let ruleset = try gatewayRuleset()
    let change = try SingleChange(ruleset)
    let (addition, deletion) = (fileOf(change.addition, "add.nft"), fileOf(change.deletion, "delete.nft"))
    for (transaction, file) in [(change.addition, addition), (change.deletion, deletion)] {
      try Data(transaction.nftSyntax.utf8).write(to: URL(filePath: file))
    }
    var times: [[Double]] = [[], [], [], []]
    try inEmptyKernel { kernel in
      try commitAll(ruleset, to: kernel)
      for _ in 0..<rounds(quick: 10, full: 40) {
        times[2].append(try seconds(of: ["nft", "-f", addition]))
        times[3].append(try seconds(of: ["nft", "-f", deletion]))
        for _ in 0..<200 {
          for (index, transaction) in [change.addition, change.deletion].enumerated() {
            times[index].append(try seconds { try kernel.commit(transaction, at: kernel.generation()) })
          }
        }
      }
    }
    let samples = times.map(Samples.init)
    let count = ruleset.allowances.count
    return [("add", 0), ("delete", 1)].flatMap { verb, index in
      let peer = Peer("nft -f, \(verb) one element", samples[index + 2])
      let name = "\(verb) one allowance beside \(count)"
      return [
        Row("\(name), p50", samples[index], peer: peer, target: .ratioAtMost(1.0 / 500)),
        Row("\(name), p99", samples[index], percentile: 99, target: .atMost(.seconds(0.001))),
      ]
    }
  }

  private func fileOf(_ transaction: Transaction, _ name: String) -> String {
    files.folder.appending(path: name).path
  }
}

/// An element that comes and goes.
private struct SingleChange {
  var addition: Transaction
  var deletion: Transaction

  /// A tuple of hop B that the ruleset does not have: another address with the protocol and port of the first.
  init(_ ruleset: Ruleset) throws {
    guard let table = ruleset.tables.first, let set = table.set("external4"), case .keys(let keys) = set.elements,
      let first = keys.first
    else { throw BenchError("the ruleset has no external4") }
    var values = first.values(as: set.definition.type)
    values[1] = 0xcb00_71ff
    let key = ElementKey(set.definition.type, values)
    addition = Transaction([.addElements(table.id, set.definition, .keys([key]))])
    deletion = Transaction([.deleteElements(table.id, set.definition, .keys([key]))])
  }
}
