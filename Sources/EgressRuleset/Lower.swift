import EgressPolicy
import NetworkValues
import Nftables

/// Turns a node's flows into the nftables ruleset that enforces them. Total: every set and chain is always there, what
/// differs between nodes and moments is only what the sets hold.
package func lower(_ flows: EgressFlows) -> Ruleset {
  let chains =
    [rawPrerouting, rawOutput, input, forward(flows.rules), output(flows.rules)]
    + [original(flows.rules), fromOutside(flows.rules), toGateway(flows.rules), hostToGateway]
    + refusalChains(flows.rules)
  return Ruleset(tables: [
    Table(id: moatTable, counters: counters, sets: sets(flows), chains: chains)
  ])
}

/// The table of all families' rules.
package let moatTable = TableID(.inet, "moat")
