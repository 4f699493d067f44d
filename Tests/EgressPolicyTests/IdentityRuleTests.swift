import ClusterModel
import EgressPolicy
import EgressRuleset
import Foundation
import ManifestSource
import NetworkValues
import Nftables
import Testing

/// The rules of identity and origin, packet by packet: who a pod is, by the interface that its packets come in by.
struct IdentityRuleTests {
  private let table: Table

  /// egress-1 with the gateway behind interface 10, details behind 11, nobody behind 12 and 13 of no known class.
  init() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Scenarios/01-httpbin").path
    var snapshot = loadManifests(paths: ["\(folder)/cluster.yaml", "\(folder)/egress.yaml"]).snapshot
    var configuration = try loadConfiguration(path: "\(folder)/config.yaml")
    configuration.gateways.admission = .mesh
    configuration.exceptions = [
      .init(
        name: "e", from: .init(namespace: "bookinfo", podSelector: .init(matchLabels: ["app": "details"])),
        to: [.cidr(Prefix(address("198.51.100.53")))], ports: [.init(transport: .udp, range: PortRange(53))])
    ]
    let pods = (10...12).map { index in
      HostLink(
        index: UInt32(index), appearance: UInt64(index), name: "v\(index)", kind: "veth", peer: 2, peerNamespace: 1)
    }
    let others = [
      HostLink(index: 2, appearance: 2, name: "eth0"), HostLink(index: 3, appearance: 3, name: "vx", kind: "vxlan"),
      HostLink(index: 13, appearance: 13, name: "t", kind: "tun"),
    ]
    snapshot.hostInterfaces = HostInterfaces(
      links: (others + pods).sorted { $0.index < $1.index },
      hostRoutes: [HostRoute(to: address("10.1.2.10"), index: 10), HostRoute(to: address("10.1.2.20"), index: 11)])
    let node = NodeName(rawValue: "egress-1")
    let bindings = bindInterfaces(of: snapshot, on: node, under: configuration, after: InterfaceBindings())
    let model = EgressModel(snapshot, under: configuration, bound: bindings)
    table = try #require(lower(model.flows(on: node))[moatTable])
    #expect(model.flows(on: NodeName(rawValue: "worker-1")).interfaces == nil, "only one node was looked at")
  }

  /// What prerouting and then forward say: a refusal's counter, an acceptance's, or `passes`.
  private func verdict(
    _ interface: UInt32, _ source: String, _ destination: String, _ transport: TransportProtocol, _ port: UInt16,
    translatedTo target: (String, UInt16)? = nil
  ) -> String {
    var packet = Packet(
      from: address(source), to: address(destination), transport, destinationPort: port, inputInterface: interface)
    let raw = trace(packet, through: table, at: .prerouting)
    guard raw.verdict == .accepted else { return raw.counters.first ?? "dropped" }
    if let target {
      packet.destination = address(target.0)
      packet.destinationPort = target.1
    }
    let later = trace(packet, through: table, at: .forward)
    return later.counters.first ?? (later.verdict == .accepted ? "passes" : "dropped")
  }

  @Test func `S4: hop B is for what enters by the gateway's own interface`() {
    #expect(verdict(10, "10.1.2.10", "203.0.113.10", .tcp, 443) == "accepted_external")
    for other in [11, 12, 13, 2, 3] as [UInt32] {
      #expect(verdict(other, "10.1.2.10", "203.0.113.10", .tcp, 443) == "refused_spoof", "interface \(other)")
    }
  }

  @Test func `S7: an exception is for what enters by the pod's own interface`() {
    #expect(verdict(11, "10.1.2.20", "198.51.100.53", .udp, 53) == "accepted_exception")
    for other in [10, 12, 13, 2, 3] as [UInt32] {
      #expect(verdict(other, "10.1.2.20", "198.51.100.53", .udp, 53) == "refused_spoof", "interface \(other)")
    }
  }

  @Test(arguments: [12, 13] as [UInt32])
  func `Nobody known reaches inside only, and no gateway, by a Service neither`(stranger: UInt32) {
    #expect(verdict(stranger, "10.1.2.99", "10.1.2.20", .tcp, 9080) == "passes")
    #expect(verdict(stranger, "10.1.2.99", "203.0.113.10", .tcp, 443) == "refused_origin")
    #expect(verdict(stranger, "10.1.1.10", "10.1.2.20", .tcp, 9080) == "refused_spoof", "a client of another node")
    #expect(verdict(stranger, "10.1.2.99", "10.1.2.10", .tcp, 8443) == "refused_spoof")
    #expect(
      verdict(stranger, "10.1.2.99", "10.96.0.100", .tcp, 443, translatedTo: ("10.1.2.10", 8443)) == "refused_spoof")
    #expect(
      verdict(11, "10.1.2.20", "10.96.0.100", .tcp, 443, translatedTo: ("10.1.2.10", 8443)) == "accepted_gateway",
      "with admission: mesh a known pod does")
  }

  @Test func `S14: clients of other nodes come by uplinks and tunnels`() {
    for way in [2, 3] as [UInt32] {
      #expect(verdict(way, "10.1.1.10", "10.1.2.10", .tcp, 8443) == "accepted_gateway")
    }
    #expect(verdict(3, "203.0.113.10", "10.1.2.20", .tcp, 9080) == "refused_origin")
    #expect(verdict(2, "203.0.113.10", "10.1.2.20", .tcp, 9080) == "passes")
  }
}
