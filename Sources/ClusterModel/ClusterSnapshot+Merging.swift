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
    share(other.bystanders, with: &bystanders)
    if !other.unreadKinds.isEmpty { unreadKinds.formUnion(other.unreadKinds) }
    if !other.ignoredKinds.isEmpty { ignoredKinds.merge(other.ignoredKinds, uniquingKeysWith: +) }
  }
}

extension ClusterSnapshot {
  /// Takes out what `old` has, all of which is there, and puts what `new` has in its place. Everything counts as often as
  /// it was put in, endpoints too. Of what belongs to this node, and of unread kinds, nothing is changed.
  package mutating func exchange(_ old: ClusterSnapshot, for new: ClusterSnapshot) {
    replace(old.pods, by: new.pods, in: &pods) { $0.isIdentical(to: $1) }
    replace(old.nodes, by: new.nodes, in: &nodes)
    replace(old.services, by: new.services, in: &services)
    replace(old.namespaces, by: new.namespaces, in: &namespaces)
    replace(old.serviceAccounts, by: new.serviceAccounts, in: &serviceAccounts)
    replace(old.serviceCIDRs, by: new.serviceCIDRs, in: &serviceCIDRs)
    replace(old.apiServerEndpoints, by: new.apiServerEndpoints, in: &apiServerEndpoints)
    replace(old.externalServices, by: new.externalServices, in: &externalServices)
    replace(old.externalEndpoints, by: new.externalEndpoints, in: &externalEndpoints)
    replace(old.virtualGateways, by: new.virtualGateways, in: &virtualGateways)
    replace(old.accessPolicies, by: new.accessPolicies, in: &accessPolicies)
    replace(old.workspaces, by: new.workspaces, in: &workspaces)
    replace(old.workspaceSettings, by: new.workspaceSettings, in: &workspaceSettings)
    replace(old.problems, by: new.problems, in: &problems)
    replace(old.bystanders, by: new.bystanders, in: &bystanders)
    for (kind, count) in new.ignoredKinds { ignoredKinds[kind, default: 0] += count }
    for (kind, count) in old.ignoredKinds {
      let rest = ignoredKinds[kind, default: 0] - count
      ignoredKinds[kind] = rest > 0 ? rest : nil
    }
  }
}

/// Each of `old` gives its place to one of `new`, as far as there are as many; other places are filled from the end.
private func replace<Object: Equatable>(
  _ old: [Object], by new: [Object], in objects: inout [Object], _ areSame: (Object, Object) -> Bool = { $0 == $1 }
) {
  var rest = new[...]
  for object in old {
    guard let place = objects.firstIndex(where: { areSame($0, object) }) else { continue }
    if let next = rest.popFirst() {
      objects[place] = next
    } else {
      objects.swapAt(place, objects.count - 1)
      objects.removeLast()
    }
  }
  objects += rest
}

private func share<Object>(_ others: [Object], with objects: inout [Object]) {
  if others.isEmpty { return }
  if objects.isEmpty { objects = others } else { objects += others }
}
