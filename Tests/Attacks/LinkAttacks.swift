extension Attack {
  /// Lies and tricks on a link that pods share with each other, and with their node.
  static let link = [
    Attack(
      "ARP: the router's address, to a neighbour", from: mallory, to: .wire(alice), .stopped("S9", .spoof),
      "wire(Ether(src=HARDWARE, dst=ALICE)"
        + " / ARP(op=2, hwsrc=HARDWARE, psrc=ROUTER4, hwdst=ALICE, pdst=ALICE4) / Raw(m))",
      "wire(Ether(src=HARDWARE, dst='ff:ff:ff:ff:ff:ff') / ARP(op=1, hwsrc=HARDWARE, psrc=ROUTER4, pdst=ROUTER4) / Raw(m))"
    ),
    Attack(
      "ARP: a neighbour's address, to the bridge", from: mallory, to: .bridge("bridge-1"), .stopped("S9", .spoof),
      "wire(Ether(src=HARDWARE, dst=BRIDGE)"
        + " / ARP(op=2, hwsrc=HARDWARE, psrc=ALICE4, hwdst=BRIDGE, pdst=ROUTER4) / Raw(m))"),
    Attack(
      "neighbour advertisement: the router's address, to a neighbour", from: mallory, to: .wire(alice),
      .stopped("S9", .spoof),
      "out(lie(ICMPv6ND_NA(tgt=ROUTER6, R=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=HARDWARE), m, OWN6, ALICE6), to=ALICE)",
      "out(lie(ICMPv6ND_NA(tgt=ROUTER6, R=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=HARDWARE), m, 'fe80::7', ALICE6), to=ALICE)"
    ),
    Attack(
      "neighbour advertisement: a neighbour's address, to the bridge", from: mallory, to: .bridge("bridge-1"),
      .stopped("S9", .spoof),
      "out(lie(ICMPv6ND_NA(tgt=ALICE6, O=1) / ICMPv6NDOptDstLLAddr(lladdr=HARDWARE), m, OWN6, ROUTER6))"),
    Attack(
      "neighbour advertisement: a link-local address", from: mallory, to: .wire(alice), .arrives,
      "out(lie(ICMPv6ND_NA(tgt='fe80::77', O=1) / ICMPv6NDOptDstLLAddr(lladdr=HARDWARE), m, 'fe80::7', ALICE6), to=ALICE)"
    ),
    Attack(
      "router advertisement, to a neighbour", from: mallory, to: .wire(alice), .stopped("S9", .spoof),
      "out(lie(ICMPv6ND_RA(), m, 'fe80::7', 'ff02::1'), to='33:33:00:00:00:01')",
      "out(lie(ICMPv6ND_RA(), m, OWN6, ALICE6), to=ALICE)"),
    Attack(
      "router advertisement, to the bridge", from: mallory, to: .bridge("bridge-1"), .stopped("S9", .spoof),
      "out(lie(ICMPv6ND_RA(), m, 'fe80::7', 'ff02::1'), to='33:33:00:00:00:01')"),
    Attack(
      "ICMPv6 redirect, to a neighbour", from: mallory, to: .wire(alice), .stopped("S9", .spoof),
      "out(lie(ICMPv6ND_Redirect(tgt='fe80::7', dst=PEER6), m, 'fe80::7', ALICE6), to=ALICE)"),
    Attack(
      "a tagged frame, to a neighbour", from: mallory, to: .wire(alice), .stopped("S14", .origin),
      "wire(Ether(src=HARDWARE, dst=ALICE) / Dot1Q(vlan=0) / IP(src=PRODUCTPAGE4, dst=ALICE4) / UDP() / Raw(m))"),
    Attack(
      "a neighbour's address, to a neighbour on the bridge", from: mallory, to: .wire(alice), .stopped("S9", .spoof),
      "out(IP(src=DETAILS4, dst=ALICE4) / UDP() / Raw(m), to=ALICE)",
      "out(IPv6(src=DETAILS6, dst=ALICE6) / UDP() / Raw(m), to=ALICE)"),
    Attack(
      "multicast, to neighbours on the bridge", from: mallory, to: .wire(alice), .stopped("S1", .external),
      "out(IP(src=OWN4, dst='239.1.2.3') / UDP(dport=5353) / Raw(m), to='01:00:5e:01:02:03')",
      "out(IPv6(src=OWN6, dst='ff05::1:3') / UDP(dport=5353) / Raw(m), to='33:33:00:01:00:03')"),
    Attack(
      "broadcast, to neighbours on the bridge", from: mallory, to: .wire(alice), .stopped("S1", .external),
      "out(IP(src=OWN4, dst='255.255.255.255') / UDP(dport=5353) / Raw(m), to='ff:ff:ff:ff:ff:ff')"),
    Attack(
      "answer to a neighbour's DHCP request", from: mallory, to: .wire(alice), .arrives,
      "out(IP(src=OWN4, dst=ALICE4) / UDP(sport=67, dport=68) / BOOTP(op=2, yiaddr=ALICE4) / Raw(m), to=ALICE)"),
    Attack(
      "multicast that the node routes", from: reviews, to: .wire(outside), .stopped("S1", .external),
      "out(IP(src=OWN4, dst='239.1.2.3', ttl=8) / UDP(dport=5353) / Raw(m), to='01:00:5e:01:02:03')",
      before: [
        Step(
          .node("worker-1"),
          "kept['multicast'] = kept.get('multicast') or route_multicast(('239.1.2.3', REVIEWS4, 'pod1', 'uplink'))")
      ]),
    Attack(
      "broadcast to the nodes' network", from: reviews, to: .socket("egress-1"), .stopped("S1", .external),
      "out(IP(src=OWN4, dst='172.18.0.255') / UDP(dport=5300) / Raw(m))"),
  ]

  /// Packets in pieces. Node bridge-1 does not put them together without moat.
  static let fragments = [
    Attack(
      "first fragment alone", from: mallory, to: .wire(outside), .stopped("never whole", nil),
      "out(*pieces(counted(IP(src=OWN4, dst=PEER4, id=1) / UDP(dport=443) / Raw(m + bytes(64))), (0, 24)))",
      "out(*pieces6(counted(IPv6(src=OWN6, dst=PEER6, fl=1) / UDP(dport=443) / Raw(m + bytes(64))), (0, 24)))"),
    Attack(
      "last fragment alone", from: mallory, to: .wire(outside), .stopped("never whole", nil),
      "out(*pieces(counted(IP(src=OWN4, dst=PEER4, id=2) / UDP(dport=443) / Raw(bytes(64) + m)), (64, 80)))",
      "out(*pieces6(counted(IPv6(src=OWN6, dst=PEER6, fl=2) / UDP(dport=443) / Raw(bytes(64) + m)), (64, 80)))"),
    Attack(
      "all fragments", from: mallory, to: .wire(outside), .stopped("S1", .external),
      "out(*pieces(counted(IP(src=OWN4, dst=PEER4, id=3) / UDP(dport=443) / Raw(m + bytes(64))), (0, 24), (24, 80)))",
      "out(*pieces6(counted(IPv6(src=OWN6, dst=PEER6, fl=3) / UDP(dport=443) / Raw(m + bytes(64))), (0, 24), (24, 80)))"
    ),
    Attack(
      "tiny fragments, last first", from: mallory, to: .wire(outside), .stopped("S1", .external),
      "out(*pieces(counted(IP(src=OWN4, dst=PEER4, id=4) / UDP(dport=443) / Raw(m)), (8, 16), (0, 8)))",
      "out(*pieces6(counted(IPv6(src=OWN6, dst=PEER6, fl=4) / UDP(dport=443) / Raw(m)), (8, 16), (0, 8)))"),
    Attack(
      "overlapping fragments, one in another", from: mallory, to: .wire(outside), .stopped("S1", .external),
      "out(*pieces(counted(IP(src=OWN4, dst=PEER4, id=5) / UDP(dport=443) / Raw(m + bytes(64))),"
        + " (0, 24), (8, 16), (24, 80)))"),
    Attack(
      "overlapping fragments", from: mallory, to: .wire(outside), .stopped("never whole", nil),
      "out(*pieces(counted(IP(src=OWN4, dst=PEER4, id=6) / UDP(dport=443) / Raw(m + bytes(64))), (0, 24), (16, 80)))",
      "out(*pieces6(counted(IPv6(src=OWN6, dst=PEER6, fl=6) / UDP(dport=443) / Raw(m + bytes(64))), (0, 24), (16, 80)))"
    ),
    Attack(
      "tiny fragments, to a gateway", from: reviews, to: .wire(gateway), .stopped("S2", .gateway),
      "out(*pieces(counted(IP(src=OWN4, dst=GATEWAY4, id=7) / TCP(dport=8443, flags='S') / Raw(m)),"
        + " (0, 8), (8, 16), (16, 28)))"),
  ]
}
