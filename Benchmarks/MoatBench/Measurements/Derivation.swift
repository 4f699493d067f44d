import ClusterModel
import EgressPolicy
import EgressRuleset
import Nftables
import ReferenceCluster

extension Bench {
  /// From parsed objects to the ruleset, for an ordinary node and for the gateway node. The peer shows how fast the
  /// machine is at the moment: it puts the keys that the gateway node's ruleset ends up with into a hash set.
  func derivation() throws -> [Row] {
    let (snapshot, configuration) = try cluster()
    let keys = try gatewayRuleset().allowances
    let derive = { (node: String) in
      seconds {
        let flows = EgressModel(snapshot, under: configuration).flows(on: NodeName(rawValue: node))
        precondition(!lower(flows).tables.isEmpty)
      }
    }
    let samples = try interleaved(
      rounds: rounds(quick: 10, full: 40),
      [
        { derive(ReferenceCluster.ordinaryNode) }, { derive(ReferenceCluster.gatewayNode) },
        { seconds { precondition(Set(keys).count == keys.count) } },
      ])
    let ordinary = try allowances(on: ReferenceCluster.ordinaryNode)
    let peer = Peer("hash set of \(keys.count) keys", samples[2])
    return [
      Row(
        "derive and lower, ordinary node (\(ordinary) allowances)", samples[0], peer: peer,
        target: .atMost(.seconds(0.030))),
      Row(
        "derive and lower, gateway node (\(keys.count) allowances)", samples[1], peer: peer,
        target: .atMost(.seconds(0.200))),
    ]
  }

  private func allowances(on node: String) throws -> Int {
    let (snapshot, configuration) = try cluster()
    return lower(EgressModel(snapshot, under: configuration).flows(on: NodeName(rawValue: node))).allowances.count
  }
}

extension Ruleset {
  /// The keys of all sets that hold what pods may do.
  var allowances: [ElementKey] {
    let names = ["clients4", "clients6", "external4", "external6", "exceptions4", "exceptions6"]
    return tables.flatMap(\.sets).filter { names.contains($0.name) }.flatMap { set -> [ElementKey] in
      if case .keys(let keys) = set.elements { keys } else { [] }
    }
  }
}
