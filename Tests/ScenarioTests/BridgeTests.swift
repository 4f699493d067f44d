import ClusterModel
import EgressPolicy
import EgressRuleset
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// S2, S3, S9 and S14 between the ports of one bridge, with real packets; whether or not br_netfilter shows them to inet.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct BridgeTests {
  @Test(arguments: [false, true])
  func `Neighbours on a bridge reach each other, and clients their gateway`(seen: Bool) async throws {
    let bridge = try BridgeLab(seenByInet: seen, isGuarded: true)
    try await expect(
      .delivered, from: bridge.lab,
      [
        Probe(from: productpage, to: address("10.1.2.10"), .tcp(8443)),
        Probe(from: productpage, to: address("fd00:10:1:2::10"), .tcp(8443)),
        Probe(from: reviews, to: address("10.1.2.20"), .tcp(9080)),
        Probe(from: details, to: address("10.1.1.11"), .tcp(9080)),
        Probe(from: reviews, to: address("fd00:10:1:2::20"), .udp(9080)),
        Probe(from: reviews, to: address("10.1.2.20"), .ping),
        Probe(from: details, to: address("fd00:10:1:1::11"), .ping),
        Probe(from: gateway, to: address("10.1.2.20"), .tcp(9080)),
        Probe(from: gateway, to: address("fd00:10:1:1::11"), .tcp(9080)),
        Probe(from: gateway, to: address("10.1.2.20"), .ping),
        Probe(from: gateway, to: address("203.0.113.10"), .tcp(443)),
        Probe(from: gateway, to: address("2001:db8:113::10"), .tcp(443)),
        Probe(from: .node(BridgeLab.node), to: address("10.1.1.11"), .tcp(9080)),
        Probe(from: .node(BridgeLab.node), to: address("fd00:10:1:1::11"), .tcp(9080)),
      ])
    for counter in bridgeCounters { #expect(try bridge.refused(counter) == 0, "\(counter)") }
  }

  @Test(arguments: [false, true])
  func `Who is no client of the gateway does not reach it across the bridge`(seen: Bool) async throws {
    let targets = [Probe.Message.tcp(8443), .tcp(9999), .udp(8443)].flatMap { message in
      ["10.1.2.10", "fd00:10:1:2::10"].map { Probe(from: reviews, to: address($0), message) }
    }
    let open = try BridgeLab(seenByInet: seen, isGuarded: false)
    try await expect(.delivered, from: open.lab, targets)
    let bridge = try BridgeLab(seenByInet: seen, isGuarded: true)
    try await expect(seen ? .refused : .dropped, from: bridge.lab, targets)
    try await expect(.dropped, from: bridge.lab, targets.map { Probe(from: unknown, to: $0.to, $0.message) })
    let isAnswered = try bridge.refused(.gateway, in: moatTable) > 0
    #expect(isAnswered == seen)
  }

  @Test(arguments: [("10.1.1.10", "10.1.2.10"), ("fd00:10:1:1::10", "fd00:10:1:2::10")], [false, true])
  func `A neighbour's address gains nothing on a bridge`(row: (String, String), seen: Bool) async throws {
    let open = try BridgeLab(seenByInet: seen, isGuarded: false)
    let before = try await open.lab.tcp(
      from: reviews, to: address(row.1), port: 8443, source: address(row.0), expecting: .dropped)
    #expect(before.hasArrived, "without moat the forged packet arrives")
    let bridge = try BridgeLab(seenByInet: seen, isGuarded: true)
    for pod in [reviews, unknown] {
      let after = try await bridge.lab.tcp(
        from: pod, to: address(row.1), port: 8443, source: address(row.0), expecting: .dropped)
      #expect(after.outcome == .dropped && !after.hasArrived, "\(pod)")
    }
    #expect(try bridge.refused(.spoof) >= 2)
  }

  @Test func `ARP cannot take a neighbour's address`() async throws {
    let victim = address("10.1.1.10")
    for isGuarded in [false, true] {
      let bridge = try BridgeLab(seenByInet: false, isGuarded: isGuarded)
      let (attacker, peer) = (try bridge.hardware(of: reviews), try bridge.hardware(of: details))
      try await meet(victim, bridge)
      let lie = arpReply(victim, isAt: attacker, to: address("10.1.2.20"), peer)
      let isTaken = try bridge.send(
        frame(to: peer, from: attacker, 0x0806, lie), from: reviews, for: isGuarded ? .seconds(2) : .seconds(5)
      ) { try bridge.neighbour(victim, of: details) == text(attacker) }
      #expect(isTaken == !isGuarded)
      #expect(try !isGuarded || bridge.refused(.spoof) > 0)
    }
  }

  @Test func `Advertisements cannot take a neighbour's address`() async throws {
    let victim = address("fd00:10:1:1::10")
    for isGuarded in [false, true] {
      let bridge = try BridgeLab(seenByInet: false, isGuarded: isGuarded)
      let (attacker, peer) = (try bridge.hardware(of: reviews), try bridge.hardware(of: details))
      try await meet(victim, bridge)
      for source in ["fd00:10:1:1::11", "fe80::11"] {
        let lie = advertisement(victim, isAt: attacker, from: address(source), to: address("fd00:10:1:2::20"))
        let isTaken = try bridge.send(
          frame(to: peer, from: attacker, 0x86dd, lie.bytes), from: reviews,
          for: isGuarded ? .milliseconds(500) : .seconds(5)
        ) { try bridge.neighbour(victim, of: details) == text(attacker) }
        #expect(isTaken == !isGuarded, "from \(source)")
      }
      #expect(try !isGuarded || bridge.refused(.spoof) > 1)
    }
  }

  @Test func `Nobody on the bridge is its router`() async throws {
    let router = address("fe80::1")
    for isGuarded in [false, true] {
      let bridge = try BridgeLab(seenByInet: false, isGuarded: false)
      let added = try bridge.lab.run(
        in: .node(BridgeLab.node), ["ip", "addr", "add", "fe80::1/64", "dev", LabTopology.bridgeInterface, "nodad"])
      #expect(added.status == 0)
      if isGuarded { try bridge.guardNode() }
      let (attacker, peer) = (try bridge.hardware(of: reviews), try bridge.hardware(of: details))
      // A packet by way of the router makes the kernel look for it.
      let routed = try bridge.lab.run(
        in: details, ["ip", "route", "replace", "2001:db8:7::/64", "via", "fe80::1", "dev", "eth0"])
      #expect(routed.status == 0, "\(routed.text)")
      try bridge.lab.sendRaw(
        from: details,
        .udp(from: SocketAddress(address("fd00:10:1:2::20"), 9), to: SocketAddress(address("2001:db8:7::7"), 9)))
      try await eventually { try bridge.neighbour(router, of: details) != nil }
      let lie = advertisement(router, isAt: attacker, from: router, to: address("fd00:10:1:2::20"))
      let isTaken = try bridge.send(
        frame(to: peer, from: attacker, 0x86dd, lie.bytes), from: reviews, for: isGuarded ? .seconds(1) : .seconds(5)
      ) { try bridge.neighbour(router, of: details) == text(attacker) }
      #expect(isTaken == !isGuarded)
    }
  }

  @Test func `Tags do not hide a frame`() throws {
    let payload = Array("tagged".utf8)
    for isGuarded in [false, true] {
      let bridge = try BridgeLab(seenByInet: false, isGuarded: isGuarded)
      let (attacker, victim) = (try bridge.hardware(of: reviews), try bridge.hardware(of: gateway))
      let capture = try bridge.lab.capture(at: gateway)
      for (index, source) in ["10.1.1.10", "10.1.1.11", "fd00:10:1:1::10"].enumerated() {
        let target = source.contains(":") ? "fd00:10:1:2::10" : "10.1.2.10"
        let packet = WirePacket.udp(
          from: SocketAddress(address(source), 9), to: SocketAddress(address(target), 8443), payload: payload)
        try bridge.lab.sendFrame(
          from: reviews,
          frame(to: victim, from: attacker, tag: UInt16(index), source.contains(":") ? 0x86dd : 0x0800, packet.bytes))
        let arrived = capture.waitFor(.milliseconds(isGuarded ? 300 : 3000)) {
          $0.source == packet.source && $0.contains(payload)
        }
        #expect((arrived != nil) == !isGuarded, "from \(source)")
      }
      #expect(try !isGuarded || bridge.refused(.origin) == 3)
    }
  }

  @Test func `Gateway pods have no side doors on their bridge`() throws {
    let payload = Array("side door".utf8)
    for isGuarded in [false, true] {
      let bridge = try BridgeLab(seenByInet: false, isGuarded: isGuarded)
      let (attacker, victim) = (try bridge.hardware(of: reviews), try bridge.hardware(of: gateway))
      let capture = try bridge.lab.capture(at: gateway)
      let doors: [(hardware: [UInt8], source: String, target: String)] = [
        (everybody, "10.1.1.11", "255.255.255.255"), (everybody, "10.1.1.11", "10.1.255.255"),
        (victim, "10.1.1.11", "169.254.7.7"), (victim, "10.1.1.11", "203.0.113.99"),
        ([0x33, 0x33, 0, 0, 0, 1], "fd00:10:1:1::11", "ff02::1"), (victim, "fd00:10:1:1::11", "fe80::7"),
        (victim, "fe80::11", "fe80::7"), (victim, "fd00:10:1:1::11", "2001:db8:113::99"),
      ]
      for door in doors {
        let packet = WirePacket.udp(
          from: SocketAddress(address(door.source), 9), to: SocketAddress(address(door.target), 8443),
          payload: payload)
        let type: UInt16 = door.source.contains(":") ? 0x86dd : 0x0800
        try bridge.lab.sendFrame(from: reviews, frame(to: door.hardware, from: attacker, type, packet.bytes))
        let arrived = capture.waitFor(.milliseconds(isGuarded ? 200 : 3000)) {
          $0.destination == packet.destination && $0.contains(payload)
        }
        #expect((arrived != nil) == !isGuarded, "\(door.source) to \(door.target)")
      }
    }
  }

  @Test(arguments: [false, true])
  func `A neighbour's hardware address lets nobody listen`(seen: Bool) throws {
    for isGuarded in [false, true] {
      let bridge = try BridgeLab(seenByInet: seen, isGuarded: isGuarded)
      let (victim, sender) = (try bridge.hardware(of: productpage), try bridge.hardware(of: details))
      let capture = try bridge.lab.capture(at: reviews)
      for (own, from, to) in [
        ("10.1.1.11", "10.1.2.20", "10.1.1.10"), ("fd00:10:1:1::11", "fd00:10:1:2::20", "fd00:10:1:1::10"),
      ] {
        let type: UInt16 = own.contains(":") ? 0x86dd : 0x0800
        let theft = WirePacket.udp(from: SocketAddress(address(own), 9), to: SocketAddress(address(from), 9))
        let secret = Array("secret of \(to)".utf8)
        let letter = WirePacket.udp(
          from: SocketAddress(address(from), 9), to: SocketAddress(address(to), 9), payload: secret)
        let isHeard = try bridge.send(
          frame(to: sender, from: victim, type, theft.bytes), from: reviews,
          for: isGuarded ? .milliseconds(500) : .seconds(5)
        ) {
          try bridge.lab.sendFrame(from: details, frame(to: victim, from: sender, type, letter.bytes))
          return capture.waitFor(.milliseconds(20)) { $0.contains(secret) } != nil
        }
        #expect(isHeard == !isGuarded, "to \(to)")
      }
    }
  }

  @Test(arguments: [false, true])
  func `An unknown port reaches the inside only, with nobody's address`(seen: Bool) async throws {
    let bridge = try BridgeLab(seenByInet: seen, isGuarded: true)
    try await expect(
      .delivered, from: bridge.lab,
      [
        Probe(from: unknown, to: address("10.1.2.20"), .tcp(9080)),
        Probe(from: unknown, to: address("fd00:10:1:2::20"), .tcp(9080)),
        Probe(from: details, to: address("10.1.2.99"), .tcp(9080)),
      ])
    try await expect(
      .dropped, from: bridge.lab,
      [
        Probe(from: unknown, to: address("10.1.2.10"), .tcp(8443)),
        Probe(from: unknown, to: address("fd00:10:1:2::10"), .tcp(8443)),
        Probe(from: unknown, to: address("203.0.113.10"), .tcp(443)),
        Probe(from: unknown, to: address("10.1.2.20"), .tcp(9080), source: address("10.1.1.12")),
        Probe(from: unknown, to: address("10.1.2.20"), .udp(9080), source: address("10.1.255.254")),
        Probe(from: unknown, to: address("fd00:10:1:2::20"), .udp(9080), source: address("fd00:10:1:1::12")),
      ])
  }

  @Test func `No packet with a source route crosses the bridge`() throws {
    for isGuarded in [false, true] {
      let bridge = try BridgeLab(seenByInet: false, isGuarded: isGuarded)
      let (from, to) = (try bridge.hardware(of: reviews), try bridge.hardware(of: details))
      let capture = try bridge.lab.capture(at: details)
      for route in routes + othersRoutes {
        let packet = route.packet(from: .pod, to: .otherPod)
        let type: UInt16 = packet.source.family == .v4 ? 0x0800 : 0x86dd
        let before = capture.packets().count
        try bridge.lab.sendFrame(from: reviews, frame(to: to, from: from, type, packet.bytes))
        let arrived = capture.waitFor(.milliseconds(isGuarded ? 200 : 3000)) { _ in
          capture.packets().dropFirst(before).contains(packet)
        }
        #expect((arrived != nil) == !isGuarded, "\(route.testDescription)")
      }
      #expect(try !isGuarded || bridge.refused(.origin) == UInt64(routes.count + othersRoutes.count))
    }
  }

  @Test func `DHCP still asks everybody`() throws {
    let bridge = try BridgeLab(seenByInet: false, isGuarded: true)
    let capture = try bridge.lab.capture(at: details)
    let payload = Array("discover".utf8)
    let discover = WirePacket.udp(
      from: SocketAddress(address("0.0.0.0"), 68), to: SocketAddress(address("255.255.255.255"), 67), payload: payload)
    let sender = try bridge.hardware(of: reviews)
    try bridge.lab.sendFrame(from: reviews, frame(to: everybody, from: sender, 0x0800, discover.bytes))
    #expect(capture.waitFor { $0.contains(payload) } != nil)
    let other = WirePacket.udp(
      from: SocketAddress(address("0.0.0.0"), 68), to: SocketAddress(address("255.255.255.255"), 53), payload: payload)
    try bridge.lab.sendFrame(from: reviews, frame(to: everybody, from: sender, 0x0800, other.bytes))
    #expect(capture.waitFor(.milliseconds(300)) { $0.destinationPort == 53 } == nil)
  }

  @Test func `Audit counts and lets pass`() async throws {
    let bridge = try BridgeLab(seenByInet: false, isGuarded: true, mode: .audit)
    let forged = try await bridge.lab.tcp(
      from: reviews, to: address("10.1.2.10"), port: 8443, source: address("10.1.1.10"), expecting: .dropped)
    #expect(forged.hasArrived)
    let stranger = try await bridge.lab.tcp(from: reviews, to: address("10.1.2.10"), port: 8443)
    #expect(stranger.outcome == .delivered)
    #expect(try bridge.refused(.spoof) > 0)
    #expect(try bridge.refused(.gateway) > 0)
  }

  @Test func `nft takes the table as it is printed`() throws {
    let bridge = try BridgeLab(seenByInet: false, isGuarded: true)
    let (node, host) = (bridge.lab, LabHost.node(BridgeLab.node))
    let ours = try node.inside(host) { try LibnftnlKernel().read().0 }
    let text = try #require(ours).nftSyntax
    let other = try Lab(.bridged())
    try load(text, on: BridgeLab.node, of: other)
    #expect(try other.inside(host) { try LibnftnlKernel().read().0 } == ours)
  }

  // MARK: -

  private var productpage: LabHost { .pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q") }
  private var reviews: LabHost { .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m") }
  private var details: LabHost { .pod("bookinfo/details-v1-9c8b7a6d5-mn4k2") }
  private var gateway: LabHost { .pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr") }
  private var unknown: LabHost { .pod("new/unknown") }

  private let bridgeCounters: [Refusal] = [.external, .gateway, .spoof, .origin]

  /// Lets `details` find the owner of `victim`, and makes it believe newer claims at once.
  private func meet(_ victim: IPAddress, _ bridge: BridgeLab) async throws {
    let family = victim.family == .v4 ? "ipv4" : "ipv6"
    let set = try bridge.lab.run(
      in: details, ["sh", "-c", "echo 0 > /proc/sys/net/\(family)/neigh/eth0/locktime"])
    try #require(set.status == 0, "\(set.text)")
    try await expect(.delivered, from: bridge.lab, [Probe(from: details, to: victim, .udp(9080))])
    #expect(try bridge.neighbour(victim, of: details) == text(bridge.hardware(of: productpage)))
  }

  private func eventually(_ isSo: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(5)
    while try !isSo() {
      try #require(ContinuousClock.now < deadline)
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func text(_ hardware: [UInt8]) -> String {
    hardware.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }
}
