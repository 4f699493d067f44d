import ClusterModel
import EgressPolicy
import EgressRuleset
import Glibc
import ManifestSource
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// S9 and S14 with real packets: who a pod is, and where packets may come from.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct IdentityTests {
  @Test func `With interfaces known, everything that was allowed still is`() async throws {
    let lab = try guardedLab()
    try await expect(
      .delivered, from: lab,
      [
        Probe(from: productpage, to: address("10.96.0.100"), .tcp(443)),
        Probe(from: productpage, to: address("fd00:10:96::100"), .tcp(443)),
        Probe(from: gateway, to: address("203.0.113.10"), .tcp(443)),
        Probe(from: gateway, to: address("2001:db8:113::10"), .tcp(443)),
        Probe(from: reviews, to: address("10.1.1.10"), .tcp(9080)),
        Probe(from: reviews, to: address("fd00:10:1:2::20"), .udp(9080)),
        Probe(from: reviews, to: address("10.1.2.20"), .ping),
        Probe(from: .node("worker-1"), to: address("10.1.1.10"), .tcp(9080)),
        Probe(from: .node("worker-1"), to: address("198.51.100.7"), .tcp(443)),
        Probe(from: .pod("kube-system/coredns-7d8f9b6c5-abcde"), to: address("198.51.100.53"), .udp(53)),
      ])
  }

  @Test func `With interfaces known, refused packets are still answered`() async throws {
    let lab = try guardedLab()
    try await expect(
      .refused, from: lab,
      [
        Probe(from: productpage, to: address("203.0.113.10"), .tcp(443)),
        Probe(from: productpage, to: address("2001:db8:113::10"), .udp(443)),
        Probe(from: gateway, to: address("203.0.113.10"), .tcp(80)),
        Probe(from: .node("worker-1"), to: address("203.0.113.10"), .tcp(443)),
      ])
  }

  @Test(arguments: [("10.1.1.10", "10.1.2.10"), ("fd00:10:1:1::10", "fd00:10:1:2::10")])
  func `A neighbour's address gains nothing`(stolen: String, target: String) async throws {
    let open = try Lab(.httpbin())
    let before = try await open.tcp(
      from: reviews, to: address(target), port: 8443, source: address(stolen), expecting: .dropped)
    #expect(before.hasArrived, "without moat the forged packet arrives")
    let lab = try guardedLab()
    let after = try await lab.tcp(
      from: reviews, to: address(target), port: 8443, source: address(stolen), expecting: .dropped)
    #expect(after.outcome == .dropped && !after.hasArrived)
    #expect(try refused("refused_spoof", on: "worker-1", of: lab) > 0)
  }

  @Test func `A gateway pod's address in another pod's hands opens nothing outside`() async throws {
    let lab = try guardedLab()
    let forged = try await lab.udp(
      from: details, to: address("203.0.113.10"), port: 443, source: address("10.1.2.10"), expecting: .dropped)
    #expect(forged.outcome == .dropped && !forged.hasArrived)
  }

  @Test func `A pod cannot speak to a tunnel's end`() async throws {
    let open = try Lab(.httpbin())
    #expect(try await open.udp(from: reviews, to: address("172.18.0.11"), port: 4789).hasArrived)
    let lab = try guardedLab()
    for node in ["172.18.0.11", "172.18.0.12", "fd00:172:18::12"] {
      let result = try await lab.udp(from: reviews, to: address(node), port: 4789, expecting: .dropped)
      #expect(result.outcome == .dropped && !result.hasArrived, "\(node)")
    }
    #expect(try refused("refused_origin", on: "worker-1", of: lab) >= 3)
  }

  @Test func `The host cannot lend a pod's address`() async throws {
    let lab = try guardedLab()
    let packet = WirePacket.udp(
      from: SocketAddress(address("10.1.2.10"), 4711), to: SocketAddress(address("203.0.113.10"), 443),
      payload: Array("forged".utf8))
    let outside = try lab.capture(at: .outside("httpbin"))
    #expect(throws: LabError.self, "the kernel tells the sender EPERM") {
      try lab.sendRaw(from: .node("egress-1"), packet)
    }
    #expect(outside.waitFor(.milliseconds(400)) { $0.contains(Array("forged".utf8)) } == nil)
    #expect(try refused("refused_spoof", on: "egress-1", of: lab) == 1)
  }

  // MARK: -

  private var productpage: LabHost { .pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q") }
  private var reviews: LabHost { .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m") }
  private var details: LabHost { .pod("bookinfo/details-v1-9c8b7a6d5-mn4k2") }
  private var gateway: LabHost { .pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr") }

  /// The httpbin scenario with moat's rules on both nodes, interfaces included.
  private func guardedLab() throws -> Lab {
    let lab = try Lab(.httpbin())
    let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Scenarios/01-httpbin"
    let reading = loadManifests(paths: ["\(folder)/cluster.yaml", "\(folder)/egress.yaml"])
    let model = EgressModel(
      reading.snapshot, under: try loadConfiguration(path: "\(folder)/config.yaml"))
    for node in ["worker-1", "egress-1"] {
      var flows = model.flows(on: NodeName(rawValue: node))
      try lab.inside(.node(node)) {
        flows.interfaces = interfaces(of: node, in: lab)
        _ = try enforce(lower(flows), in: LibnftnlKernel())
      }
    }
    return lab
  }

  /// What an observer would see in the node's namespace.
  private func interfaces(of node: String, in lab: Lab) -> InterfaceFlows {
    let pods = lab.topology.pods.filter { $0.node == node }
    let bindings = pods.flatMap { pod in
      pod.addresses.map {
        InterfaceFlows.Binding(
          interface: if_nametoindex(lab.topology.interface(ofPod: pod.name) ?? ""),
          address: PodAddress(pod: pod.name, address: $0))
      }
    }
    let local = bindings.map(\.address.address).sorted()
    return InterfaceFlows(
      bindings: bindings.sorted(), pods: Set(bindings.map(\.interface)).sorted(), tunnels: [],
      uplinks: [if_nametoindex(LabTopology.lanInterface), if_nametoindex(LabTopology.uplinkInterface)].sorted(),
      localPods: local, reserved: local,
      tunnelEndpoints: PrefixSet(lab.topology.nodes.flatMap(\.addresses).map { Prefix($0) }),
      tunnelPorts: [4789, 6081, 8472, 51820],
      onLink: PrefixSet([Prefix(containing: address("2001:db8:ff::"), length: 48)]))
  }

  private func refused(_ counter: String, on node: String, of lab: Lab) throws -> UInt64 {
    try lab.inside(.node(node)) { try LibnftnlKernel().counters()[counter]?.packets ?? 0 }
  }
}
