import EgressPolicy
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// The attacks' cluster, as it is or guarded by moat's daemons, and an attacker's process at each host that needs one.
final class AttackLab {
  static let nodes = ["worker-1", "egress-1", "bridge-1"]

  let lab: Lab
  let isGuarded: Bool

  /// Manifests, configuration, sockets and states.
  let folder: String

  private var daemons: [String: RunningProgram] = [:]
  private var attackers: [LabHost: Attacker] = [:]
  private var judges: [Attack.Place: Judge] = [:]
  private var marks = 0

  init(isGuarded: Bool) throws {
    self.isGuarded = isGuarded
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-attacks-\(UUID().uuidString)").path
    lab = try Lab(.attacks())
    try makeFolder()
    try prepareNodes()
    try prepareHosts()
    guard isGuarded else { return }
    for node in Self.nodes { try startDaemon(on: node) }
    for node in Self.nodes { try awaitSync(on: node) }
  }

  deinit {
    daemons = [:]
    attackers = [:]
    try? FileManager.default.removeItem(atPath: folder)
  }

  // MARK: - Attacks

  /// Makes an attack, and records an issue for each try that does not fare as expected.
  func run(_ attack: Attack) throws {
    for step in attack.before { try attacker(at: step.host).run(step.code) }
    try attack.change(self)
    let (judge, attacker) = (try judge(at: attack.to), try attacker(at: attack.from))
    drainJudges()
    let before = try counted()
    let marks = attack.tries.map { _ in newMark() }
    for (code, mark) in zip(attack.tries, marks) { try attacker.run(code, mark: mark) }
    let after = try counted()
    try attack.restore(self)
    for step in attack.after { try self.attacker(at: step.host).run(step.code) }

    let comment = "\(isGuarded ? "with" : "without") moat: \(attack.name)"
    guard isGuarded, case .stopped(_, let counter) = attack.outcome else {
      for (code, mark) in zip(attack.tries, marks) { #expect(judge.waits(for: mark), "\(comment): \(code)") }
      return
    }
    try control(attack.from, to: attack.to)
    for (code, mark) in zip(attack.tries, marks) { #expect(judge.count(of: mark) == 0, "\(comment): \(code)") }
    guard let counter else { return }
    let refused = after[counter, default: 0] - before[counter, default: 0]
    #expect(refused >= attack.tries.count, "\(comment): before \(before), after \(after)")
  }

  /// Makes room in all judges' buffers.
  private func drainJudges() {
    for judge in judges.values { _ = judge.count(of: "") }
  }

  /// Lets what is allowed pass by the attack's way, after it: what it sent before has arrived by then, or never will.
  func control(_ from: LabHost, to place: Attack.Place) throws {
    let near = from.node == "egress-1" ? productpage : details
    let peer = from.node == "egress-1" ? "PRODUCTPAGE4" : "DETAILS4"
    let send = from.isPod ? "out" : "raw"
    let source = from == outside ? "FAR4" : "OWN4"
    let mark = newMark()
    let seen = try judge(at: .wire(near))
    try attacker(at: from).run(
      "\(send)(IP(src=\(source), dst=\(peer)) / UDP(sport=9, dport=9080) / Raw(m))", mark: mark)
    #expect(seen.waits(for: mark), "what is allowed arrives, from \(from)")
    try controlArrival(at: place)
  }

  private func controlArrival(at place: Attack.Place) throws {
    var place = place
    if case .errors(let host) = place { place = .wire(host) }
    let judge = try judge(at: place)
    let senders: [LabHost] =
      switch place {
      case .wire(.outside), .errors: Self.nodes.map { .node($0) }
      case .wire(let host): host.node.map { [.node($0)] } ?? []
      case .socket(let node): [.node(node)]
      case .bridge: [alice]
      }
    for sender in senders {
      let mark = newMark()
      try attacker(at: sender).run(place.control, mark: mark)
      #expect(judge.waits(for: mark), "what is allowed arrives at \(place) from \(sender)")
    }
  }

  func judge(at place: Attack.Place) throws -> Judge {
    if let known = judges[place] { return known }
    let new = try Judge(place, in: lab)
    judges[place] = new
    return new
  }

  func newMark() -> String {
    marks += 1
    return Judge.mark(marks)
  }

  /// The packets that moat has refused, on all nodes and in both tables.
  func counted() throws -> [Refusal: UInt64] {
    var sum: [Refusal: UInt64] = [:]
    for node in Self.nodes {
      try lab.inside(.node(node)) {
        let kernel = try LibnftnlKernel()
        for table in [TableID(.inet, "moat"), TableID(.bridge, "moat")] {
          for (name, value) in try kernel.counters(of: table) {
            if let refusal = Refusal(rawValue: name) { sum[refusal, default: 0] += value.packets }
          }
        }
      }
    }
    return sum
  }

  func attacker(at host: LabHost) throws -> Attacker {
    if let known = attackers[host] { return known }
    let new = try Attacker(at: host, knowing: surroundings(of: host), in: lab, folder: folder)
    attackers[host] = new
    return new
  }

  private func surroundings(of host: LabHost) throws -> [String: String] {
    let hardware = host == outside ? "" : try self.hardware(of: host)
    let bridge = try self.hardware(of: .node("bridge-1"), LabTopology.bridgeInterface)
    let addresses = lab.topology.hostAddresses(of: host)
    return [
      "hardware": hardware, "router": host.node == "bridge-1" ? bridge : "ee:ee:ee:ee:ee:ee", "bridge": bridge,
      "alice": try self.hardware(of: alice), "egress": try self.hardware(of: .node("egress-1")),
      "own4": addresses.first { $0.family == .v4 }.map { "\($0)" } ?? "",
      "own6": addresses.first { $0.family == .v6 }.map { "\($0)" } ?? "",
    ]
  }

  private func hardware(of host: LabHost, _ interface: String = "eth0") throws -> String {
    let words = try lab.run(in: host, ["ip", "-o", "link", "show", interface]).output.split(separator: " ")
    let index = try #require(words.firstIndex(of: "link/ether"))
    return String(words[index + 1])
  }

  // MARK: - moat

  func startDaemon(on node: String, binary: String = moatPath, through: [String] = []) throws {
    daemons[node] = try lab.start(
      in: .node(node),
      through + [binary, "run"] + inputs(on: node) + [
        "--state", "\(folder)/\(node)", "--hold", "\(folder)/\(node).hold",
      ]
        + ["--cni-results", "\(folder)/cni"] + socket(of: node))
  }

  /// Ends a daemon by a signal.
  func endDaemon(on node: String, by signal: Int32) throws {
    let daemon = try #require(daemons[node])
    daemons[node] = nil
    kill(daemon.process, signal)
    _ = try daemon.wait()
  }

  /// What says what to enforce.
  func inputs(on node: String) -> [String] {
    ["--node", node, "--manifests", folder + "/m", "--config", folder + "/config.yaml"]
  }

  func socket(of node: String) -> [String] { ["--socket", "\(folder)/\(node).sock"] }

  func awaitSync(on node: String) throws {
    try eventually("moat is in sync on \(node)") {
      try lab.run(in: .node(node), [moatPath, "status"] + socket(of: node)).status == 0
    }
  }

  /// Waits until something holds, ten seconds at most.
  func eventually(_ what: String, _ isReached: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !isReached() {
      guard ContinuousClock.now < deadline else { throw AttackFault(host: .node(""), code: what, text: "never") }
      usleep(10_000)
    }
  }
}

extension Attack.Place {
  /// What is allowed to arrive here: from nodes to the registry outside, from a node to its pods and to itself.
  fileprivate var control: String {
    switch self {
    case .wire(.outside), .errors: "raw(IP(src=OWN4, dst='198.51.100.7') / TCP(sport=9, dport=443, flags='S') / Raw(m))"
    case .wire(gateway): "raw(IP(src=OWN4, dst=GATEWAY4) / TCP(sport=9, dport=15021, flags='S') / Raw(m))"
    case .wire(let host):
      "raw(IP(src=OWN4, dst=\(host.shortName.uppercased())4) / UDP(sport=9, dport=9080) / Raw(m))"
    case .socket: "raw(IP(src=OWN4, dst=OWN4) / UDP(sport=9, dport=5300) / Raw(m))"
    case .bridge: "out(IP(src=OWN4, dst=ROUTER4) / UDP(sport=9, dport=5300) / Raw(m))"
    }
  }
}

extension LabHost {
  var isPod: Bool { if case .pod = self { true } else { false } }
}

extension LabTopology {
  func hostAddresses(of host: LabHost) -> [IPAddress] {
    switch host {
    case .node(let name): nodes.first { $0.name == name }?.addresses ?? []
    case .pod(let name): pods.first { $0.name == name }?.addresses ?? []
    case .outside: []
    }
  }
}

/// The executable that stands beside the one that runs the tests.
let moatPath: String = {
  let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("moat").path
}()
