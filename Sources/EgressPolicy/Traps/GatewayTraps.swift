import ClusterModel

/// Istio Gateways and the Services before them that select no pods, or not the same ones.
///
/// Nothing is said where no pods and no templates of pods are given.
func gatewayTraps(_ mesh: MeshObjects) -> [Finding] {
  mesh.gateways.flatMap { gateway -> [Finding] in
    guard let selector = gateway.content.selector else { return [] }
    if selector.isEmpty { return [withoutSelector(gateway)] }
    guard mesh.workloads.count > 0 else { return [] }
    let pods = mesh.workloads.selected(by: selector)
    if pods.isEmpty { return [selectsNothing(gateway, selector, mesh.workloads)] }
    return withoutService(gateway, pods, mesh.services).map { [$0] } ?? otherPods(gateway, selector, mesh)
  } + servicesThatSelectNothing(mesh)
}

private func withoutSelector(_ gateway: Named<IstioGateway>) -> Finding {
  Finding(
    .gatewayWithoutSelector, gateway.reference, path: "spec.selector",
    "it is empty, so that every gateway pod of the mesh listens, those that the outside may reach among them",
    advice: "select the pods of one gateway")
}

private func selectsNothing(
  _ gateway: Named<IstioGateway>, _ selector: [String: String], _ workloads: Workloads
) -> Finding {
  let near = workloads.nearMiss(of: selector).map { "; \($0.reference) has \($0.label)" } ?? ""
  return Finding(
    .selectsNoGatewayPod, gateway.reference, path: "spec.selector",
    "no pod and no template of pods given has \(selectorText(selector))\(near)",
    advice: "select by labels that the gateway's pods have")
}

/// Where Services of the pods' namespaces are given, and none of them leads to such a pod.
private func withoutService(
  _ gateway: Named<IstioGateway>, _ pods: [Workloads.Group], _ services: Services
) -> Finding? {
  let namespaces = Set(pods.compactMap(\.reference.namespace))
  let near = services.all.filter { namespaces.contains($0.metadata.namespace) && !$0.selector.isEmpty }
  let reaches = { (service: Service) in
    pods.contains { $0.reference.namespace == service.metadata.namespace && $0.labels.satisfy(service.selector) }
  }
  guard !near.isEmpty, !near.contains(where: reaches) else { return nil }
  let values = Set(pods.flatMap(\.labels.values))
  let meant = near.first { $0.selector.values.contains(where: values.contains) }
  return Finding(
    .selectsNoGatewayPod, gateway.reference, path: "spec.selector",
    "it selects \(pods[0].reference), which no Service selects"
      + (meant.map { "; \($0.reference) selects \(selectorText($0.selector))" } ?? ""),
    advice: "let the gateway's Service select the same pods")
}

/// Services to which VirtualServices of the gateway lead the mesh, and which lead to other pods than the gateway's.
private func otherPods(
  _ gateway: Named<IstioGateway>, _ selector: [String: String], _ mesh: MeshObjects
) -> [Finding] {
  mesh.virtualServices.filter { $0.uses(gateway) }.flatMap { hops(of: $0, mesh) }.compactMap { service in
    let pods = mesh.workloads.selected(by: service.selector, in: service.metadata.namespace)
    guard let first = pods.first, !pods.contains(where: { $0.labels.satisfy(selector) }) else { return nil }
    return Finding(
      .selectsNoGatewayPod, gateway.reference, path: "spec.selector",
      "the mesh is led to \(service.reference), which selects \(first.reference), and the Gateway selects other pods",
      advice: "let Gateway and Service select the same pods")
  }
}

/// Services before a gateway that select nothing where pods of their namespace are given: those to which a
/// VirtualService leads on the way out, and those that look for a Gateway's pods under another label.
private func servicesThatSelectNothing(_ mesh: MeshObjects) -> [Finding] {
  let wanted = Set(mesh.gateways.flatMap { ($0.content.selector ?? [:]).values })
  let hops = Set(mesh.virtualServices.flatMap { EgressPolicy.hops(of: $0, mesh) }.map(\.reference))
  return mesh.services.all.compactMap { service in
    let isBefore = hops.contains(service.reference) || service.selector.values.contains(where: wanted.contains)
    let namespace = service.metadata.namespace
    guard isBefore, !service.selector.isEmpty, mesh.workloads.exist(in: namespace),
      mesh.workloads.selected(by: service.selector, in: namespace).isEmpty
    else { return nil }
    return Finding(
      .selectsNoGatewayPod, service.reference, path: "spec.selector",
      "no pod and no template of pods given in \(namespace) has \(selectorText(service.selector)), and a Gateway's "
        + "traffic goes by this Service",
      advice: "select by labels that the gateway's pods have")
  }
}

/// The Services to which a VirtualService leads the mesh on the way to hosts outside.
private func hops(of service: Named<VirtualService>, _ mesh: MeshObjects) -> [Service] {
  let leadsOut = service.content.hosts.contains { mesh.services.areBeside($0.text, from: service.namespace) }
  guard leadsOut else { return [] }
  return service.content.routes.filter { $0.gateways.contains("mesh") }.flatMap(\.destinations).compactMap {
    mesh.services.named($0.text, from: service.namespace)
  }
}

extension Named<VirtualService> {
  /// Whether the Gateway is one of its gateways, by `name` or `namespace/name`.
  fileprivate func uses(_ gateway: Named<IstioGateway>) -> Bool {
    let name = gateway.reference.name
    return content.gateways.contains("\(gateway.namespace)/\(name)")
      || gateway.namespace == namespace && content.gateways.contains(name)
  }
}
