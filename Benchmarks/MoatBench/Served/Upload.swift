import APIServerLab
import ReferenceCluster

/// An object on its way into an API server.
struct Upload: Sendable {
  private let collection: String
  private let name: String
  private let json: String

  /// What is taken by a request of its own: a pod is created without a status.
  private let status: String?

  /// - Throws: where it has no kind, version or name.
  init(_ object: Tree) throws {
    guard let kind = object["kind"]?.text, let version = object["apiVersion"]?.text,
      let name = object["metadata"]?["name"]?.text
    else { throw BenchError("an object without kind, version or name") }
    let plural = kind == "AccessPolicy" ? "AccessPolicies" : "\(kind)s"
    let place = object["metadata"]?["namespace"]?.text.map { "/namespaces/\($0)" } ?? ""
    collection = (version.contains("/") ? "/apis/" : "/api/") + version + place + "/" + plural.lowercased()
    self.name = name
    json = object.json
    status = kind == "Pod" ? object["status"].map { (["status": $0] as Tree).json } : nil
  }

  /// The same object with other text in it.
  func replacing(_ text: String, with other: String) -> Upload {
    Upload(collection: collection, name: name, json: json.replacing(text, with: other), status: status)
  }

  private init(collection: String, name: String, json: String, status: String?) {
    (self.collection, self.name, self.json, self.status) = (collection, name, json, status)
  }

  private func send(by client: PlainClient) throws {
    try client.expect("POST", collection, json)
    if let status { try client.expect("PATCH", "\(collection)/\(name)/status", status) }
  }

  /// Creates all of them, over several connections.
  static func send(_ all: [Upload], to server: APIServer) throws {
    let connections = 8
    _ = try onThreads(connections) { first in
      let client = try server.client()
      for number in stride(from: first, to: all.count, by: connections) { try all[number].send(by: client) }
    }
  }
}
