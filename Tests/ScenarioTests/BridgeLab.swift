import ClusterModel
import EgressPolicy
import EgressRuleset
import ManifestSource
import NamespaceLab
import Netlink
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// The main scenario with all its pods on one node's bridge, and one pod there that nobody knows.
struct BridgeLab {
  static let node = "egress-1"
  let lab: Lab
  private let mode: Configuration.Mode

  /// - Parameter seen: whether br_netfilter shows bridged packets to the inet hooks.
  init(seenByInet seen: Bool, isGuarded: Bool, mode: Configuration.Mode = .enforce) throws {
    lab = try Lab(.bridged())
    self.mode = mode
    let value = seen ? "1" : "0"
    for name in ["iptables", "ip6tables"] {
      let wrote = try lab.run(
        in: .node(Self.node), ["sh", "-c", "echo \(value) > /proc/sys/net/bridge/bridge-nf-call-\(name)"])
      try #require(wrote.status == 0, "\(wrote.text)")
    }
    if isGuarded { try guardNode() }
  }

  /// What the daemon would do: looks at the interfaces, binds the pods to them, commits.
  func guardNode() throws {
    let lab = lab
    try lab.inside(.node(Self.node)) {
      let ruleset = lower(try flows(InterfaceObserver().interfaces))
      #expect(problems(in: ruleset).isEmpty)
      _ = try enforce(ruleset, in: LibnftnlKernel())
    }
  }

  func flows(_ interfaces: HostInterfaces) throws -> EgressFlows {
    let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Scenarios/01-httpbin"
    var configuration = try loadConfiguration(path: "\(folder)/config.yaml")
    configuration.mode = mode
    configuration.cluster.interfaces.uplinks = [LabTopology.lanInterface, LabTopology.uplinkInterface]
    var snapshot = loadManifests(paths: ["\(folder)/cluster.yaml", "\(folder)/egress.yaml"]).snapshot
    let node = NodeName(rawValue: Self.node)
    for index in snapshot.pods.indices { snapshot.pods[index].node = node }
    snapshot.hostInterfaces = interfaces
    let bindings = bindInterfaces(of: snapshot, on: node, under: configuration, after: InterfaceBindings())
    return EgressModel(snapshot, under: configuration, bound: bindings).flows(on: node)
  }

  func refused(_ counter: Refusal, in table: TableID = moatBridgeTable) throws -> UInt64 {
    try lab.inside(.node(Self.node)) { try LibnftnlKernel().counters(of: table)[counter.rawValue]?.packets ?? 0 }
  }

  /// The hardware address of a pod.
  func hardware(of pod: LabHost) throws -> [UInt8] {
    let text = try lab.run(in: pod, ["ip", "-o", "link", "show", "eth0"]).output
    let words = text.split(separator: " ")
    let index = try #require(words.firstIndex(of: "link/ether"))
    return words[index + 1].split(separator: ":").compactMap { UInt8($0, radix: 16) }
  }

  /// Whom `pod` takes for the owner of `address`; nil where it knows nobody.
  func neighbour(_ address: IPAddress, of pod: LabHost) throws -> String? {
    let words = try lab.run(in: pod, ["ip", "neigh", "show", "\(address)"]).output.split(separator: " ")
    guard let index = words.firstIndex(of: "lladdr") else { return nil }
    return String(words[index + 1])
  }

  /// Sends the frame again and again until `isDone`, or the time is over.
  func send(_ frame: [UInt8], from pod: LabHost, for patience: Duration, until isDone: () throws -> Bool) throws -> Bool
  {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      try lab.sendFrame(from: pod, frame)
      if try isDone() { return true }
    }
    return false
  }
}

extension LabTopology {
  static func bridged() -> LabTopology {
    var topology = LabTopology.httpbin()
    var node = topology.nodes[1]
    node.podNetworks += topology.nodes[0].podNetworks
    node.bridge = Bridge(
      addresses: addresses("10.1.255.254", "fd00:10:1:ffff::1"), lengths: [.v4: 16, .v6: 48])
    topology.nodes = [node]
    for index in topology.pods.indices { topology.pods[index].node = node.name }
    topology.pods.append(Pod("new/unknown", on: node.name, addresses: addresses("10.1.2.99", "fd00:10:1:2::99")))
    return topology
  }
}

/// A frame from hardware address to hardware address.
func frame(to: [UInt8], from: [UInt8], tag: UInt16? = nil, _ etherType: UInt16, _ content: [UInt8]) -> [UInt8] {
  let type = { (value: UInt16) in [UInt8(value >> 8), UInt8(value & 255)] }
  return to + from + (tag.map { type(0x8100) + type($0) } ?? []) + type(etherType) + content
}

let everybody = [UInt8](repeating: 0xff, count: 6)

/// An ARP reply. See: RFC 826
func arpReply(_ address: IPAddress, isAt hardware: [UInt8], to: IPAddress, _ receiver: [UInt8]) -> [UInt8] {
  [0, 1, 8, 0, 6, 4, 0, 2] + hardware + address.bytes + receiver + to.bytes
}

/// A neighbour advertisement that overrides. See: RFC 4861, section 4.4
func advertisement(
  _ target: IPAddress, isAt hardware: [UInt8], from source: IPAddress, to: IPAddress
) -> WirePacket {
  .icmp6(from: source, to: to, [136, 0, 0, 0, 0x60, 0, 0, 0] + target.bytes + [2, 1] + hardware, hopLimit: 255)
}
