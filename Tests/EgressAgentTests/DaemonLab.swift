import EgressAgent
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import StatusServer
import Telemetry
import Testing

/// Two nodes whose daemons read the main scenario from a folder of its own.
final class DaemonLab {
  let folder: TemporaryFolder
  let lab: Lab

  /// Options that say where the daemons find the model: by default in the folder `m`.
  var source: [String]

  /// - Parameter topology: has the nodes of the main scenario.
  init(_ topology: LabTopology? = nil) throws {
    folder = try TemporaryFolder()
    try folder.makeFolder("m")
    for name in ["state", "state-egress-1", "cni"] { try folder.makeFolder(name) }
    for (name, target) in [("cluster", "m/"), ("egress", "m/"), ("config", "")] {
      var text = try String(contentsOfFile: "\(scenarioFolder)/\(name).yaml", encoding: .utf8)
      // A lab's node is itself behind veths, as a pod is.
      text.replace("\ncluster:\n", with: "\ncluster:\n  interfaces: { uplinks: [eth0, uplink] }\n")
      try folder.write(text, to: "\(target)\(name).yaml")
    }
    source = ["--manifests", folder.path + "/m"]
    lab = try Lab(topology ?? .twoNodes())
  }

  var socket: String { socket(on: "worker-1") }
  var holdPath: String { folder.path + "/hold.sock" }
  var client: DaemonClient { DaemonClient(socketPath: socket) }

  /// What says what to enforce on worker-1.
  var model: [String] { inputs() }

  func socket(on node: String) -> String { folder.path + (node == "worker-1" ? "/moat.sock" : "/\(node).sock") }

  /// Where a node's commands read what they judge by.
  func inputs(on node: String = "worker-1") -> [String] {
    source + [
      "--config", folder.path + "/config.yaml", "--node", node, "--cni-results", folder.path + "/cni",
    ]
  }

  /// Starts a node's daemon.
  ///
  /// - Parameter through: a command that starts what follows it.
  func start(on node: String = "worker-1", through: [String] = [], arguments more: [String] = []) throws
    -> RunningProgram
  {
    let state = folder.path + (node == "worker-1" ? "/state" : "/state-\(node)")
    let hold = node == "worker-1" ? holdPath : folder.path + "/\(node)-hold.sock"
    let own = ["--state", state, "--socket", socket(on: node), "--hold", hold]
    let arguments = [moatPath, "run"] + inputs(on: node) + own + more
    return try lab.start(in: .node(node), through + arguments)
  }

  /// Starts `moat hold` on worker-1.
  func startHold(through: [String] = []) throws -> RunningProgram {
    try lab.start(
      in: .node("worker-1"), through + [moatPath, "hold", "--socket", socket, "--hold", holdPath])
  }

  /// Waits until `moat hold` listens, or has a socket, too; ten seconds at most.
  func awaitHold(keepsSocket: Bool) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      let kept = try lab.inside(.node("worker-1")) { SocketCustody(holdPath: holdPath).takeBack() }
      for descriptor in kept { close(descriptor) }
      if keepsSocket ? !kept.isEmpty : access(holdPath, F_OK) == 0 { return }
      usleep(2000)
    }
    Issue.record("moat hold is not ready")
  }

  /// Puts the model into place, with its policies or without any.
  func replaceModel(withoutPolicies: Bool = false) throws {
    let text = try String(contentsOfFile: scenarioFolder + "/egress.yaml", encoding: .utf8)
    let documents = text.components(separatedBy: "\n---\n")
      .filter { !withoutPolicies || !$0.contains("kind: AccessPolicy") }
    try folder.replace("m/egress.yaml", with: documents.joined(separator: "\n---\n"))
  }

  /// Changes the configuration; the daemon sees it at its next start or hangup.
  func replaceConfiguration(_ change: (String) -> String) throws {
    let text = try String(contentsOfFile: folder.path + "/config.yaml", encoding: .utf8)
    try folder.replace("config.yaml", with: change(text))
  }

  /// Whose the table is.
  func standing() throws -> TableStanding {
    try lab.inside(.node("worker-1")) { try LibnftnlKernel().standing(of: TableID(.inet, "moat")) }
  }

  /// Waits until the table is so, ten seconds at most; whether it is.
  func awaitStanding(_ isReached: (TableStanding) -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !isReached(standing()) {
      guard ContinuousClock.now < deadline else { return false }
      usleep(500)
    }
    return true
  }

  /// The generation of worker-1's rulesets.
  func generation() throws -> UInt32 {
    try lab.inside(.node("worker-1")) { try LibnftnlKernel().generation().rawValue }
  }

  /// What worker-1's kernel holds.
  func held() throws -> Ruleset? { try lab.inside(.node("worker-1")) { try LibnftnlKernel().read().0 } }

  /// Takes the table and the network away, as a reboot does.
  func reboot() throws { try shell("\(forwarding(0)); nft delete table inet moat") }

  /// Brings the network.
  func endReboot() throws { try shell(forwarding(1)) }

  private func forwarding(_ value: Int) -> String {
    ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].map { "echo \(value) > /proc/sys/net/\($0)" }
      .joined(separator: "; ")
  }

  /// Runs a shell's command on worker-1.
  func shell(_ command: String) throws {
    let result = try lab.run(in: .node("worker-1"), ["sh", "-ec", command])
    #expect(result.status == 0, "\(command): \(result.text)")
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
  func await(
    on node: String = "worker-1", patience: Duration = .seconds(10), _ isReached: (StatusDocument) -> Bool
  ) throws {
    let client = DaemonClient(socketPath: socket(on: node))
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if let status = try? client.status(), isReached(status) { return }
      usleep(5000)
    }
    let status = try? client.status()
    Issue.record("the daemon's status is not reached: \(status.map { "\($0)" } ?? "no daemon")")
  }
}

extension LabTopology {
  /// The hosts of the main scenario that the daemon's tests need.
  static func twoNodes() throws -> LabTopology {
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
      ],
      translations: [
        Translation(
          .address(try IPAddress(parsing: "10.96.0.100")), .tcp, 443, to: try IPAddress(parsing: "10.1.2.10"), 8443),
        Translation(
          .address(try IPAddress(parsing: "fd00:10:96::100")), .tcp, 443,
          to: try IPAddress(parsing: "fd00:10:1:2::10"), 8443),
      ])
  }
}

/// Addresses that are written in a test.
private func addresses(_ texts: String...) throws -> [IPAddress] { try texts.map { try IPAddress(parsing: $0) } }
