import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// Two nodes, one of them with a daemon that reads the main scenario from a folder of its own.
final class DaemonLab {
  let folder: TemporaryFolder
  let lab: Lab

  init() throws {
    folder = try TemporaryFolder()
    try folder.makeFolder("m")
    try folder.makeFolder("state")
    for (name, target) in [("cluster", "m/"), ("egress", "m/"), ("config", "")] {
      let text = try String(contentsOfFile: "\(scenarioFolder)/\(name).yaml", encoding: .utf8)
      try folder.write(text, to: "\(target)\(name).yaml")
    }
    lab = try Lab(.twoNodes())
  }

  var socket: String { folder.path + "/moat.sock" }
  var client: DaemonClient { DaemonClient(socketPath: socket) }

  /// Starts the daemon on worker-1.
  ///
  /// - Parameter through: a command that starts what follows it.
  func start(through: [String] = []) throws -> RunningProgram {
    let arguments = [
      moatPath, "run", "--manifests", folder.path + "/m", "--config", folder.path + "/config.yaml", "--node",
      "worker-1",
      "--state", folder.path + "/state", "--socket", socket,
    ]
    return try lab.start(in: .node("worker-1"), through + arguments)
  }

  /// Runs another of moat's commands on worker-1.
  func moat(_ arguments: [String]) throws -> ProgramOutput {
    try lab.run(in: .node("worker-1"), [moatPath] + arguments)
  }

  /// The tables of moat's on worker-1, one a line.
  func tables() throws -> String {
    let lines = try lab.run(in: .node("worker-1"), ["nft", "list", "tables"]).output.split(separator: "\n")
    return lines.filter { $0.hasSuffix(" moat") }.map { $0 + "\n" }.joined()
  }

  /// Waits until the daemon's status is as demanded, ten seconds at most.
  func await(_ isReached: (StatusDocument) -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      if let status = try? client.status(), isReached(status) { return }
      usleep(5000)
    }
    let status = try? client.status()
    Issue.record("the daemon's status is not reached: \(status.map { "\($0)" } ?? "no daemon")")
  }

  /// The executable that stands beside the one that runs the tests.
  private var moatPath: String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("moat").path
  }
}

extension LabTopology {
  /// The hosts of the main scenario that the daemon's tests need.
  fileprivate static func twoNodes() throws -> LabTopology {
    let address = { (text: String) in try IPAddress(parsing: text) }
    return LabTopology(
      nodes: [
        Node(
          "worker-1", addresses: [try address("172.18.0.11")], podNetworks: [try Prefix(parsing: "10.1.1.0/24")]),
        Node(
          "egress-1", addresses: [try address("172.18.0.12")], podNetworks: [try Prefix(parsing: "10.1.2.0/24")]),
      ],
      pods: [
        Pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q", on: "worker-1", addresses: [try address("10.1.1.10")]),
        Pod(
          "istio-egress/istio-egressgateway-55fcbddd96-bwntr", on: "egress-1", addresses: [try address("10.1.2.10")]),
      ], outside: [OutsideHost("httpbin", addresses: [try address("203.0.113.10")])])
  }
}
