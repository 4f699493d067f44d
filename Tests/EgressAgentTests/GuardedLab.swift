import Glibc
import NamespaceLab
import NetworkValues
import Testing

/// The lab of the daemon's tests, with daemons on both nodes once they are started.
final class GuardedLab {
  let daemon: DaemonLab
  private var running: [RunningProgram] = []

  var lab: Lab { daemon.lab }

  init() throws { daemon = try DaemonLab() }

  /// Starts both daemons and waits until they enforce.
  func startAll() throws {
    running = try ["worker-1", "egress-1"].map { try daemon.start(on: $0) }
    for node in ["worker-1", "egress-1"] { try daemon.await(on: node) { $0.state == .inSync } }
  }

  /// Packets that a counter of moat's has counted.
  func count(_ counter: String, on node: String) throws -> Int {
    let listed = try lab.run(in: .node(node), ["nft", "list", "counter", "inet", "moat", counter])
    let words = listed.output.split { $0.isWhitespace }
    let place = try #require(words.firstIndex(of: "packets"), "\(listed.text)")
    return try #require(Int(words[place + 1]))
  }

  /// The addresses that are bound to an interface of worker-1, as the kernel holds them.
  func bound() throws -> Set<String> {
    let listed = try ["pods4", "pods6"].map {
      try lab.run(in: .node("worker-1"), ["nft", "list", "set", "inet", "moat", $0]).output
    }
    let words = listed.joined().split { $0.isWhitespace || "{},".contains($0) }
    return Set(words.filter { (try? IPAddress(parsing: $0)) != nil }.map(String.init))
  }

  /// Waits until worker-1's bindings are as demanded, ten seconds at most.
  func awaitBinding(_ isReached: (Set<String>) -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      if isReached(try bound()) { return }
      usleep(2000)
    }
    let status = try? daemon.client.status()
    Issue.record("not bound as demanded: \(try bound()), \(status.map { "\($0)" } ?? "no daemon")")
  }

  /// Waits until worker-1's daemon has derived from something newer, five seconds at most.
  func awaitLook() throws {
    let before = try daemon.client.status().counts.inputs
    try daemon.folder.write("", to: "m/look.yaml")
    try daemon.await { $0.counts.inputs > before }
  }

  /// Sends the probes and records an issue for each with another outcome, or with a packet that leaked.
  func expect(
    _ outcome: ProbeOutcome, _ probes: [Probe], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let asked = probes.map { probe in
      var probe = probe
      probe.expecting = outcome
      return probe
    }
    for (probe, result) in zip(asked, try await lab.probeAll(asked)) {
      #expect(
        result.outcome == outcome && result.hasArrived == (outcome == .delivered), "\(probe): \(result)",
        sourceLocation: sourceLocation)
    }
  }
}

let productpageName = "bookinfo/productpage-v1-7f8b9c6d5-x2k4q"
let productpage = LabHost.pod(productpageName)
let reviews = LabHost.pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m")
let coredns = LabHost.pod("kube-system/coredns-7d8f9b6c5-abcde")
let gateway = LabHost.pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr")
let details = LabHost.pod("bookinfo/details-v1-9c8b7a6d5-mn4k2")

/// An address that is written in a test.
func ip(_ text: String) throws -> IPAddress { try IPAddress(parsing: text) }
