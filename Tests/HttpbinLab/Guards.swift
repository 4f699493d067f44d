import Foundation
import NamespaceLab

/// moat's daemons on both nodes, and nothing else that guards them.
final class Guards {
  private let daemons: [NodeDaemon]
  private let folder: String
  private let configuration: String
  private let lab: Lab
  private var running: [RunningProgram] = []

  init(moat: String, scenario: String, folder: String, lab: Lab) throws {
    (self.folder, self.lab) = (folder, lab)
    // A lab's node is itself behind veths, as a pod is.
    configuration = try String(contentsOfFile: scenario + "/config.yaml", encoding: .utf8)
      .replacing("\ncluster:\n", with: "\ncluster:\n  interfaces: { uplinks: [eth0, uplink] }\n")
    daemons = ["worker-1", "egress-1"].map { node in
      NodeDaemon(
        moat: moat, node: node, folder: "\(folder)/\(node)",
        manifests: [
          "--manifests", "\(scenario)/cluster.yaml", "--manifests", "\(scenario)/egress.yaml", "--config",
          "\(folder)/config.yaml", "--cni-results", folder,
        ])
    }
    for daemon in daemons {
      try FileManager.default.createDirectory(atPath: daemon.folder, withIntermediateDirectories: true)
    }
  }

  /// Starts the daemons and waits until they enforce.
  func start(_ protection: Protection) throws {
    let text = configuration + (protection == .mesh ? "gateways: { admission: mesh }\n" : "")
    try text.write(toFile: "\(folder)/config.yaml", atomically: true, encoding: .utf8)
    guard protection != .none else { return }
    running = try daemons.map { try $0.start(in: lab) }
    for daemon in daemons { _ = try daemon.awaitSync(in: lab) }
  }

  /// Opens the nodes again.
  func stop() throws {
    guard !running.isEmpty else { return }
    for daemon in daemons {
      let unlocked = try daemon.ask(["unlock"], in: lab)
      guard unlocked.status == 0 else {
        throw LabError.program(
          host: daemon.node, command: "moat unlock", status: unlocked.status, output: unlocked.text)
      }
    }
    for program in running { _ = try program.wait() }
    running = []
  }
}
