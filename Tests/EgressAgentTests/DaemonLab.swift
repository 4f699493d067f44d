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
  var holdPath: String { folder.path + "/hold.sock" }
  var client: DaemonClient { DaemonClient(socketPath: socket) }

  static let productpage = LabHost.pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q")
  static let coredns = LabHost.pod("kube-system/coredns-7d8f9b6c5-abcde")

  /// The options that say what to enforce.
  var model: [String] {
    ["--manifests", folder.path + "/m", "--config", folder.path + "/config.yaml", "--node", "worker-1"]
  }

  /// Starts the daemon on worker-1.
  ///
  /// - Parameter through: a command that starts what follows it.
  func start(through: [String] = [], arguments: [String] = []) throws -> RunningProgram {
    let own = ["--state", folder.path + "/state", "--socket", socket, "--hold", holdPath]
    return try lab.start(in: .node("worker-1"), through + [moatPath, "run"] + model + own + arguments)
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
    let prefix = { (text: String) in try Prefix(parsing: text) }
    return LabTopology(
      nodes: [
        Node(
          "worker-1", addresses: [try address("172.18.0.11"), try address("fd00:172:18::11")],
          podNetworks: [try prefix("10.1.1.0/24"), try prefix("fd00:10:1:1::/64")]),
        Node(
          "egress-1", addresses: [try address("172.18.0.12"), try address("fd00:172:18::12")],
          podNetworks: [try prefix("10.1.2.0/24"), try prefix("fd00:10:1:2::/64")]),
      ],
      pods: [
        Pod(
          "bookinfo/productpage-v1-7f8b9c6d5-x2k4q", on: "worker-1",
          addresses: [try address("10.1.1.10"), try address("fd00:10:1:1::10")]),
        Pod(
          "kube-system/coredns-7d8f9b6c5-abcde", on: "worker-1",
          addresses: [try address("10.1.1.2"), try address("fd00:10:1:1::2")]),
        Pod(
          "istio-egress/istio-egressgateway-55fcbddd96-bwntr", on: "egress-1",
          addresses: [try address("10.1.2.10"), try address("fd00:10:1:2::10")]),
      ],
      outside: [
        OutsideHost("httpbin", addresses: [try address("203.0.113.10"), try address("2001:db8:113::10")]),
        OutsideHost("resolver", addresses: [try address("198.51.100.53")]),
      ],
      translations: [
        Translation(.address(try address("10.96.0.100")), .tcp, 443, to: try address("10.1.2.10"), 8443),
        Translation(.address(try address("fd00:10:96::100")), .tcp, 443, to: try address("fd00:10:1:2::10"), 8443),
      ])
  }
}
