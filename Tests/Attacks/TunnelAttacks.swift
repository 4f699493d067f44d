extension Attack {
  /// What comes out of a tunnel, to a client's gateway: from the node's own pod to the end of a tunnel at `destination`.
  private static func insider(_ destination: String, vni: Int = 42) -> String {
    let layer = destination.contains(":") ? "IPv6" : "IP"
    let source = destination.contains(":") ? "OWN6" : "OWN4"
    return "out(\(layer)(src=\(source), dst='\(destination)')"
      + " / vxlan(forged(GATEWAY4, m, source=PRODUCTPAGE4, sport=90, dport=8443), vni=\(vni)))"
  }

  /// Packets that seem to come out of a tunnel.
  static let tunnels = [
    Attack(
      "an inbound connection inside VXLAN, to its node", from: reviews, to: .wire(reviews), .stopped("S14", .origin),
      "out(IP(src=OWN4, dst=WORKER4) / vxlan(forged(REVIEWS4, m)))",
      "out(IP(src=OWN4, dst=WORKER4) / vxlan(forged(REVIEWS6, m, source=PEER6)))",
      "out(IPv6(src=OWN6, dst=WORKER6) / vxlan(forged(REVIEWS4, m), vni=43))"),
    Attack(
      "an inbound connection inside Geneve, to its node", from: reviews, to: .wire(reviews), .stopped("S14", .origin),
      "out(IP(src=OWN4, dst=WORKER4) / UDP(dport=6081) / GENEVE(proto=0x6558) / Ether() / forged(REVIEWS4, m))"),
    Attack(
      "an inbound connection inside GRE, to its node", from: reviews, to: .wire(reviews), .stopped("S14", .origin),
      "out(IP(src=OWN4, dst=WORKER4) / GRE(proto=0x800) / forged(REVIEWS4, m))"),
    Attack(
      "an inbound connection inside IPIP, to its node", from: reviews, to: .wire(reviews), .stopped("S14", .origin),
      "out(IP(src=OWN4, dst=WORKER4, proto=4) / forged(REVIEWS4, m))"),
    Attack(
      "the gateway's address inside VXLAN, to the gateway's node", from: reviews, to: .wire(outside),
      .stopped("S14", .origin),
      "out(IP(src=OWN4, dst=EGRESS4) / vxlan(forged(FAR4, m, source=GATEWAY4, sport=91, dport=443)))"),
    Attack(
      "a client's address inside VXLAN, to the gateway's node", from: details, to: .wire(gateway),
      .stopped("S14", .origin), insider("172.18.0.12"), insider("192.0.2.3")),
    Attack(
      "the same, to a broadcast or multicast address", from: details, to: .wire(gateway), .stopped("S14", .origin),
      insider("255.255.255.255"), insider("224.0.0.1"), insider("ff02::1", vni: 43)),
    Attack(
      "the same, to its bridge's broadcast address", from: mallory, to: .wire(gateway), .stopped("S14", .origin),
      "out(IP(src=OWN4, dst='10.1.3.255')"
        + " / vxlan(forged(GATEWAY4, m, source=PRODUCTPAGE4, sport=89, dport=8443)), to='ff:ff:ff:ff:ff:ff')"),
    Attack(
      "the same, to a link-local address that the node serves", from: details, to: .wire(gateway),
      .stopped("S14", .origin), insider("169.254.20.10")),
    Attack(
      "the same, to the node's loopback address", from: details, to: .wire(gateway), .stopped("S14", .origin),
      insider("127.0.0.1")),
    Attack(
      "the same, from an unknown pod", from: newcomer, to: .wire(gateway), .stopped("S14", .origin),
      insider("172.18.0.12")),
    Attack(
      "an inbound connection inside VXLAN, by a host process", from: .node("worker-1"), to: .wire(reviews),
      .stopped("S14", .origin), "raw(IP(src=OWN4, dst=OWN4) / vxlan(forged(REVIEWS4, m)))",
      "raw(IP(src=OWN4, dst=OWN4) / vxlan(forged(REVIEWS6, m, source=PEER6)))"),
    Attack(
      "the gateway's address inside VXLAN, by a host process", from: .node("worker-1"), to: .wire(outside),
      .stopped("S9", .spoof),
      "raw(IP(src=OWN4, dst=EGRESS4) / vxlan(forged(FAR4, m, source=GATEWAY4, sport=92, dport=443)))",
      "raw(IP(src=OWN4, dst=EGRESS4) / vxlan(forged(FAR6, m, source=GATEWAY6, sport=92, dport=443)))"),
    Attack(
      "a client's address inside VXLAN, by a host process", from: .node("worker-1"), to: .wire(gateway), .arrives,
      "raw(IP(src=OWN4, dst=EGRESS4) / vxlan(forged(GATEWAY4, m, source=PRODUCTPAGE4, sport=93, dport=8443)))"),
  ]

  /// Host processes with NET_RAW, and the gateway's node as a router.
  static let hosts = [
    Attack(
      "a raw socket, to the outside", from: .node("worker-1"), to: .wire(outside), .stopped("S6", .host),
      "raw(IP(src=OWN4, dst=PEER4) / UDP(dport=443) / Raw(m))",
      "raw(IPv6(src=OWN6, dst=PEER6) / UDP(dport=443) / Raw(m))", "raw(IP(src=OWN4, dst=PEER4, proto=253) / Raw(m))"),
    Attack(
      "a raw socket with a pod's address", from: .node("egress-1"), to: .wire(outside), .stopped("S9", .spoof),
      "raw(IP(src=GATEWAY4, dst=FAR4) / TCP(sport=94, dport=443, flags='S') / Raw(m))",
      "raw(IPv6(src=GATEWAY6, dst=FAR6) / TCP(sport=94, dport=443, flags='S') / Raw(m))"),
    Attack(
      "a raw socket with an outside address, to its own node", from: .node("worker-1"), to: .socket("worker-1"),
      .stopped("S9", .spoof), "raw(IP(src=PEER4, dst=OWN4) / UDP(dport=5300) / Raw(m))"),
    Attack(
      "AF_PACKET on the loopback interface, the same", from: .node("worker-1"), to: .socket("worker-1"),
      .stopped("S14", .origin),
      "wire(Ether(type=0x800) / IP(src=PEER4, dst=OWN4) / UDP(dport=5300) / Raw(m), 'lo')"),
    Attack(
      "AF_PACKET of a hostNetwork pod, to the outside", from: .node("worker-1"), to: .wire(outside), .arrives,
      "wire(Ether(dst='ff:ff:ff:ff:ff:ff') / IP(src=OWN4, dst=PEER4) / UDP(dport=443) / Raw(m), 'uplink')",
      "wire(Ether(dst='ff:ff:ff:ff:ff:ff') / IP(src=REVIEWS4, dst=PEER4) / UDP(dport=443) / Raw(m), 'uplink')"),
    Attack(
      "the gateway's node as a router of another node", from: .node("worker-1"), to: .wire(outside),
      .stopped("S1", .external),
      "wire(Ether(dst=EGRESS) / IP(src=OWN4, dst=PEER4) / UDP(dport=443) / Raw(m))",
      "wire(Ether(dst=EGRESS) / IP(src=REVIEWS4, dst=PEER4) / UDP(dport=443) / Raw(m))",
      "wire(Ether(dst=EGRESS) / IPv6(src=REVIEWS6, dst=PEER6) / UDP(dport=443) / Raw(m))"),
    Attack(
      "the same, with the gateway's address", from: .node("worker-1"), to: .wire(outside), .stopped("S9", .spoof),
      "wire(Ether(dst=EGRESS) / IP(src=GATEWAY4, dst=FAR4) / TCP(sport=95, dport=443, flags='S') / Raw(m))"),
  ]
}
