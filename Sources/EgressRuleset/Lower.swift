import EgressPolicy
import NetworkValues
import Nftables

/// Turns a node's flows into the nftables ruleset that enforces them. Total: every set and chain is always there
/// (those of S9 and S14 where the node's interfaces are known), what differs between moments is only what sets hold.
package func lower(_ flows: EgressFlows) -> Ruleset {
  let chains =
    rawChains(flows.interfaces)
    + [input(flows.interfaces), forward(flows.rules, flows.interfaces), output(flows)]
    + [original(flows.rules), fromOutside(flows.rules), toGateway(flows.rules), hostToGateway]
    + refusalChains(flows.rules)
  return Ruleset(
    tables: [
      Table(id: moatTable, counters: counters, sets: sets(flows), chains: chains)
    ] + bridgeTables(flows))
}

/// The table of all packets.
package let moatTable = TableID(.inet, "moat")
