import ClusterModel
import EgressPolicy
import EgressRuleset
import Foundation
import ManifestSource
import Nftables

/// One folder of `Tests/Scenarios`: a cluster, a configuration, what must come of them, and packets to try it with.
///
/// See: Tests/Scenarios/README.md
struct Scenario: Sendable {
  /// `01-httpbin`.
  let name: String
  let folder: URL
  let snapshot: ClusterSnapshot
  let configuration: Configuration
  let model: EgressModel

  /// Names of all scenarios, in order.
  static let names: [String] = {
    let found = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return found.filter { $0.first?.isNumber == true }.sorted()
  }()

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Scenarios")

  /// Reads the manifests and the configuration; a document that cannot be read is an error here.
  init(_ name: String) throws {
    self.name = name
    folder = Scenario.root.appendingPathComponent(name)
    var reading = loadManifests(paths: try manifestFiles(in: folder))
    guard reading.errors.isEmpty else { throw ScenarioError("\(name): \(reading.errors)") }
    let resolvers = folder.appendingPathComponent("resolv.conf")
    if FileManager.default.fileExists(atPath: resolvers.path) {
      reading.snapshot.hostResolvers = try readHostResolvers(path: resolvers.path)
    }
    snapshot = reading.snapshot
    configuration = try loadConfiguration(path: folder.appendingPathComponent("config.yaml").path)
    model = EgressModel(snapshot, under: configuration)
  }

  /// The rows of `packets.txt`.
  func packets() throws -> [PacketRow] {
    try PacketRow.table(String(contentsOf: folder.appendingPathComponent("packets.txt"), encoding: .utf8), of: name)
  }

  /// What `node` must enforce, as its golden files have it: file name → text.
  func goldens(of node: NodeName) -> [String: String] {
    let flows = model.flows(on: node)
    return [
      "flows.txt": flows.lines.map { $0 + "\n" }.joined(),
      "findings.txt": flows.findings.map { "\($0)\n" }.joined(),
      "ruleset.nft": lower(flows).nftSyntax,
    ]
  }

  /// Where the golden files of `node` are.
  func goldenFolder(of node: NodeName) -> URL {
    folder.appendingPathComponent("nodes").appendingPathComponent(node.rawValue)
  }

  /// Every manifest of the scenario as a path.
  func manifestPaths() throws -> [String] { try manifestFiles(in: folder) }
}

/// A scenario that is not written as it should be.
struct ScenarioError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

private func manifestFiles(in folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    .filter { $0.hasSuffix(".yaml") && $0 != "config.yaml" }
    .map { folder.appendingPathComponent($0).path }
}
