import ClusterModel
import NetworkValues

/// What one node must enforce, with the steps that led there from the model of the cluster.
package struct NodeFlows {
  /// What the node must enforce.
  package let flows: EgressFlows

  /// What resolvers may tell which gateway pod of the node.
  package var nameOpenings: NameOpenings { openings.output }

  private let hopA: Step<[Flow], NodeName, AddressOwnership, [GatewayDoor], Set<String>>
  private let hopB: Step<[Flow], NodeName, [EgressGateway], [ExternalDestination], [Bool]>
  private let interfaces:
    Step<InterfaceFlows?, HostInterfaces?, [ClassifiedInterface], [Node], Configuration.Interfaces>
  private let openings: Step<NameOpenings, NodeName, [EgressGateway], [ExternalDestination], [Bool], Bool, PrefixSet>
  private let findings: Step<[Finding], [[Finding]]>

  /// - Parameter previous: earlier flows, of any model and node. They save work and change nothing.
  package init(_ model: EgressModel, on node: NodeName, after previous: NodeFlows? = nil) {
    let (ownership, doors, gatewayPods) = (model.ownership, model.doors, model.gateways.podNames(on: node))
    hopA = Step(
      after: previous?.hopA, node, ownership, doors, gatewayPods,
      follow: { previous in
        let (nodeBefore, ownershipBefore, doorsBefore, podsBefore) = previous.input
        guard (nodeBefore, doorsBefore, podsBefore) == (node, doors, gatewayPods) else { return nil }
        return clientFlows(
          following: previous.output, of: ownershipBefore, on: node, ownership, doors, gatewayPods: gatewayPods)
      }, make: { clientFlows(on: $0, $1, $2, gatewayPods: $3) })
    let isGranted = model.grantedDestinations(on: node)
    hopB = Step(after: previous?.hopB, node, model.gateways.gateways, model.destinations.all, isGranted) {
      gatewayFlows(on: $0, $1, $2, isGranted: $3)
    }
    openings = Step(
      after: previous?.openings, node, model.gateways.gateways, model.destinations.all, isGranted,
      model.configuration.names.wildcards == .observe, model.context.forbidden
    ) { NameOpenings(on: $0, $1, $2, isGranted: $3, observesWildcards: $4, forbidden: $5) }
    let bindings = model.bindings?.node == node ? model.bindings : nil
    let classes = bindings?.classes(under: model.configuration, model.snapshot.hostInterfaces) ?? []
    interfaces = Step(
      after: previous?.interfaces, bindings == nil ? nil : model.snapshot.hostInterfaces, classes,
      model.snapshot.nodes, model.configuration.cluster.interfaces
    ) { interfaces, classes, nodes, configuration in
      interfaces.map { InterfaceFlows($0, classes, nodes, under: configuration) }
    }
    let openings = openings.output
    let protected = model.gateways.protected
    let (unjudged, clients) = (interfaces.output, clientAddresses(of: hopA.output))
    let judged = bindings.flatMap { unjudged?.adding($0, classes, known: [clients, protected.map(\.address)]) }
    let exceptions = model.exceptionFlows(on: node)
    let host = model.hostFlows(on: node)
    findings = Step(
      after: previous?.findings, model.clusterFindings + [exceptions.findings, host.findings]
    ) { Set($0.joined()).sorted() }
    flows = EgressFlows(
      node: node, role: model.role(of: node), rules: model.enforcementRules, inside: model.networks.all,
      podNetworks: model.networks.pods, protected: protected,
      endpoints: model.endpoints, hopA: hopA.output, hopB: hopB.output,
      observed: (model.snapshot.resolvedNames?.observed ?? []).flatMap { openings.flows(for: $0) },
      nameClients: openings.clients, namePorts: openings.ports, resolvers: model.believedResolvers,
      exceptions: exceptions.flows, host: host.flows, hostUnits: host.units,
      hostCgroups: model.unrestrictedCgroups(), apiServer: model.apiServerFlows(),
      interfaces: judged, findings: findings.output)
  }
}

extension EgressModel {
  /// What `node` must enforce.
  package func flows(on node: NodeName) -> EgressFlows { NodeFlows(self, on: node).flows }

  fileprivate func role(of node: NodeName) -> NodeRole {
    snapshot.nodes.contains { $0.name == node && context.isGatewayNode($0) } ? .gateway : .application
  }

  fileprivate var enforcementRules: EnforcementRules {
    EnforcementRules(
      mode: configuration.mode, admission: configuration.gateways.admission, inbound: configuration.inbound,
      inboundSources: PrefixSet(configuration.inbound == .services ? configuration.inboundSources : []),
      apiServerFromPods: configuration.apiServerFromPods,
      managementPorts: Set(configuration.gateways.managementPorts).sorted(), log: configuration.log,
      nameTimeout: UInt32(clamping: configuration.names.backstop))
  }
}
