import ClusterModel
import EgressAgent
import EgressPolicy
import EgressRuleset
import Foundation
import Logging
import ManifestSource
import NetworkValues
import Nftables
import Telemetry

/// The main scenario's folder.
let scenarioFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Scenarios/01-httpbin").path

/// The executable that stands beside the one that runs the tests.
let moatPath: String = {
  let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("moat").path
}()

let workerNode = NodeName(rawValue: "worker-1")
let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// The main scenario, with its configuration.
func scenarioInput() throws -> PolicyInput {
  PolicyInput(
    snapshot: loadManifests(paths: [scenarioFolder + "/cluster.yaml", scenarioFolder + "/egress.yaml"]).snapshot,
    configuration: try loadConfiguration(path: scenarioFolder + "/config.yaml"))
}

/// What the main scenario demands of a node.
func wantedRuleset(_ input: PolicyInput, on node: NodeName = workerNode) -> Ruleset {
  lower(deriveEgress(from: input.snapshot, on: node, under: input.configuration))
}

func newBoard() -> StatusBoard {
  StatusBoard(StatusDocument(version: "test", node: "worker-1", process: 1, started: Timestamp(milliseconds: 0)))
}

/// A folder that is removed with this value.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("moat-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file as most programs do: opened, written, closed.
  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  /// Writes a file beside, and renames it into place.
  func replace(_ name: String, with text: String) throws {
    try write(text, to: ".new")
    try move(".new", to: name)
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }

  func link(_ name: String, to target: String) throws {
    guard symlink(target, "\(path)/\(name)") == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Moves a name onto another, which is replaced.
  func move(_ name: String, to other: String) throws {
    guard rename("\(path)/\(name)", "\(path)/\(other)") == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
}
