import ClusterModel
import EgressPolicy
import NamespaceLab
import Netlink
import NetworkValues
import Testing

/// What the observer sees of a real kernel, and what follows from it.
@Suite(asRoot)
struct InterfaceObserverTests {
  @Test func routedNode() throws {
    try inFreshNetworkNamespace {
      try ip(
        "link set lo up", "link add name uplink type ifb", "link set uplink up arp on",
        "addr add 192.0.2.1/24 dev uplink",
        "addr add 2001:db8::1/64 dev uplink nodad", "route add default via 192.0.2.254")
      let pods = [try routedPod("cali1", "10.0.0.1", "fd00::1"), try routedPod("cali2", "10.0.0.2", "fd00::2")]
      let observer = try InterfaceObserver()
      let seen = observer.interfaces
      #expect(seen.classes() == ["lo": .loopback, "uplink": .uplink, "cali1": .pod, "cali2": .pod])
      let uplink = try #require(seen.named("uplink"))
      #expect(uplink.kind == "ifb")
      #expect(uplink.hardwareAddress.count == 6)
      #expect(seen.defaultRoutes == [uplink.index])
      #expect(seen.addresses.contains(HostAddress(index: uplink.index, address: try address("2001:db8::1"))))
      let link = try #require(seen.named("cali1"))
      #expect(link.peerAddresses == [try address("10.0.0.1"), try address("fd00::1")])
      #expect(seen.hostRoutes.filter { $0.index == link.index }.map(\.destination) == link.peerAddresses)
      let prefixes = seen.onLink.filter { $0.index == uplink.index }.map(\.prefix.description)
      #expect(prefixes == ["192.0.2.0/24", "2001:db8::/64"])
      let bindings = seen.bind([try localPod("a", "10.0.0.1", "fd00::1"), try localPod("b", "fd00::2", "10.0.0.2")])
      #expect(bindings.text == ["cali1: a 10.0.0.1,fd00::1", "cali2: b 10.0.0.2,fd00::2"])
      #expect(bindings.findings.isEmpty)
      #expect(try !observer.update())
      withExtendedLifetime(pods) {}
    }
  }

  @Test func bridgedNode() throws {
    try inFreshNetworkNamespace {
      try ip("link add cni0 up type bridge", "addr add 10.0.0.254/24 dev cni0")
      let (one, two) = (try bridgedPod("veth1", "10.0.0.1"), try bridgedPod("veth2", "10.0.0.2"))
      let observer = try InterfaceObserver()
      #expect(observer.interfaces.classes() == ["lo": .loopback, "cni0": .pod, "veth1": .pod, "veth2": .pod])
      let pods = [try localPod("a", "10.0.0.1"), try localPod("b", "10.0.0.2")]
      let first = observer.interfaces.bind(pods)
      #expect(first.text == ["veth1: a 10.0.0.1", "veth2: b 10.0.0.2"])
      // Pod b takes a's address, announces it, and drops its own.
      try two.ip("addr del 10.0.0.2/24 dev eth0", "addr add 10.0.0.1/24 dev eth0")
      try observer.refresh()
      #expect(observer.interfaces.named("veth2")?.peerAddresses == [try address("10.0.0.1")])
      let second = observer.interfaces.bind(pods, after: first)
      #expect(second.podInterfaces == first.podInterfaces)
      #expect(second.codes == [.addressClaimedLater])
      // With a gone, b still is not a.
      try ip("link del veth1")
      try observer.update()
      #expect(observer.interfaces.bind(pods, after: second).text == ["veth2: b 10.0.0.2"])
      withExtendedLifetime(one) {}
    }
  }

  @Test func kindsOfTunnels() throws {
    let kinds = [
      "vxlan": "id 7 dstport 4789", "geneve": "id 7 remote 192.0.2.2", "gretap": "local 192.0.2.1 remote 192.0.2.2",
      "ipip": "local 192.0.2.1 remote 192.0.2.2", "sit": "local 192.0.2.1 remote 192.0.2.2", "wireguard": "",
    ]
    try inFreshNetworkNamespace {
      var made: [String] = []
      for (kind, arguments) in kinds where try kernelHas(kind, arguments) {
        try ip("link add name t-\(kind) type \(kind) \(arguments)")
        made.append("t-\(kind)")
      }
      try ip("link add name a type veth peer name b")
      try ip("tuntap add frames mode tap", "tuntap add packets mode tun")
      let classes = try InterfaceObserver().interfaces.classes()
      for name in made { #expect(classes[name] == .tunnel, "\(name)") }
      #expect(classes["a"] == .unknown)
      #expect(classes["b"] == .unknown)
      #expect(classes["frames"] == .pod)
      #expect(classes["packets"] == .unknown)
    }
  }

  @Test func deletedInterfaceTakesItsBindingAlong() throws {
    try inFreshNetworkNamespace {
      let namespace = try routedPod("cali1", "10.0.0.1", "fd00::1")
      let observer = try InterfaceObserver()
      let pods = [try localPod("a", "10.0.0.1", "fd00::1")]
      let before = observer.interfaces.bind(pods)
      #expect(before.text.count == 1)
      let index = try #require(observer.interfaces.named("cali1")?.index)
      try ip("link del cali1")
      #expect(try observer.update())
      #expect(observer.interfaces.hostRoutes.isEmpty)
      let after = observer.interfaces.bind(pods, after: before)
      #expect(after.podInterfaces.isEmpty)
      // Another interface with the same index, name, route and address is another one.
      try ip("link add name cali1 index \(index) up type veth peer name eth1 netns \(namespace.path)")
      try namespace.ip("addr add 10.0.0.1/32 dev eth1")
      try ip("route add 10.0.0.1/32 dev cali1")
      try observer.update()
      #expect(observer.interfaces.named("cali1")?.index == index)
      #expect(observer.interfaces.bind(pods, after: after).podInterfaces.isEmpty)
      #expect(observer.interfaces.bind(pods, after: before).podInterfaces.isEmpty)
      #expect(observer.interfaces.bind([try localPod("b", "10.0.0.1")], after: after).text == ["cali1: b 10.0.0.1"])
    }
  }

  @Test func renamedAndMovedInterface() throws {
    try inFreshNetworkNamespace {
      let namespace = try routedPod("cali1", "10.0.0.1", "fd00::1")
      let elsewhere = try PodNamespace()
      let observer = try InterfaceObserver()
      let pods = [try localPod("a", "10.0.0.1")]
      let first = observer.interfaces.bind(pods)
      try ip("link set cali1 down", "link set cali1 name other", "link set other up", "route add 10.0.0.1/32 dev other")
      try observer.update()
      let renamed = observer.interfaces.bind(pods, after: first)
      #expect(renamed.text == ["other: a 10.0.0.1"])
      #expect(renamed.podInterfaces.map(\.index) == first.podInterfaces.map(\.index))
      let appearance = try #require(observer.interfaces.named("other")).appearance
      try ip("link set other netns \(elsewhere.path)")
      try elsewhere.ip("link set other netns 1")
      try observer.update()
      let moved = observer.interfaces.bind(pods, after: renamed)
      #expect(moved.podInterfaces.isEmpty)
      #expect(observer.interfaces.links.allSatisfy { $0.appearance != appearance })
      withExtendedLifetime(namespace) {}
    }
  }

  @Test func addressesThatComeLater() throws {
    try inFreshNetworkNamespace {
      let namespace = try PodNamespace()
      let observer = try InterfaceObserver()
      try ip("link add name veth1 up type veth peer name eth0 netns \(namespace.path)")
      try observer.update()
      #expect(observer.interfaces.named("veth1")?.peerAddresses == [])
      try namespace.ip("addr add 10.0.0.1/24 dev eth0", "addr add 169.254.7.7/16 dev eth0")
      #expect(try observer.update())
      #expect(observer.interfaces.named("veth1")?.peerAddresses == [try address("10.0.0.1")])
    }
  }

  @Test func routesThatVanishInSilence() throws {
    try inFreshNetworkNamespace {
      let namespace = try routedPod("cali1", "10.0.0.1", "fd00::1")
      let observer = try InterfaceObserver()
      #expect(observer.interfaces.hostRoutes.map(\.destination.description) == ["10.0.0.1", "fd00::1"])
      try ip("link set cali1 down")
      try observer.update()
      #expect(observer.interfaces.hostRoutes.isEmpty)
      try ip("link set cali1 up", "link add name up0 up type bridge", "addr add 192.0.2.1/24 dev up0")
      try ip("route replace 10.0.0.1/32 dev cali1")
      try observer.update()
      #expect(observer.interfaces.hostRoutes.map(\.destination.description) == ["10.0.0.1"])
      try ip("route replace 10.0.0.1/32 via 192.0.2.9")
      try observer.update()
      #expect(observer.interfaces.hostRoutes.isEmpty)
      withExtendedLifetime(namespace) {}
    }
  }

  @Test func lostEventsLeaveTheTruth() throws {
    try inFreshNetworkNamespace {
      let observer = try InterfaceObserver(receiveBuffer: 1)
      let kept = try routedPod("cali1", "10.0.0.1", "fd00::1")
      try observer.update()
      let appearance = observer.interfaces.named("cali1")?.appearance
      let losses = observer.losses
      try ip(
        (0..<40).map { "link add name d\($0) up type bridge" } + (0..<40).map { "addr add 10.1.\($0).1/24 dev d\($0)" })
      try ip((0..<20).map { "link del d\($0)" })
      try observer.update()
      #expect(observer.losses > losses)
      let fresh = try InterfaceObserver().interfaces
      #expect(observer.interfaces.timeless == fresh.timeless)
      #expect(fresh.links.count == 22)
      #expect(observer.interfaces.named("cali1")?.appearance == appearance)
      withExtendedLifetime(kept) {}
    }
  }
}
