import ClusterModel
import NetworkValues

/// What the whole cluster's egress model says, before it is cut to one node: gateways, destinations, grants.
///
/// Built once per snapshot, step by step; a model that follows another keeps the steps whose input did not change.
/// `flows(on:)` gives what one node must enforce, and `explain` asks it for reasons.
package struct EgressModel {
  let snapshot: ClusterSnapshot
  let configuration: Configuration

  /// Who is behind which interface of the one node that was looked at; `nil` where none was.
  let bindings: InterfaceBindings?

  let context: DerivationContext
  private let steps: ModelSteps

  /// Total: whatever is wrong with the snapshot grants nothing and is found in `findings`.
  ///
  /// - Parameters:
  ///   - bindings: what `bindInterfaces` made of `snapshot`. Without them S9 and S14 are judged nowhere.
  ///   - previous: an earlier model, of any snapshot. It saves work and changes nothing.
  package init(
    _ snapshot: ClusterSnapshot, under configuration: Configuration, bound bindings: InterfaceBindings? = nil,
    after previous: EgressModel? = nil
  ) {
    self.snapshot = snapshot
    self.bindings = bindings
    self.configuration = configuration
    let scope = ScopeSteps(snapshot, configuration, after: previous?.steps.scope)
    context = scope.context(under: configuration)
    steps = ModelSteps(snapshot, scope, context, after: previous?.steps)
  }

  var networks: InsideNetworks { steps.scope.networks.output }
  var ownership: AddressOwnership { steps.ownership.output }
  var gateways: EgressGateways { steps.gateways.output }
  var destinations: ExternalDestinations { steps.destinations.output }
  var grants: PolicyGrants { steps.grants.output }
  var doors: [GatewayDoor] { steps.doors.output }

  /// Of all doors. Sorted.
  var endpoints: [GatewayEndpoint] { steps.endpoints.output }

  /// What is to be said of the cluster, in the lists in which it was found: those that did not change are shared with
  /// the previous model.
  var clusterFindings: [[Finding]] {
    [
      networks.findings, context.clusterFindings, context.scopes.findings, ownership.findings, gateways.findings,
      destinations.findings, grants.findings, steps.sharedDoors.output,
      snapshotFindings(snapshot, hostNetworkPods: ownership.hostNetworkPods, configuration), bindings?.findings ?? [],
    ]
  }
}

/// The steps that say what belongs to the cluster and to whom.
struct ScopeSteps {
  let networks: Step<InsideNetworks, [Node], [ServiceCIDR], Configuration.Cluster>
  let forbidden: Step<PrefixSet, PrefixSet>
  let clusterNames: Step<[String], [ExternalService], [VirtualGateway], [AccessPolicy]>
  let scopes: Step<WorkspaceScopes, [Workspace], [WorkspaceSettings], [String: [String: String]]?, String?>

  init(_ snapshot: ClusterSnapshot, _ configuration: Configuration, after previous: Self?) {
    networks = Step(after: previous?.networks, snapshot.nodes, snapshot.serviceCIDRs, configuration.cluster) {
      InsideNetworks($0, $1, $2)
    }
    forbidden = Step(after: previous?.forbidden, networks.output.all) { withEmbeddedForms(specialNetworks.union($0)) }
    clusterNames = Step(
      after: previous?.clusterNames, snapshot.externalServices, snapshot.virtualGateways, snapshot.accessPolicies
    ) { namedClusters($0, $1, $2) }
    scopes = Step(
      after: previous?.scopes, snapshot.workspaces, snapshot.workspaceSettings, namespaceLabels(snapshot),
      configuration.cluster.name
    ) { WorkspaceScopes($0, $1, namespaces: $2, clusterName: $3) }
  }

  func context(under configuration: Configuration) -> DerivationContext {
    DerivationContext(
      configuration: configuration, scopes: scopes.output, inside: networks.output.all, forbidden: forbidden.output,
      clusterNames: clusterNames.output)
  }
}

/// The steps from objects to who may reach what.
struct ModelSteps {
  let scope: ScopeSteps
  let ownership: Step<AddressOwnership, [Pod], PrefixSet>
  let definitions: Step<GatewayDefinitions, [ExternalService], [VirtualGateway], DerivationContext>
  let gatewayNamespaces: Step<Set<String>?, GatewayDefinitions, [Service], DerivationContext>
  let candidates: Step<GatewayCandidates, AddressOwnership, Set<String>?>
  let gateways: Step<EgressGateways, GatewayDefinitions, [Service], [Node], GatewayCandidates, Bool, DerivationContext>
  let destinations:
    Step<
      ExternalDestinations, [ExternalService], [ExternalEndpoint], GatewayDefinitions, NameAnswers, DerivationContext
    >
  let identities: Step<Identities, [NamedObject], Set<ServiceAccountName>>
  let grants: Step<PolicyGrants, [AccessPolicy], [ExternalDestination], Identities, Bool, DerivationContext>
  let doors: Step<[GatewayDoor], [EgressGateway], [ExternalDestination], PolicyGrants>
  let endpoints: Step<[GatewayEndpoint], [GatewayDoor]>
  let sharedDoors: Step<[Finding], [GatewayDoor], [ExternalDestination], PolicyGrants>

  init(_ snapshot: ClusterSnapshot, _ scope: ScopeSteps, _ context: DerivationContext, after previous: Self?) {
    self.scope = scope
    ownership = Step(after: previous?.ownership, snapshot.pods, context.inside) {
      AddressOwnership($0, inside: $1, after: previous?.ownership.output)
    }
    definitions = Step(after: previous?.definitions, snapshot.externalServices, snapshot.virtualGateways, context) {
      GatewayDefinitions($0, $1, $2)
    }
    gatewayNamespaces = Step(
      after: previous?.gatewayNamespaces, definitions.output, snapshot.services, context
    ) { EgressPolicy.gatewayNamespaces($0, $1, $2) }
    let (ownership, namespaces) = (ownership.output, gatewayNamespaces.output)
    candidates = Step(
      after: previous?.candidates, ownership, namespaces,
      follow: { previous in
        let (before, namespacesBefore) = previous.input
        return namespaces == namespacesBefore && ownership.isSame(as: before, in: namespaces) ? previous.output : nil
      },
      make: { GatewayCandidates($0, in: $1) })
    gateways = Step(
      after: previous?.gateways, definitions.output, snapshot.services, snapshot.nodes, candidates.output,
      snapshot.unreadKinds.contains("Service"), context
    ) { EgressGateways($0, $1, $2, $3, missesServices: $4, $5) }
    destinations = Step(
      after: previous?.destinations, snapshot.externalServices, snapshot.externalEndpoints, definitions.output,
      NameAnswers(context.configuration.names, snapshot.resolvedNames), context
    ) { ExternalDestinations($0, $1, $2, $3, $4) }
    identities = Step(after: previous?.identities, snapshot.serviceAccounts, ownership.identities) {
      Identities($0, running: $1)
    }
    let (all, accounts, policies) = (destinations.output.all, identities.output, snapshot.accessPolicies)
    let missesPolicies = snapshot.unreadKinds.contains("AccessPolicy")
    grants = Step(
      after: previous?.grants, policies, all, accounts, missesPolicies, context,
      follow: { previous in
        let (_, allBefore, accountsBefore, missedBefore, contextBefore) = previous.input
        guard all == allBefore, accounts == accountsBefore, missesPolicies == missedBefore, context == contextBefore
        else { return nil }
        return PolicyGrants(
          policies, all, accounts, missesPolicies: missesPolicies, context, following: previous.output)
      }, make: { PolicyGrants($0, $1, $2, missesPolicies: $3, $4) })
    let (standing, granted) = (gateways.output.gateways, grants.output)
    doors = Step(
      after: previous?.doors, standing, all, granted,
      follow: { previous in
        let (standingBefore, allBefore, grantedBefore) = previous.input
        guard standing == standingBefore, all == allBefore else { return nil }
        return gatewayDoors(following: previous.output, of: grantedBefore, granted)
      }, make: { gatewayDoors($0, $1, $2) })
    endpoints = Step(after: previous?.endpoints, doors.output) { Set($0.flatMap(\.endpoints)).sorted() }
    sharedDoors = Step(after: previous?.sharedDoors, doors.output, destinations.output.all, grants.output) {
      EgressPolicy.sharedDoors($0, $1, $2)
    }
  }
}

/// Derives what one node must enforce. Pure and total: equal arguments give equal flows, in whatever order the
/// snapshot's objects stand.
package func deriveEgress(
  from snapshot: ClusterSnapshot, on node: NodeName, under configuration: Configuration
) -> EgressFlows {
  EgressModel(snapshot, under: configuration).flows(on: node)
}
