import ClusterModel

/// What is to be said of objects that allow nothing themselves: identity, ways in, ways round.
///
/// - Parameter hostNetworkPods: the live ones.
func snapshotFindings(
  _ snapshot: ClusterSnapshot, hostNetworkPods: [Pod], _ configuration: Configuration
) -> [Finding] {
  snapshot.problems.map(identityNotUnderstood) + snapshot.ignoredKinds.map { kindIgnored($0.key, count: $0.value) }
    + hostNetworkPods.filter { !$0.networkPrivileges.isEmpty }.map(hostNetworkUnconfined)
    + snapshot.services.filter { $0.isExposed && configuration.inbound != .none }.map(exposedToOutside)
    + apiServerUnknown(snapshot, configuration)
}

extension Service {
  /// Whether the Service invites connections from outside the cluster.
  fileprivate var isExposed: Bool {
    type == "NodePort" || type == "LoadBalancer" || !externalAddresses.isEmpty
  }
}

private func identityNotUnderstood(_ problem: ObjectProblem) -> Finding {
  let fault = problem.misunderstanding
  return Finding(
    .identityNotUnderstood, problem.object, path: fault.path, "\"\(fault.value)\" \(fault.reason); it is left out",
    advice: "correct the field")
}

private func kindIgnored(_ kind: String, count: Int) -> Finding {
  Finding(
    .kindIgnored, path: kind,
    "\(count) object\(count == 1 ? "" : "s") of kind \(kind) \(count == 1 ? "was" : "were") ignored",
    advice: "nothing needs to be done unless moat should read it")
}

private func hostNetworkUnconfined(_ pod: Pod) -> Finding {
  Finding(
    .hostNetworkUnconfined, pod.reference, path: "spec.hostNetwork",
    "runs in the host's network with \(pod.networkPrivileges.joined(separator: ", ")) and can write below moat's hooks",
    advice: "drop these capabilities if the pod does not need them")
}

private func exposedToOutside(_ service: Service) -> Finding {
  Finding(
    .exposedToOutside, service.reference, path: "spec.type",
    "its pods may be reached from the outside, and so can answer it",
    advice: "set inbound to services or none where nothing has to come in")
}

private func apiServerUnknown(_ snapshot: ClusterSnapshot, _ configuration: Configuration) -> [Finding] {
  guard snapshot.apiServerEndpoints.isEmpty, configuration.cluster.apiServer.isEmpty else { return [] }
  return [
    Finding(
      .apiServerUnknown, path: "cluster.apiServer",
      "no endpoint of Service default/kubernetes is known; an API server outside the networks cannot be reached",
      advice: "include the Endpoints of Service default/kubernetes, or set cluster.apiServer")
  ]
}
