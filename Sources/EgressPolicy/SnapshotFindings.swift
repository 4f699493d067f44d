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
  if isOlderGeneration(kind) { return olderGeneration(kind, count: count) }
  return Finding(
    .kindIgnored, path: kind,
    "\(count) object\(count == 1 ? "" : "s") of kind \(kind) \(count == 1 ? "allows" : "allow") nothing here",
    advice: advice(onKind: kind))
}

/// What is easily taken for an allowance: Istio's own objects, and what the CNI enforces.
private func advice(onKind kind: String) -> String {
  switch kind.prefix(while: { $0 != "/" }) {
  case "networking.istio.io", "security.istio.io", "gateway.networking.k8s.io":
    "nothing where Gloo Mesh wrote it; else say what may leave by ExternalService, VirtualGateway and AccessPolicy"
  case "networking.k8s.io" where kind.hasSuffix(" NetworkPolicy"):
    "nothing; the CNI enforces it beside moat, and a connection, as DNS by UDP and by TCP, must be allowed by both"
  default: "nothing needs to be done unless moat should read it"
  }
}

/// Gloo Mesh 1 and what came before it. `kind` is `discovery.mesh.gloo.solo.io/v1 Destination`.
private func isOlderGeneration(_ kind: String) -> Bool {
  let group = kind.prefix { $0 != "/" }
  return ["mesh.gloo.solo.io", "zephyr.solo.io", "smh.solo.io"].contains { group == $0 || group.hasSuffix(".\($0)") }
}

private func olderGeneration(_ kind: String, count: Int) -> Finding {
  Finding(
    .olderGeneration, path: kind,
    "\(count) object\(count == 1 ? "" : "s") of kind \(kind) \(count == 1 ? "is" : "are") of a generation before "
      + "Gloo Mesh 2, which moat does not read; nothing is granted by \(count == 1 ? "it" : "them")",
    advice: "write what it allows as ExternalService, VirtualGateway and AccessPolicy of version v2")
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
