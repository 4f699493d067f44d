import EgressPolicy
import NetworkValues
import Nftables

/// Turns a node's flows into the nftables ruleset that enforces them. Total: every set and chain is always there
/// (those of S9 and S14 where the node's interfaces are known), what differs between moments is only what sets hold.
package func lower(_ flows: EgressFlows) -> Ruleset { LoweredFlows(flows).ruleset }

/// A node's ruleset, with the large sets as steps: those whose flows did not change are kept.
package struct LoweredFlows {
  /// What enforces the flows.
  package let ruleset: Ruleset

  private let clients: Step<[NamedSet], [Flow]>
  private let external: Step<[NamedSet], [Flow]>
  private let externalNames: Step<[NamedSet], [Flow], [Flow], UInt32>

  /// - Parameter previous: what earlier flows were lowered to. It saves work and changes nothing.
  package init(_ flows: EgressFlows, after previous: LoweredFlows? = nil) {
    clients = Step(after: previous?.clients, flows.hopA, make: clientSets)
    external = Step(after: previous?.external, flows.hopB) { podSets($0, .external, .external_networks) }
    externalNames = Step(after: previous?.externalNames, flows.hopB, flows.observed, flows.rules.nameTimeout) {
      nameSets($0 + $1, .external_names, $2)
    }
    let chains =
      rawChains(flows.interfaces)
      + [input(flows), forward(flows), output(flows)]
      + [original(flows.rules), fromOutside(flows.rules), toGateway(flows.rules), hostToGateway]
      + refusalChains(flows.rules) + [unansweredNames(flows.rules)]
    let sets = clients.output + external.output + externalNames.output + sets(besidesHops: flows)
    ruleset = Ruleset(
      tables: [Table(id: moatTable, counters: counters, sets: sets, chains: chains)] + bridgeTables(flows))
  }
}

/// The table of all packets.
package let moatTable = TableID(.inet, "moat")
