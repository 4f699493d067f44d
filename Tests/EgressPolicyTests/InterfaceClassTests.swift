import ClusterModel
import EgressPolicy
import NetworkValues
import Testing

/// Which class an interface has by kind and by configuration (S14).
struct InterfaceClassTests {
  private func classes(
    _ links: [HostLink], _ configure: (inout Configuration.Interfaces) -> Void = { _ in }
  ) -> [String: InterfaceClass] {
    var configuration = Configuration.Interfaces()
    configure(&configuration)
    let classified = classify(HostInterfaces(links: links), under: configuration)
    return Dictionary(classified.map { ($0.name, $0.interfaceClass) }, uniquingKeysWith: { first, _ in first })
  }

  private let veth = HostLink(index: 5, name: "veth1", kind: "veth", peer: 2, peerNamespace: 0)

  @Test(arguments: [
    ("vxlan", InterfaceClass.tunnel), ("geneve", .tunnel), ("ipip", .tunnel), ("gre", .tunnel), ("gretap", .tunnel),
    ("sit", .tunnel), ("wireguard", .tunnel), ("ip6tnl", .tunnel), ("ip6gre", .tunnel), ("xfrm", .tunnel),
    ("dummy", .uplink), ("ppp", .uplink), ("tap", .pod), ("tun", .unknown), ("openvswitch", .unknown),
    ("veth", .unknown), ("netkit", .unknown), ("bridge", .unknown),
  ])
  func byKind(kind: String, expected: InterfaceClass) {
    #expect(classes([HostLink(index: 7, name: "x", kind: kind)]) == ["x": expected])
  }

  @Test func hardwareAndLoopback() {
    let found = classes([HostLink(index: 1, name: "lo", flags: 0x9), HostLink(index: 2, name: "eth0")])
    #expect(found == ["lo": .loopback, "eth0": .uplink])
  }

  @Test func vethByItsPeer() {
    #expect(classes([veth]) == ["veth1": .pod])
    let here = [
      HostLink(index: 3, name: "a", kind: "veth", peer: 4), HostLink(index: 4, name: "b", kind: "veth", peer: 3),
    ]
    #expect(classes(here) == ["a": .unknown, "b": .unknown])
  }

  @Test func bridgeByItsPorts() {
    var port = veth
    port.master = 9
    let bridge = HostLink(index: 9, name: "cni0", kind: "bridge")
    #expect(classes([port, bridge]) == ["veth1": .pod, "cni0": .pod])
    let uplink = HostLink(index: 2, name: "eth0", master: 9)
    #expect(classes([uplink, bridge])["cni0"] == .uplink)
    #expect(classes([uplink, port, bridge])["cni0"] == .unknown)
    let classified = classify(HostInterfaces(links: [port, bridge]), under: Configuration.Interfaces())
    #expect(classified.map(\.bridge) == [9, nil])
    #expect(classified.map(\.isBridge) == [false, true])
  }

  @Test func devicesAboveOthers() {
    let links = [
      HostLink(index: 2, name: "eth0"), HostLink(index: 3, name: "eth0.7", kind: "vlan", peer: 2), veth,
      HostLink(index: 6, name: "veth1.7", kind: "vlan", peer: 5),
      HostLink(index: 8, name: "elsewhere", kind: "macvlan", peer: 2, peerNamespace: 0),
    ]
    let found = classes(links)
    #expect(found["eth0.7"] == .uplink)
    #expect(found["veth1.7"] == .unknown)
    #expect(found["elsewhere"] == .unknown)
  }

  @Test func configurationComesFirst() {
    let links = [HostLink(index: 2, name: "eth0"), HostLink(index: 3, name: "eth1"), veth]
    let found = classes(links) { $0.uplinks = ["eth0"] }
    #expect(found == ["eth0": .uplink, "eth1": .unknown, "veth1": .pod])
    #expect(classes([veth]) { $0.uplinks = ["veth*"] } == ["veth1": .uplink])
    let twice = classes([veth]) {
      $0.uplinks = ["veth*"]
      $0.pods = ["v?th1"]
    }
    #expect(twice == ["veth1": .pod])
    #expect(classes([HostLink(index: 1, name: "lo", flags: 8)]) { $0.uplinks = ["*"] } == ["lo": .loopback])
  }
}
