import ClusterModel
import NetworkValues

/// What the whole cluster's egress model says, before it is cut to one node: gateways, destinations, grants.
///
/// Built once per snapshot; `flows(on:)` gives what one node must enforce, and `explain` asks it for reasons.
package struct EgressModel {
  let snapshot: ClusterSnapshot
  let configuration: Configuration
  let networks: InsideNetworks
  let context: DerivationContext
  let gateways: EgressGateways
  let destinations: ExternalDestinations
  let grants: PolicyGrants
  let doors: [GatewayDoor]
  private let clusterFindings: [Finding]

  /// Who is behind which interface of the one node that was looked at; `nil` where none was.
  let bindings: InterfaceBindings?

  /// Total: whatever is wrong with the snapshot grants nothing and is found in `findings`.
  ///
  /// - Parameter bindings: what `bindInterfaces` made of `snapshot`. Without them S9 and S14 are judged nowhere.
  package init(
    _ snapshot: ClusterSnapshot, under configuration: Configuration, bound bindings: InterfaceBindings? = nil
  ) {
    var snapshot = snapshot
    snapshot.podInterfaces = bindings?.podInterfaces ?? []
    self.snapshot = snapshot
    self.bindings = bindings
    self.configuration = configuration
    networks = InsideNetworks(snapshot, configuration)
    context = DerivationContext(snapshot, configuration, networks)
    gateways = EgressGateways(snapshot, context)
    destinations = ExternalDestinations(snapshot, gateways, context)
    let identities = Identities(snapshot, context.ownership)
    grants = PolicyGrants(snapshot, destinations.all, identities, context)
    doors = gatewayDoors(gateways, destinations.all, grants)
    clusterFindings =
      networks.findings + context.clusterFindings + context.scopes.findings + context.ownership.findings
      + gateways.findings
      + destinations.findings + grants.findings + sharedDoors(doors, destinations.all, grants)
      + snapshotFindings(snapshot, configuration) + (bindings?.findings ?? [])
  }

  /// What `node` must enforce.
  package func flows(on node: NodeName) -> EgressFlows {
    let exceptions = exceptionFlows(on: node)
    let host = hostFlows()
    let clients = hopA(on: node)
    return EgressFlows(
      node: node, role: role(of: node), rules: enforcementRules, inside: networks.all, podNetworks: networks.pods,
      protected: gateways.protected, endpoints: Set(doors.flatMap(\.endpoints)).sorted(), hopA: clients,
      hopB: hopB(on: node), exceptions: exceptions.flows, host: host.flows, apiServer: apiServerFlows(),
      interfaces: interfaceFlows(on: node, clients: clients),
      findings: Set(clusterFindings + exceptions.findings + host.findings).sorted())
  }

  private func role(of node: NodeName) -> NodeRole {
    snapshot.nodes.contains { $0.name == node && context.isGatewayNode($0) } ? .gateway : .application
  }

  private var enforcementRules: EnforcementRules {
    EnforcementRules(
      mode: configuration.mode, admission: configuration.gateways.admission, inbound: configuration.inbound,
      inboundSources: PrefixSet(configuration.inbound == .services ? configuration.inboundSources : []),
      apiServerFromPods: configuration.apiServerFromPods,
      managementPorts: Set(configuration.gateways.managementPorts).sorted(), log: configuration.log)
  }
}

/// Derives what one node must enforce. Pure and total: equal arguments give equal flows, in whatever order the
/// snapshot's objects stand.
package func deriveEgress(
  from snapshot: ClusterSnapshot, on node: NodeName, under configuration: Configuration
) -> EgressFlows {
  EgressModel(snapshot, under: configuration).flows(on: node)
}
