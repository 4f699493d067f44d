import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Telemetry
import Testing

/// Identity (S9) as the daemon itself enforces it from what it sees of its node, judged by real packets.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct IdentityRunTests {
  @Test func `Reviews with productpage's address gets through without moat, and is dropped with it`() async throws {
    let lab = try GuardedLab()
    let forged = [
      Probe(from: reviews, to: try ip("10.1.2.10"), .tcp(8443), source: try ip("10.1.1.10"), expecting: .dropped),
      Probe(
        from: reviews, to: try ip("fd00:10:1:2::10"), .tcp(8443), source: try ip("fd00:10:1:1::10"),
        expecting: .dropped),
    ]
    for result in try await lab.lab.probeAll(forged) { #expect(result.hasArrived, "without moat: \(result)") }
    try lab.startAll()
    for result in try await lab.lab.probeAll(forged) {
      #expect(result.outcome == .dropped && !result.hasArrived, "with moat: \(result)")
    }
    #expect(try lab.count("refused_spoof", on: "worker-1") >= 2)
    try await lab.expect(.delivered, allowed)
  }

  @Test func `Allowances are for the pod's own interface alone`() async throws {
    let lab = try GuardedLab()
    try lab.startAll()
    let forged = [
      // S4: the gateway's address from another pod of its node.
      Probe(from: details, to: try ip("203.0.113.10"), .tcp(443), source: try ip("10.1.2.10")),
      Probe(from: details, to: try ip("2001:db8:113::10"), .tcp(443), source: try ip("fd00:10:1:2::10")),
      // S7: the resolver's.
      Probe(from: reviews, to: try ip("198.51.100.53"), .udp(53), source: try ip("10.1.1.2")),
      // The same from another node.
      Probe(from: reviews, to: try ip("203.0.113.10"), .udp(443), source: try ip("10.1.2.10")),
    ]
    try await lab.expect(.dropped, forged)
    try await lab.expect(.delivered, allowed)
  }

  @Test func `A pod whose interface appears after the manifests becomes usable without a restart`() async throws {
    let lab = try GuardedLab()
    try lab.lab.unplug(pod: productpageName)
    try lab.startAll()
    #expect(try lab.bound().isEmpty == false)
    #expect(try !lab.bound().contains("10.1.1.10"))
    try lab.lab.plug(pod: productpageName)
    try lab.awaitBinding { $0.isSuperset(of: ["10.1.1.10", "fd00:10:1:1::10"]) }
    try await lab.expect(.delivered, allowed)
    let status = try lab.daemon.client.status()
    #expect(status.state == .inSync)
  }

  @Test func `Without routes and results the addresses behind a new interface decide, that come in silence`() throws {
    let lab = try GuardedLab()
    try lab.lab.unplug(pod: productpageName)
    try lab.startAll()
    try lab.lab.plug(pod: productpageName, isRouted: false)
    try lab.awaitBinding { $0.isSuperset(of: ["10.1.1.10", "fd00:10:1:1::10"]) }
  }

  @Test func `An interface that goes away takes its binding along, and only the runtime can give it back`() async throws
  {
    let lab = try GuardedLab()
    let cluster = try String(contentsOfFile: lab.daemon.folder.path + "/m/cluster.yaml", encoding: .utf8)
    let name = "  name: productpage-v1-7f8b9c6d5-x2k4q\n"
    try lab.daemon.folder.write(cluster.replacing(name, with: name + "  uid: u-1\n"), to: "m/cluster.yaml")
    try lab.startAll()
    try lab.awaitBinding { $0.contains("10.1.1.10") }
    let claim = Probe(from: reviews, to: try ip("10.1.2.10"), .tcp(8443), source: try ip("10.1.1.10"))

    let start = ContinuousClock.now
    try lab.lab.unplug(pod: productpageName)
    try lab.awaitBinding { $0.isDisjoint(with: ["10.1.1.10", "fd00:10:1:1::10"]) }
    print("binding withdrawn \(ContinuousClock.now - start) after the command to remove the interface began")
    try await lab.expect(.dropped, [claim])

    // Whoever comes by that name and address is not known to be that pod.
    try lab.lab.plug(pod: productpageName)
    try lab.awaitLook()
    #expect(try lab.bound().isDisjoint(with: ["10.1.1.10", "fd00:10:1:1::10"]))
    let own = Probe(from: productpage, to: try ip("10.1.2.10"), .tcp(8443))
    try await lab.expect(.dropped, [own, claim])

    try lab.daemon.folder.write("no JSON", to: "cni/cbr0-broken-eth0")
    try lab.daemon.folder.write(resultOfProductpage, to: "cni/cbr0-4f0c-eth0")
    try lab.daemon.folder.write("", to: "m/empty.yaml")
    try lab.awaitBinding { $0.contains("10.1.1.10") }
    try await lab.expect(.delivered, [own])
    try await lab.expect(.dropped, [claim])
    let check = try lab.daemon.moat(["check", "--observe-interfaces"] + lab.daemon.inputs())
    #expect(check.output.contains("M052") && check.output.contains("cbr0-broken-eth0"), "\(check.text)")
  }

  @Test func `A pod that takes a neighbour's address gains nothing and takes nothing away`() async throws {
    let lab = try GuardedLab()
    try lab.startAll()
    for (address, length) in [("10.1.1.10", 32), ("fd00:10:1:1::10", 128)] {
      let taken = try lab.lab.run(in: reviews, ["ip", "addr", "add", "\(address)/\(length)", "dev", "eth0"])
      #expect(taken.status == 0, "\(taken.text)")
    }
    let claims = [
      Probe(from: reviews, to: try ip("10.1.2.10"), .tcp(8443), source: try ip("10.1.1.10")),
      Probe(from: reviews, to: try ip("fd00:10:1:2::10"), .tcp(8443), source: try ip("fd00:10:1:1::10")),
    ]
    try await lab.expect(.dropped, claims)
    // What reviews itself sends to that address stays in reviews now.
    let neighbour = try ip("10.1.1.10")
    try await lab.expect(.delivered, allowed.filter { $0.to != neighbour })
    // What is read completely, at the next start, says the same.
    let plan = try lab.daemon.moat(["plan", "--observe-interfaces"] + lab.daemon.inputs())
    #expect(plan.status == 0, "\(plan.text)")
    let check = try lab.daemon.moat(["check", "--observe-interfaces"] + lab.daemon.inputs())
    #expect(check.output.contains("M047"), "\(check.text)")
  }

  @Test func `Plan and explain judge by the node's interfaces when asked to`() throws {
    let lab = try GuardedLab()
    try lab.startAll()
    let daemon = lab.daemon
    let plan = try daemon.moat(["plan", "--observe-interfaces"] + daemon.inputs())
    #expect(plan.status == 0 && plan.output.isEmpty, "\(plan.text)")
    #expect(try daemon.moat(["plan"] + daemon.inputs()).status == 2)
    let render = try daemon.moat(["render", "--observe-interfaces"] + daemon.inputs())
    #expect(render.status == 0 && render.output.contains("refuse-spoof"))
    let question = ["--from", "bookinfo/productpage-v1", "--to", "10.1.2.10:8443"]
    let explained = try daemon.moat(["explain", "--observe-interfaces"] + question + daemon.inputs())
    #expect(explained.status == 0 && explained.output.contains("prerouting"), "\(explained.text)")
    try lab.lab.unplug(pod: productpageName)
    let refused = try daemon.moat(["explain", "--observe-interfaces"] + question + daemon.inputs())
    #expect(refused.status == 2 && refused.output.contains("S9"), "\(refused.text)")
  }

  /// What is allowed, whoever forges what.
  private var allowed: [Probe] {
    get throws {
      [
        Probe(from: productpage, to: try ip("10.1.2.10"), .tcp(8443)),
        Probe(from: productpage, to: try ip("fd00:10:1:2::10"), .tcp(8443)),
        Probe(from: gateway, to: try ip("203.0.113.10"), .tcp(443)),
        Probe(from: gateway, to: try ip("2001:db8:113::10"), .tcp(443)),
        Probe(from: coredns, to: try ip("198.51.100.53"), .udp(53)),
        Probe(from: reviews, to: try ip("10.1.1.10"), .tcp(9080)),
        Probe(from: details, to: try ip("fd00:10:1:1::11"), .udp(9080)),
      ]
    }
  }
}

private let resultOfProductpage = """
  {"kind":"cniCacheV1","containerId":"4f0c","ifName":"eth0","networkName":"cbr0",
   "cniArgs":[["K8S_POD_NAMESPACE","bookinfo"],["K8S_POD_NAME","productpage-v1-7f8b9c6d5-x2k4q"],["K8S_POD_UID","u-1"]],
   "result":{"cniVersion":"1.0.0","interfaces":[{"name":"pod0"},{"name":"eth0","sandbox":"/var/run/netns/cni-1"}],
     "ips":[{"address":"10.1.1.10/32","interface":1},{"address":"fd00:10:1:1::10/128","interface":1}]}}
  """
