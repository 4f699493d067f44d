import ClusterModel
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// What a node's daemon writes into its cluster: Events, its own Node's condition, and the end of a taint.
///
/// Nothing that is enforced depends on it. A connection is opened for what there is to write, and `rest` closes it.
package actor ClusterWriter {
  private let server: APIServer

  /// - Parameter executor: runs tasks on `loop`.
  package init(_ access: ClusterAccess, on loop: any EventLoop, executor: any TaskExecutor) {
    server = APIServer(access, ConnectionPatience(), on: loop, executor: executor)
  }

  /// Creates an Event. One of its name that is there already stays as it is: many nodes may tell the same.
  package func record(_ event: ClusterEvent) async throws(APIError) {
    let resource = APIResource(group: "", version: "v1", plural: "events", namespace: event.namespace)
    let request = try APIRequest(.POST, resource.path, "application/json", event.manifest)
    try await send(request, verb: "create", resource, accepting: [409])
  }

  /// Sets a condition of a Node; others stay.
  package func set(_ condition: NodeCondition, of node: NodeName) async throws(APIError) {
    let body = ["status": ["conditions": [condition]]]
    let request = try APIRequest(
      .PATCH, node.path + "/status", "application/strategic-merge-patch+json", body)
    try await send(request, verb: "patch", .nodeStatus)
  }

  /// What a Node says of a condition; `nil` where it has none of the type.
  package func status(ofCondition type: String, of node: NodeName) async throws(APIError) -> NodeCondition.Status? {
    guard case .array(let conditions) = try await look(at: node)?["status"]?["conditions"]?.content else { return nil }
    let found = conditions.first { $0["type"]?.scalarText == type }
    return found?["status"]?.scalarText.flatMap(NodeCondition.Status.init)
  }

  /// Takes a taint from a Node, whoever changes it at the same time; `false` where it does not have it.
  package func remove(_ taint: NodeTaint, from node: NodeName) async throws(APIError) -> Bool {
    guard case .array(let taints) = try await look(at: node)?["spec"]?["taints"]?.content else { return false }
    let wanted = taints.firstIndex {
      $0["key"]?.scalarText == taint.key && $0["effect"]?.scalarText == taint.effect
    }
    guard let wanted else { return false }
    // The test fails where the list of taints has become another meanwhile.
    let steps = [
      PatchStep(op: "test", path: "/spec/taints/\(wanted)/key", value: taint.key),
      PatchStep(op: "test", path: "/spec/taints/\(wanted)/effect", value: taint.effect),
      PatchStep(op: "remove", path: "/spec/taints/\(wanted)"),
    ]
    let request = try APIRequest(.PATCH, node.path, "application/json-patch+json", steps)
    try await send(request, verb: "patch", ManifestKind.node.resource())
    return true
  }

  /// Closes the connection until there is something to write again.
  package func rest() async { await server.close() }
}

extension ClusterWriter {
  /// A Node as the server has it. Listing is a right that moat has anyway, getting is none.
  private func look(at node: NodeName) async throws(APIError) -> ManifestValue? {
    let list = ManifestKind.node.resource()
    let query = "\(list.path)?fieldSelector=\(percentEncoded("metadata.name=\(node)"))"
    let found = try await send(APIRequest(target: query, deadline: Self.patience), verb: "list", list)
    guard case .array(let nodes) = (try? ManifestValue(ofJSON: found))?["items"]?.content else { return nil }
    return nodes.first
  }

  private static let patience = TimeAmount.seconds(30)

  /// - Parameter accepted: statuses that are as good as success.
  /// - Returns: the answer's body, a mebibyte at most.
  @discardableResult
  private func send(
    _ request: APIRequest, verb: String, _ resource: APIResource, accepting accepted: Set<Int> = []
  ) async throws(APIError) -> [UInt8] {
    let response = try await server.send(request)
    var body: [UInt8] = []
    do {
      for try await part in response.body where body.count < 1 << 20 { body += part.readableBytesView }
    } catch { throw APIError(.unreachable, words(for: error)) }
    if (200..<300).contains(response.status) || accepted.contains(response.status) { return body }
    let message = (try? ManifestValue(ofJSON: body, keeping: .named("message")))?["message"]?.scalarText
    throw APIError(
      status: response.status, message: message, retryAfter: response.retryAfter, asking: resource, verb: verb)
  }
}

extension APIRequest {
  fileprivate init(
    _ method: HTTPMethod, _ target: String, _ type: String, _ value: some Encodable
  ) throws(APIError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(value) else { throw APIError(.unreadable, "cannot be written as JSON") }
    self.init(target: target, deadline: .seconds(30))
    self.method = method
    contents = Contents(type: type, bytes: [UInt8](body))
  }
}

extension APIResource {
  fileprivate static let nodeStatus = APIResource(group: "", version: "v1", plural: "nodes/status")
}

extension NodeName {
  fileprivate var path: String { "\(ManifestKind.node.resource().path)/\(percentEncoded(rawValue))" }
}

/// One step of a JSON patch. See: RFC 6902
private struct PatchStep: Encodable {
  var op: String
  var path: String
  var value: String?
}
