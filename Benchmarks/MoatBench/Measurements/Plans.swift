import Nftables
import NftablesKernel

extension Bench {
  /// `moat plan` where nothing is to be changed: reads all of the kernel's tables and compares. The peer is nft, which
  /// reads the same and prints it.
  func plans() throws -> [Row] {
    let ruleset = try gatewayRuleset()
    let samples = try inEmptyKernel { kernel in
      try commitAll(ruleset, to: kernel)
      return try interleaved(
        rounds: rounds(quick: 3, full: 10),
        [
          {
            try seconds {
              guard try difference(from: kernel.read().0, to: ruleset).isEmpty else {
                throw BenchError("what was read differs from what was committed")
              }
            }
          },
          { try seconds(of: ["nft", "-j", "list", "table", "inet", "moat"]) },
        ])
    }
    return [
      Row(
        "plan with nothing to change, \(ruleset.allowances.count) allowances (read and compare)", samples[0],
        peer: Peer("nft -j list table", samples[1]), target: .ratioAtMost(0.2))
    ]
  }
}
