import ClusterModel

/// Objects of one kind that are listed and watched together.
struct APIResource: Hashable, Sendable, CustomStringConvertible {
  /// The API group; empty for the core group.
  var group: String
  var version: String

  /// As paths name the kind: `accesspolicies`.
  var plural: String

  /// Absent: in all namespaces, or the kind has none.
  var namespace: String?

  /// What restricts the objects further.
  enum Selector: Hashable, Sendable {
    case labels(String)
    case fields(String)
  }

  var selector: Selector?

  /// Whether metadata is all that is wanted, so that the server sends no more.
  var isMetadataOnly = false

  /// Whether a list may come from the server's cache. Of what grants, it may not: an API server that lost its etcd would
  /// bring back what was revoked. Of what there is much of, it must: a list of one node's pods from etcd reads all pods.
  var mayBeCached = true

  /// `accesspolicies.security.policy.gloo.solo.io`, `pods (spec.nodeName=worker-1)`.
  var description: String {
    let place = [namespace.map { "namespace \($0)" }, selector?.text].compactMap { $0 }
    return (group.isEmpty ? plural : "\(plural).\(group)")
      + (place.isEmpty ? "" : " (\(shown(place.joined(separator: ", "), limit: 120)))")
  }

  /// The path, without a query.
  var path: String {
    (group.isEmpty ? "/api/" : "/apis/\(group)/") + version + (namespace.map { "/namespaces/\($0)" } ?? "")
      + "/\(plural)"
  }
}

extension APIResource.Selector {
  var text: String {
    switch self {
    case .labels(let text), .fields(let text): text
    }
  }

  /// The parameter of the query.
  var name: String {
    switch self {
    case .labels: "labelSelector"
    case .fields: "fieldSelector"
    }
  }
}

extension ManifestKind {
  /// As paths name the kind.
  var plural: String {
    switch self {
    case .accessPolicy: "accesspolicies"
    case .endpoints, .workspaceSettings: rawValue.lowercased()
    case .pod, .node, .service, .namespace, .serviceAccount, .serviceCIDR, .endpointSlice, .externalService,
      .externalEndpoint, .virtualGateway, .workspace:
      rawValue.lowercased() + "s"
    }
  }

  /// Whether the kind is one of Gloo's, which a CustomResourceDefinition defines.
  var isCustom: Bool { group.hasSuffix(".solo.io") }

  /// All objects of the kind, at a version of its API.
  func resource(version: String? = nil) -> APIResource {
    APIResource(
      group: group, version: version ?? versions[0], plural: plural,
      isMetadataOnly: self == .namespace || self == .serviceAccount, mayBeCached: !isCustom)
  }
}

extension APIResource {
  /// CustomResourceDefinitions: which of Gloo's kinds there are. Their names are all that is read.
  static let definitions = APIResource(
    group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions", isMetadataOnly: true,
    mayBeCached: false)

  /// The Endpoints, or EndpointSlices, of Service default/kubernetes.
  static func apiServerEndpoints(_ kind: ManifestKind) -> APIResource {
    var resource = kind.resource()
    resource.namespace = "default"
    resource.selector = .fields("metadata.name=kubernetes")
    return resource
  }

  /// The pods that a query asks for.
  init(_ query: PodQuery) {
    self = ManifestKind.pod.resource()
    switch query {
    case .all: break
    case .node(let node): selector = .fields("spec.nodeName=\(node)")
    case .labelled(let labels, let place):
      namespace = place
      let terms = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      if !terms.isEmpty { selector = .labels(terms.joined(separator: ",")) }
    case .identity(let account):
      namespace = account.namespace
      selector = .fields("spec.serviceAccountName=\(account.name)")
    }
  }
}
