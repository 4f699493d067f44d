extension ClusterSnapshot {
  /// Adds an object. Kinds that allow nothing are counted, and kept where `moat check` looks into them.
  package mutating func add(_ manifest: Manifest) {
    let name = shown("\(manifest.apiVersion) \(manifest.kind)")
    guard let kind = ManifestKind(rawValue: manifest.kind) else {
      ignoredKinds[name, default: 0] += 1
      if let bystander = Bystander(manifest) { bystanders.append(bystander) }
      return
    }
    switch kind.match(group: manifest.group, version: manifest.version) {
    case .known: add(manifest, as: kind)
    case .foreign: ignoredKinds[name, default: 0] += 1
    case .mistaken(let expected):
      let misunderstanding = Misunderstanding(
        path: "apiVersion", value: shown(manifest.apiVersion),
        reason: "is not the API of \(kind.rawValue) that moat reads: \(expected.joined(separator: " or "))")
      problems.append(ObjectProblem(object: manifest.reference, misunderstanding: misunderstanding))
      unreadKinds.insert(kind.rawValue)
    }
  }

  private mutating func add(_ manifest: Manifest, as kind: ManifestKind) {
    var faults = FaultList()
    switch kind {
    case .pod: pods.append(Pod(manifest, noting: &faults))
    case .node: nodes.append(Node(manifest, noting: &faults))
    case .service: services.append(Service(manifest, noting: &faults))
    case .namespace: namespaces.append(NamedObject(metadata: manifest.metadata))
    case .serviceAccount: serviceAccounts.append(NamedObject(metadata: manifest.metadata))
    case .serviceCIDR: serviceCIDRs.append(ServiceCIDR(manifest, noting: &faults))
    case .endpoints: apiServerEndpoints += endpointsOfAPIServer(manifest, noting: &faults)
    case .endpointSlice: apiServerEndpoints += endpointSliceOfAPIServer(manifest, noting: &faults)
    case .externalService: externalServices.append(ExternalService(manifest))
    case .externalEndpoint: externalEndpoints.append(ExternalEndpoint(manifest))
    case .virtualGateway: virtualGateways.append(VirtualGateway(manifest))
    case .accessPolicy: accessPolicies.append(AccessPolicy(manifest))
    case .workspace: workspaces.append(Workspace(manifest))
    case .workspaceSettings: workspaceSettings.append(WorkspaceSettings(manifest))
    }
    problems += faults.misunderstandings.map { ObjectProblem(object: manifest.reference, misunderstanding: $0) }
  }
}
