import APIServerLab
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import SeededRandom
import StatusServer
import Synchronization

/// The main scenario under a real API server, and everything that may change in it.
struct SoakLab {
  /// How often what was changed.
  struct Counts: CustomStringConvertible {
    var (policies, pods, restarts, outages, cuts) = (0, 0, 0, 0, 0)

    var description: String {
      "\(policies) changes of the policy, \(pods) of pods, \(restarts) restarts, \(outages) outages of the API server, "
        + "\(cuts) disturbances of the way there"
    }
  }

  let cluster: ClusterLab
  private(set) var counts = Counts()

  /// Verdicts of what had changed that did not come in time.
  private(set) var wrongVerdicts: [String] = []

  private let resolver: NameServer
  private var random = Seeded(1)
  private var daemons: [String: RunningProgram] = [:]
  private var pods: [String] = []
  private var isGranted = false
  private var lastOutage = ContinuousClock.now

  init() throws {
    cluster = try ClusterLab()
    try cluster.daemon.replaceConfiguration {
      $0.replacing(
        "names:\n  hosts:\n    httpbin.org: [203.0.113.10, \"2001:db8:113::10\"]\n",
        with: "names: { resolvers: [198.51.100.53], grace: 2s }\n")
    }
    let stable = try ip("203.0.113.10")
    let number = Mutex<UInt32>(0)
    // One address that stays, and others that come and go with every answer.
    resolver = try NameServer(at: .outside("resolver"), of: cluster.lab, try ip("198.51.100.53")) { query in
      let passing = number.withLock { number in
        number = (number + 1) & 0xffff
        return IPAddress(v4: 0xc612_0000 + number)
      }
      return [NameMessage(answering: query.message, [stable, passing], seconds: .random(in: 1...3)).bytes]
    }
  }

  /// Starts both daemons, and waits until the names are known, too.
  mutating func start() throws {
    for node in ["worker-1", "egress-1"] { daemons[node] = try cluster.daemon.start(on: node) }
    for node in ["worker-1", "egress-1"] {
      try cluster.daemon.await(on: node, patience: .seconds(30)) { $0.state == .inSync }
    }
    let client = DaemonClient(socketPath: cluster.daemon.socket(on: "egress-1"))
    let deadline = ContinuousClock.now + .seconds(30)
    while try !client.names().entries.contains(where: { $0.name == "httpbin.org" && !$0.addresses.isEmpty }),
      ContinuousClock.now < deadline
    { usleep(10_000) }
    try cluster.daemon.await(on: "egress-1") { $0.state == .inSync }
  }

  func stop() {
    daemons.values.forEach { $0.stop() }
    resolver.close()
  }

  /// What the gateway node's daemon has in memory, which no restart interrupts; in MiB.
  func memory() throws -> Int {
    let process = daemons["egress-1"]?.process ?? 0
    let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
  }

  /// Changes one thing after another.
  mutating func churn(until end: ContinuousClock.Instant) throws {
    while ContinuousClock.now < end {
      switch Int.random(in: 0..<12, using: &random) {
      case 0...2: try changePolicy()
      case 3...8: try changePods()
      case 9: try restart()
      case 10: disturb()
      default: if ContinuousClock.now - lastOutage > .seconds(20) { try loseServer() }
      }
      usleep(UInt32.random(in: 0...50_000, using: &random))
    }
  }

  /// Gives reviews the gateway, or takes it away, and waits until both nodes' packets fare so.
  private mutating func changePolicy() throws {
    isGranted.toggle()
    let accounts = isGranted ? ["productpage", "reviews"] : ["productpage"]
    let clients = accounts.map { account in
      let selector: [String: Any] = ["cluster": "cluster-1", "namespace": "bookinfo", "labels": ["account": account]]
      return ["serviceAccountSelector": selector]
    }
    try cluster.server.change(
      "PATCH", cluster.policyPath, ["spec": ["config": ["authz": ["allowedClients": clients]]]])
    counts.policies += 1
    try awaitVerdict(
      of: .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m"), to: "10.1.2.10", 8443, isOpen: isGranted)
  }

  private mutating func awaitVerdict(of host: LabHost, to address: String, _ port: UInt16, isOpen: Bool) throws {
    let deadline = ContinuousClock.now + .seconds(40)
    while ContinuousClock.now < deadline {
      let took = try cluster.lab.timeToConnect(
        from: host, to: try ip(address), port: port, patience: .milliseconds(100))
      if (took != nil) == isOpen { return }
      usleep(5000)
    }
    wrongVerdicts.append("\(host) → \(address) \(port) is not \(isOpen ? "open" : "closed")")
  }

  /// A pod comes or goes; no more than twenty are there.
  private mutating func changePods() throws {
    let folder = "/api/v1/namespaces/bookinfo/pods"
    if pods.count < 20, random.oneIn(2) || pods.isEmpty {
      let name = "soak-\(counts.pods)"
      let account = random.pick(["bookinfo-productpage", "bookinfo-reviews"])
      let spec: [String: Any] = [
        "nodeName": "worker-1", "serviceAccountName": account, "containers": [["name": "c", "image": "none"]],
      ]
      let pod = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": name], "spec": spec] as [String: Any]
      try cluster.server.change("POST", folder, pod)
      try cluster.server.setStatus(
        ofPod: name, in: "bookinfo", phase: "Running", addresses: ["10.1.1.\(100 + counts.pods % 100)"])
      pods.append(name)
    } else {
      let name = pods.remove(at: Int.random(in: pods.indices, using: &random))
      try cluster.server.change("DELETE", "\(folder)/\(name)", ["gracePeriodSeconds": 0])
    }
    counts.pods += 1
  }

  /// The worker's daemon ends, one way or the other, and begins again.
  private mutating func restart() throws {
    guard let running = daemons["worker-1"] else { return }
    kill(running.process, random.oneIn(2) ? SIGTERM : SIGKILL)
    _ = try running.wait()
    daemons["worker-1"] = try cluster.daemon.start(on: "worker-1")
    counts.restarts += 1
    try cluster.daemon.await(patience: .seconds(40)) { $0.state == .inSync }
  }

  private mutating func disturb() {
    counts.cuts += 1
    if random.oneIn(2) {
      cluster.proxy.set(.blackHole)
      usleep(500_000)
      cluster.proxy.set(.fair)
    }
    cluster.proxy.cut()
  }

  private mutating func loseServer() throws {
    counts.outages += 1
    try cluster.server.end(SIGKILL)
    usleep(1_000_000)
    try cluster.server.start()
    lastOutage = .now
    for node in ["worker-1", "egress-1"] {
      try cluster.daemon.await(on: node, patience: .seconds(40)) { $0.state == .inSync }
    }
  }
}
