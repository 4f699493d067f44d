import ClusterModel

extension EgressModel {
  /// Mistakes that real samples contain, in objects that allow nothing here: Istio's own, NetworkPolicies, what pods are
  /// made from, and what WorkspaceSettings say to proxies. Sorted.
  ///
  /// For `moat check` alone. These findings are notices: nothing is allowed or refused by them, and no flow depends on
  /// such an object.
  package var trapFindings: [Finding] {
    let mesh = MeshObjects(snapshot)
    let findings =
      snapshot.bystanders.flatMap(notJudged) + virtualServiceTraps(mesh) + gatewayTraps(mesh)
      + mesh.entries.flatMap(entryTraps) + mesh.rules.flatMap(ruleTraps) + mesh.sidecars.compactMap(passingSidecar)
      + networkPolicyTraps(mesh.policies) + isolationTraps(snapshot.workspaceSettings, configuration)
    return Set(findings).sorted()
  }
}

/// An object with what was read of it.
struct Named<Content> {
  var reference: ObjectReference
  var content: Content

  var namespace: String { reference.namespace ?? "" }
}

/// The bystanders of a snapshot by their kinds, each in the order of names, and what they are held against.
struct MeshObjects {
  var entries: [Named<ServiceEntry>] = []
  var virtualServices: [Named<VirtualService>] = []
  var gateways: [Named<IstioGateway>] = []
  var rules: [Named<DestinationRule>] = []
  var sidecars: [Named<Sidecar>] = []
  var policies: [Named<NetworkPolicy>] = []

  /// Pods, and the templates of those to come.
  var workloads: Workloads

  let services: Services
  let hosts: DeclaredHosts

  init(_ snapshot: ClusterSnapshot) {
    var templates: [Workloads.Group] = []
    for object in snapshot.bystanders.sorted(by: { $0.reference < $1.reference }) {
      let name = object.reference
      switch object.content {
      case .serviceEntry(let entry): entries.append(Named(reference: name, content: entry))
      case .virtualService(let service): virtualServices.append(Named(reference: name, content: service))
      case .gateway(let gateway): gateways.append(Named(reference: name, content: gateway))
      case .destinationRule(let rule): rules.append(Named(reference: name, content: rule))
      case .sidecar(let sidecar): sidecars.append(Named(reference: name, content: sidecar))
      case .networkPolicy(let policy): policies.append(Named(reference: name, content: policy))
      case .workload(let workload):
        templates.append(Workloads.Group(reference: name, labels: workload.podLabels))
      }
    }
    workloads = Workloads(snapshot.pods, templates)
    services = Services(snapshot.services)
    hosts = DeclaredHosts(entries, snapshot.externalServices, snapshot.namespaces)
  }
}

/// What could not be understood of a bystander. Nothing is lost by it but what would have been found.
private func notJudged(_ object: Bystander) -> [Finding] {
  object.misunderstandings.map { fault in
    Finding(
      .bystanderNotUnderstood, object.reference, path: fault.path,
      "\"\(fault.value)\" \(fault.reason); this part was not looked into",
      advice: "correct the field or remove it; it allows nothing here either way")
  }
}

/// Gloo's service isolation: proxies refuse what no AccessPolicy selects. It is no setting of the node's.
private func isolationTraps(_ settings: [WorkspaceSettings], _ configuration: Configuration) -> [Finding] {
  let isOpen = configuration.gateways.unpoliced == .allow
  return settings.filter { $0.isolatesServices && $0.approval.isInForce && $0.misunderstandings.isEmpty }.map {
    Finding(
      .isolationOfServices, $0.reference, path: "spec.options.serviceIsolation",
      isOpen
        ? "isolation is the proxies' alone, and gateways.unpoliced: allow opens the gateway to what no AccessPolicy selects"
        : "isolation is the proxies' alone and decides nothing on the node, where what no AccessPolicy selects is refused",
      advice: isOpen
        ? "set gateways.unpoliced to deny, so that the node refuses it, too"
        : "nothing; give what may leave an AccessPolicy that selects its ExternalService")
  }
}
