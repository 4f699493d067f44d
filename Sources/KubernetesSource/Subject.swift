import ClusterModel

/// What a mirror follows by a list and a watch of its own.
enum Subject: Hashable, Sendable {
  /// CustomResourceDefinitions, which say which of Gloo's kinds there are.
  case definitions

  /// All objects of a kind.
  case kind(ManifestKind)

  /// Where the API servers are: the EndpointSlice of Service default/kubernetes, on servers before 1.21 its Endpoints.
  case apiServer

  /// Pods that are needed.
  case pods(PodQuery)

  /// What every node needs. Gloo's kinds join as their definitions are there.
  static let initial: [Subject] =
    [.definitions, .apiServer] + [.node, .service, .namespace, .serviceAccount, .serviceCIDR].map { .kind($0) }

  /// The query of a subject that is pods.
  var podQuery: PodQuery? { if case .pods(let query) = self { query } else { nil } }

  /// What is asked for, where that does not depend on the server; `nil` where it does.
  var fixed: (resource: APIResource, kind: ManifestKind?)? {
    switch self {
    case .definitions: (.definitions, nil)
    case .kind(.serviceCIDR), .apiServer: nil
    case .kind(let kind): (kind.resource(), kind)
    case .pods(let query): (APIResource(query), .pod)
    }
  }

  /// For people.
  var name: String {
    switch self {
    case .apiServer: "endpoints of default/kubernetes"
    case .kind(let kind): "\(kind.resource())"
    case .definitions, .pods: fixed.map { "\($0.resource)" } ?? ""
    }
  }
}

extension APIServer {
  /// What is to be asked for a subject; `nil` where the server does not have it.
  func reader(of subject: Subject) async throws(APIError) -> ResourceReader? {
    if let fixed = subject.fixed { return ResourceReader(server: self, resource: fixed.resource, kind: fixed.kind) }
    guard subject == .apiServer else {
      guard let version = try await version(of: .serviceCIDR) else { return nil }
      return ResourceReader(
        server: self, resource: ManifestKind.serviceCIDR.resource(version: version), kind: .serviceCIDR)
    }
    let hasSlices = try await version(of: .endpointSlice, among: ["v1"]) != nil
    let kind: ManifestKind = hasSlices ? .endpointSlice : .endpoints
    return ResourceReader(server: self, resource: .apiServerEndpoints(kind), kind: kind)
  }

  /// The first of the versions at which the server has the kind.
  private func version(of kind: ManifestKind, among versions: [String]? = nil) async throws(APIError) -> String? {
    for version in versions ?? kind.versions where try await serves(kind, at: version) { return version }
    return nil
  }

  private func serves(_ kind: ManifestKind, at version: String) async throws(APIError) -> Bool {
    let response = try await send(APIRequest(target: "/apis/\(kind.group)/\(version)", deadline: .seconds(30)))
    if response.status == 404 { return false }
    var body: [UInt8] = []
    do {
      for try await part in response.body where body.count < 1 << 20 { body += part.readableBytesView }
    } catch { throw APIError(.unreachable, words(for: error)) }
    let resource = kind.resource(version: version)
    guard response.status == 200 else {
      throw APIError(
        status: response.status, message: nil, retryAfter: response.retryAfter, asking: resource, verb: "discover")
    }
    guard case .array(let resources) = (try? ManifestValue(ofJSON: body))?["resources"]?.content else {
      throw APIError(.unreadable, "what the server sent is no list of resources", on: "discover \(resource)")
    }
    return resources.contains { $0["name"]?.content == .string(kind.plural) }
  }
}
