import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// Two nodes whose daemons read the main scenario from a folder of its own.
final class DaemonLab {
  let folder: TemporaryFolder
  let lab: Lab

  init() throws {
    folder = try TemporaryFolder()
    try folder.makeFolder("m")
    for name in ["state", "state-egress-1", "cni"] { try folder.makeFolder(name) }
    for (name, target) in [("cluster", "m/"), ("egress", "m/"), ("config", "")] {
      var text = try String(contentsOfFile: "\(scenarioFolder)/\(name).yaml", encoding: .utf8)
      // A lab's node is itself behind veths, as a pod is.
      text.replace("\ncluster:\n", with: "\ncluster:\n  interfaces: { uplinks: [eth0, uplink] }\n")
      try folder.write(text, to: "\(target)\(name).yaml")
    }
    lab = try Lab(.twoNodes())
  }

  var socket: String { socket(on: "worker-1") }
  var client: DaemonClient { DaemonClient(socketPath: socket) }

  func socket(on node: String) -> String { folder.path + (node == "worker-1" ? "/moat.sock" : "/\(node).sock") }

  /// Where a node's commands read what they judge by.
  func inputs(on node: String = "worker-1") -> [String] {
    [
      "--manifests", folder.path + "/m", "--config", folder.path + "/config.yaml", "--node", node, "--cni-results",
      folder.path + "/cni",
    ]
  }

  /// Starts a node's daemon.
  ///
  /// - Parameter through: a command that starts what follows it.
  func start(on node: String = "worker-1", through: [String] = []) throws -> RunningProgram {
    let state = folder.path + (node == "worker-1" ? "/state" : "/state-\(node)")
    let arguments = [moatPath, "run"] + inputs(on: node) + ["--state", state, "--socket", socket(on: node)]
    return try lab.start(in: .node(node), through + arguments)
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

  /// Waits until a daemon's status is as demanded, ten seconds at most.
  func await(on node: String = "worker-1", _ isReached: (StatusDocument) -> Bool) throws {
    let client = DaemonClient(socketPath: socket(on: node))
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
    let node = { (name: String, number: Int) in
      Node(
        name, addresses: try addresses("172.18.0.1\(number)", "fd00:172:18::1\(number)"),
        podNetworks: [
          try Prefix(parsing: "10.1.\(number).0/24"), try Prefix(parsing: "fd00:10:1:\(number)::/64"),
        ])
    }
    let pod = { (name: String, place: String, number: Int, host: Int) in
      Pod(name, on: place, addresses: try addresses("10.1.\(number).\(host)", "fd00:10:1:\(number)::\(host)"))
    }
    return LabTopology(
      nodes: [try node("worker-1", 1), try node("egress-1", 2)],
      pods: [
        try pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q", "worker-1", 1, 10),
        try pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m", "worker-1", 1, 11),
        try pod("kube-system/coredns-7d8f9b6c5-abcde", "worker-1", 1, 2),
        try pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr", "egress-1", 2, 10),
        try pod("bookinfo/details-v1-9c8b7a6d5-mn4k2", "egress-1", 2, 20),
      ],
      outside: [
        OutsideHost("httpbin", addresses: try addresses("203.0.113.10", "2001:db8:113::10")),
        OutsideHost("resolver", addresses: try addresses("198.51.100.53")),
      ])
  }
}

/// Addresses that are written in a test.
private func addresses(_ texts: String...) throws -> [IPAddress] { try texts.map { try IPAddress(parsing: $0) } }
