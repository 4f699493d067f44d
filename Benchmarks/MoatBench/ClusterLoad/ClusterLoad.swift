import APIServerLab
import ClusterModel
import Foundation

extension Bench {
  /// What one node is sent by a real API server: for an object of each kind, in the list at the start and for a change;
  /// and what comes of that in a cluster too large to be built here.
  func clusterLoad() throws -> [Row] {
    let server = try APIServer(at: .loopback)
    let proxy = try TCPProxy(at: server.place, to: server.port)
    defer { proxy.close() }
    try server.defineGloo()
    let client = try server.client()
    let create = { (path: String, object: [String: Any]) in try client.expect("POST", path, object) }
    try create("/api/v1/namespaces", ["metadata": ["name": "load"]])
    try create("/api/v1/nodes", ["metadata": ["name": LoadedKind.own + "-itself"]])

    var rows: [Row] = []
    var start = try startBytes(server, proxy)
    var (whole, steady) = (Double(start), 0.0)
    for kind in LoadedKind.all {
      say("  \(kind.name)")
      for number in 0..<Self.objectCount { try create(kind.collection, kind.object(number)) }
      let mirror = try CountedMirror(NodeName(rawValue: LoadedKind.own), of: server, through: proxy)
      let listed = mirror.bytes()
      let perObject = Double(listed - start) / Double(Self.objectCount)
      for number in 0..<Self.changeCount {
        try client.expect("PATCH", try path(of: kind, number) + kind.subresource, kind.change(number))
      }
      let perChange = Double(mirror.bytes() - listed) / Double(Self.changeCount)
      rows.append(Row("a node hears of one \(kind.name): in a list", Samples([perObject]), unit: .bytes))
      rows.append(Row("a node hears of one \(kind.name): changed", Samples([perChange]), unit: .bytes))
      if kind.name == LoadedKind.all.last?.name {
        rows.insert(Row("lists and watches of a node", Samples([Double(mirror.watches)]), unit: .count), at: 0)
      }
      mirror.stop()
      whole += perObject * Double(kind.count)
      steady += perChange * kind.changes
      start = try startBytes(server, proxy)
    }
    return rows + [
      Row("computed, 5,000 nodes, 150,000 pods: a node starts", Samples([whole]), unit: .bytes),
      Row("computed, the same: a node is sent in a second", Samples([steady]), unit: .bytes),
    ]
  }

  /// So many objects of a kind are created, and so many of them changed.
  private static let objectCount = 100
  private static let changeCount = 40

  private func startBytes(_ server: APIServer, _ proxy: TCPProxy) throws -> Int {
    let mirror = try CountedMirror(NodeName(rawValue: LoadedKind.own), of: server, through: proxy)
    defer { mirror.stop() }
    return mirror.bytes()
  }

  private func path(of kind: LoadedKind, _ number: Int) throws -> String {
    let metadata = kind.object(number)["metadata"] as? [String: Any]
    guard let name = metadata?["name"] as? String else { throw BenchError("an object without a name") }
    return "\(kind.collection)/\(name)"
  }
}
