import ClusterModel
import EgressPolicy
import EgressRuleset
import NetworkValues
import Nftables
import Telemetry

/// Everything that what is enforced depends on, at one moment.
package struct PolicyInput: Sendable {
  /// What the cluster says.
  package var snapshot: ClusterSnapshot

  /// What the operator says.
  package var configuration: Configuration

  package init(snapshot: ClusterSnapshot, configuration: Configuration) {
    self.snapshot = snapshot
    self.configuration = configuration
  }
}

/// What one node must enforce, derived and lowered.
struct DerivedRuleset {
  var locked: LockState
  var summary: Summary

  /// What the whole cluster's objects say: with the steps below what the next derivation follows.
  let model: EgressModel
  private let node: NodeFlows
  private let lowered: LoweredFlows

  var ruleset: Ruleset { lowered.ruleset }

  /// The pods that it depends on.
  var podQueries: Set<PodQuery> { model.podQueries(on: node.flows.node) }

  /// What a person should know of it.
  var findings: [Finding] { node.flows.findings }

  /// What resolvers may tell which gateway pod.
  var openings: NameOpenings { node.nameOpenings }

  /// Which names have to be asked for, and whom.
  let demand: NameDemand

  /// What the status tells of it.
  struct Summary {
    var mode: String
    var role: String
    var allowances: StatusDocument.Allowances
    var findings: [String: Int]
    var shownFindings: [StatusDocument.Finding]
  }

  /// - Parameters:
  ///   - bindings: who is behind which interface of the node; `nil` where nobody has looked.
  ///   - previous: what was derived before; what did not change since is not derived again.
  /// - Throws: where the snapshot does not know the node: nothing can be said of what it must enforce.
  init(
    _ input: PolicyInput, bound bindings: InterfaceBindings? = nil, on node: NodeName,
    after previous: DerivedRuleset? = nil
  ) throws(UnknownNode) {
    guard input.snapshot.nodes.contains(where: { $0.name == node }) else {
      throw UnknownNode(node: node, known: input.snapshot.nodes.map(\.name).sorted())
    }
    model = EgressModel(input.snapshot, under: input.configuration, bound: bindings, after: previous?.model)
    self.node = NodeFlows(model, on: node, after: previous?.node)
    lowered = LoweredFlows(self.node.flows, after: previous?.lowered)
    locked = LockState(self.node.flows)
    summary = Summary(self.node.flows)
    demand = NameDemand(model, on: node, openings: self.node.nameOpenings, under: input.configuration.names)
  }
}

extension DerivedRuleset.Summary {
  init(_ flows: EgressFlows) {
    mode = flows.rules.mode.rawValue
    role = flows.role.rawValue
    allowances = StatusDocument.Allowances(
      hopA: flows.hopA.count, hopB: flows.hopB.count, exceptions: flows.exceptions.count, host: flows.host.count,
      apiServer: flows.apiServer.count)
    findings = [:]
    for finding in flows.findings { findings[finding.code.severity.rawValue, default: 0] += 1 }
    shownFindings = shown(flows.findings)
  }
}

/// A snapshot that is complete for itself, but not one of this node's cluster.
struct UnknownNode: Error, CustomStringConvertible {
  var node: NodeName
  var known: [NodeName]

  var description: String {
    let shown = known.prefix(8).map(\.rawValue).joined(separator: ", ")
    let rest = known.count > 8 ? " and \(known.count - 8) more" : ""
    return "there is no Node \(node); "
      + (known.isEmpty ? "there is no Node at all" : "there are \(shown)\(rest); choose one with --node")
  }
}
