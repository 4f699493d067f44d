extension ClusterSnapshot {
  /// Adds all objects of `other`. Resolvers and interfaces are this node's and stay.
  package mutating func merge(_ other: ClusterSnapshot) {
    pods += other.pods
    nodes += other.nodes
    services += other.services
    namespaces += other.namespaces
    serviceAccounts += other.serviceAccounts
    serviceCIDRs += other.serviceCIDRs
    apiServerEndpoints += other.apiServerEndpoints
    externalServices += other.externalServices
    externalEndpoints += other.externalEndpoints
    virtualGateways += other.virtualGateways
    accessPolicies += other.accessPolicies
    workspaces += other.workspaces
    workspaceSettings += other.workspaceSettings
    problems += other.problems
    unreadKinds.formUnion(other.unreadKinds)
    ignoredKinds.merge(other.ignoredKinds, uniquingKeysWith: +)
  }
}
