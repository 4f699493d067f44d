/// The kinds that moat reads, with the API versions it knows them by.
package enum ManifestKind: String, Hashable, Sendable, CaseIterable {
  case pod = "Pod"
  case node = "Node"
  case service = "Service"
  case namespace = "Namespace"
  case serviceAccount = "ServiceAccount"
  case serviceCIDR = "ServiceCIDR"
  case endpoints = "Endpoints"
  case endpointSlice = "EndpointSlice"
  case externalService = "ExternalService"
  case externalEndpoint = "ExternalEndpoint"
  case virtualGateway = "VirtualGateway"
  case accessPolicy = "AccessPolicy"
  case workspace = "Workspace"
  case workspaceSettings = "WorkspaceSettings"

  /// The API group; empty for the core group.
  package var group: String {
    switch self {
    case .pod, .node, .service, .namespace, .serviceAccount, .endpoints: ""
    case .serviceCIDR: "networking.k8s.io"
    case .endpointSlice: "discovery.k8s.io"
    case .externalService, .externalEndpoint, .virtualGateway: "networking.gloo.solo.io"
    case .accessPolicy: "security.policy.gloo.solo.io"
    case .workspace, .workspaceSettings: "admin.gloo.solo.io"
    }
  }

  /// The versions of that group whose fields moat knows.
  package var versions: [String] {
    switch self {
    case .pod, .node, .service, .namespace, .serviceAccount, .endpoints: ["v1"]
    case .serviceCIDR, .endpointSlice: ["v1", "v1beta1"]
    case .externalService, .externalEndpoint, .virtualGateway, .accessPolicy, .workspace, .workspaceSettings: ["v2"]
    }
  }

  /// Whether objects of the kind have no namespace.
  package var isClusterScoped: Bool { self == .node || self == .namespace || self == .serviceCIDR }

  /// How a manifest of this kind stands to what moat reads.
  enum Match {
    /// Group and version are the ones moat reads.
    case known

    /// The same word in an API of the same maker: a slip or another generation, never to be read or ignored silently.
    case mistaken(expected: [String])

    /// Somebody else's kind of the same name.
    case foreign
  }

  func match(group: String, version: String) -> Match {
    if group == self.group, versions.contains(version) { return .known }
    guard group == self.group || maker(of: group) == maker(of: self.group) else { return .foreign }
    return .mistaken(expected: versions.map { self.group.isEmpty ? $0 : "\(self.group)/\($0)" })
  }
}

/// Who makes the APIs of a group: Kubernetes' own have no dot or end in `k8s.io`.
private func maker(of group: String) -> String {
  if !group.contains(".") || group == "k8s.io" || group.hasSuffix(".k8s.io") { return "kubernetes" }
  return group == "solo.io" || group.hasSuffix(".solo.io") ? "solo.io" : group
}
