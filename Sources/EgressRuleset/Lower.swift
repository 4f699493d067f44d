import EgressPolicy
import NetworkValues
import Nftables

/// Turns a node's flows into the nftables ruleset that enforces them. Total: every set and chain is always there
/// (those of S9 and S14 where the node's interfaces are known), what differs between moments is only what sets hold.
package func lower(_ flows: EgressFlows) -> Ruleset { LoweredFlows(flows).ruleset }

/// A node's ruleset in parts, each a step: those whose flows did not change are kept. A pod that begins or ends changes
/// the parts that hold addresses of pods, and leaves the rest.
package struct LoweredFlows {
  /// What enforces the flows.
  package let ruleset: Ruleset

  private let fixed: Step<Table, EgressFlows>
  private let identities: Step<[NamedSet], InterfaceFlows?>
  private let clients: Step<[NamedSet], [Flow]>
  private let external: Step<[NamedSet], [Flow]>
  private let externalNames: Step<[NamedSet], [Flow], [Flow], UInt32>
  private let bridges: Step<[Table], EgressFlows?>

  /// - Parameter previous: what earlier flows were lowered to. It saves work and changes nothing.
  package init(_ flows: EgressFlows, after previous: LoweredFlows? = nil) {
    fixed = Step(after: previous?.fixed, flows.withoutLocalPods, make: fixedPart)
    identities = Step(after: previous?.identities, flows.interfaces, make: identitySets)
    clients = Step(after: previous?.clients, flows.hopA, make: clientSets)
    external = Step(after: previous?.external, flows.hopB) { podSets($0, .external, .external_networks) }
    externalNames = Step(after: previous?.externalNames, flows.hopB, flows.observed, flows.rules.nameTimeout) {
      nameSets($0 + $1, .external_names, $2)
    }
    bridges = Step(after: previous?.bridges, flows.interfaces?.bridged == nil ? nil : flows) {
      $0.map { bridgeTables($0) } ?? []
    }
    let sets = clients.output + external.output + externalNames.output + identities.output
    ruleset = Ruleset(tables: [fixed.output.adding(sets)] + bridges.output)
  }
}

/// What no pod of the node adds to.
///
/// - Parameter flows: without the node's pods.
private func fixedPart(_ flows: EgressFlows) -> Table {
  let chains =
    rawChains(flows.interfaces)
    + [input(flows), forward(flows), output(flows)]
    + [original(flows.rules), fromOutside(flows.rules), toGateway(flows.rules), hostToGateway]
    + refusalChains(flows.rules) + [unansweredNames(flows.rules)]
  return Table(id: moatTable, counters: counters, sets: fixedSets(flows), chains: chains)
}

extension EgressFlows {
  /// The same without what each of the node's pods adds, and without what people are told.
  fileprivate var withoutLocalPods: EgressFlows {
    var flows = self
    (flows.hopA, flows.hopB, flows.observed, flows.findings) = ([], [], [], [])
    flows.interfaces?.bindings = []
    flows.interfaces?.localPods = []
    flows.interfaces?.reserved = []
    flows.interfaces?.bridged?.bindings = []
    return flows
  }
}

/// The table of all packets.
package let moatTable = TableID(.inet, "moat")
