import EgressRuleset
import Foundation
import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// The third way in which a scenario runs: nft reads what is printed, and makes of it what moat commits.
@Suite(.enabled(if: geteuid() == 0, "needs root: network namespaces and nf_tables"))
struct ReloadTests {
  @Test(arguments: Scenario.names)
  func `nft loads what is printed, and has then what moat commits`(name: String) throws {
    let scenario = try Scenario(name)
    for node in scenario.model.nodeNames {
      let ruleset = lower(scenario.model.flows(on: node))
      let loaded = try inFreshNetworkNamespace {
        try nft("-c", "-f", "-", input: ruleset.nftSyntax)
        try nft("-f", "-", input: ruleset.nftSyntax)
        return try listing()
      }
      let committed = try inFreshNetworkNamespace {
        _ = try enforce(ruleset, in: LibnftnlKernel())
        return try listing()
      }
      #expect(loaded.count > 50 && loaded == committed, "\(name), node \(node)")
    }
  }
}

/// Runs nft in the calling thread's namespace.
@discardableResult
private func nft(_ arguments: String..., input: String = "") throws -> String {
  let result = try runProgram(["nft"] + arguments, input: input)
  try #require(result.status == 0, "nft \(arguments): \(result.output)")
  return result.output
}

/// Everything that `nft -j list ruleset` tells, as sorted texts: without handles, counts and the order in which objects
/// were made, but with the order of rules in their chain and of elements.
private func listing() throws -> [String] {
  let text = try nft("-j", "list", "ruleset")
  let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
  let objects = try #require(root?["nftables"] as? [[String: [String: Any]]])
  var rulesOf: [String: Int] = [:]
  return try objects.flatMap { $0 }.filter { $0.key != "metainfo" }.map { kind, content in
    var content = content
    for name in ["handle", "packets", "bytes"] { content[name] = nil }
    if kind == "rule", let chain = content["chain"] as? String {
      content["place"] = rulesOf[chain, default: 0]
      rulesOf[chain, default: 0] += 1
    }
    let data = try JSONSerialization.data(withJSONObject: [kind: content], options: .sortedKeys)
    return String(decoding: data, as: UTF8.self)
  }.sorted()
}
