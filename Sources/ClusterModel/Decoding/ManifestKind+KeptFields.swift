extension ManifestKind {
  /// What moat reads of an object of the kind, so that the rest need not be read: a Node's list of images, who last
  /// wrote which field. Of what grants, everything is read: an unknown field there is told (S11).
  package var keptFields: KeptFields {
    var members: [String: KeptFields] = ["metadata": .metadata]
    switch self {
    case .namespace, .serviceAccount: break
    case .pod: (members["spec"], members["status"]) = (.podSpec, .named("phase", "podIP", "podIPs"))
    case .node: (members["spec"], members["status"]) = (.named("podCIDR", "podCIDRs"), .named("addresses"))
    case .endpoints: members["subsets"] = .all
    case .endpointSlice: for name in ["addressType", "endpoints", "ports"] { members[name] = .all }
    case .service, .serviceCIDR, .externalService, .externalEndpoint, .virtualGateway, .accessPolicy, .workspace,
      .workspaceSettings:
      (members["spec"], members["status"]) = (.all, .all)
    }
    return .only(members)
  }
}

extension KeptFields {
  /// What moat reads of any object's metadata, and the version that a watch goes on from.
  package static let metadata = named("name", "namespace", "uid", "labels", "resourceVersion")

  /// These members as they are.
  package static func named(_ names: String...) -> KeptFields {
    .only(Dictionary(uniqueKeysWithValues: names.map { ($0, .all) }))
  }

  fileprivate static let podSpec = only([
    "nodeName": .all, "serviceAccountName": .all, "serviceAccount": .all, "hostNetwork": .all,
    "containers": container, "initContainers": container, "ephemeralContainers": container,
  ])

  private static let container = named("ports", "restartPolicy", "securityContext")
}
