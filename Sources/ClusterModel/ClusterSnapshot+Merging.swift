import NetworkValues

extension ClusterSnapshot {
  /// Adds all objects of `other`. Resolvers and interfaces are this node's and stay. Where there is nothing of a kind yet,
  /// the storage of `other` is shared.
  package mutating func merge(_ other: ClusterSnapshot) {
    share(other.pods, with: &pods)
    share(other.nodes, with: &nodes)
    share(other.services, with: &services)
    share(other.namespaces, with: &namespaces)
    share(other.serviceAccounts, with: &serviceAccounts)
    share(other.serviceCIDRs, with: &serviceCIDRs)
    if !other.apiServerEndpoints.isEmpty {
      apiServerEndpoints = (apiServerEndpoints + other.apiServerEndpoints).sortedUnique()
    }
    share(other.externalServices, with: &externalServices)
    share(other.externalEndpoints, with: &externalEndpoints)
    share(other.virtualGateways, with: &virtualGateways)
    share(other.accessPolicies, with: &accessPolicies)
    share(other.workspaces, with: &workspaces)
    share(other.workspaceSettings, with: &workspaceSettings)
    share(other.problems, with: &problems)
    if !other.unreadKinds.isEmpty { unreadKinds.formUnion(other.unreadKinds) }
    if !other.ignoredKinds.isEmpty { ignoredKinds.merge(other.ignoredKinds, uniquingKeysWith: +) }
  }
}

private func share<Object>(_ others: [Object], with objects: inout [Object]) {
  if others.isEmpty { return }
  if objects.isEmpty { objects = others } else { objects += others }
}
