import NamespaceLab

extension Attack {
  /// A client's connection to the gateway goes on after its allowance, seen from the server.
  private static var reversed: Attack {
    var attack = Attack(
      "the server's next segment after a revocation", from: gateway, to: .wire(productpage),
      .stopped("S8", .midstream),
      "out(IP(src=OWN4, dst=PRODUCTPAGE4) / TCP(sport=8443, dport=83, flags='PA', seq=9, ack=1) / Raw(m))",
      before: [
        Step(productpage, "out(IP(src=OWN4, dst=GATEWAY4) / TCP(sport=83, dport=8443, flags='S', seq=0))"),
        Step(gateway, "out(IP(src=OWN4, dst=PRODUCTPAGE4) / TCP(sport=8443, dport=83, flags='SA', seq=0, ack=1))"),
        Step(productpage, "out(IP(src=OWN4, dst=GATEWAY4) / TCP(sport=83, dport=8443, flags='A', seq=1, ack=1))"),
        Step(.node("egress-1"), "expect_connection('sport=83 dport=8443')"),
      ])
    attack.change = { try $0.revoke("sport=83 dport=8443") }
    attack.restore = { try $0.grantAgain() }
    return attack
  }

  /// What connection tracking believes.
  static let connections = [
    Attack(
      "TCP without a SYN", from: reviews, to: .wire(outside), .stopped("S1", .external),
      "out(IP(src=OWN4, dst=PEER4) / TCP(sport=71, dport=443, flags='PA', seq=9, ack=9) / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / TCP(sport=71, dport=443, flags='PA', seq=9, ack=9) / Raw(m))",
      "out(IP(src=OWN4, dst=PEER4) / TCP(sport=72, dport=443, flags='SA', seq=9, ack=9) / Raw(m))",
      "out(IP(src=OWN4, dst=PEER4) / TCP(sport=73, dport=443, flags='R', seq=9) / Raw(m))",
      "out(IP(src=OWN4, dst=PEER4) / TCP(sport=74, dport=443, flags='', seq=9) / Raw(m))"),
    Attack(
      "TCP without a SYN, from outside", from: outside, to: .wire(reviews), .stopped("S8", .midstream),
      "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=443, dport=75, flags='PA', seq=9, ack=9) / Raw(m))",
      "raw(IPv6(src=PEER6, dst=REVIEWS6) / TCP(sport=443, dport=75, flags='PA', seq=9, ack=9) / Raw(m))",
      "raw(IPv6(src=PEER6, dst=REVIEWS6) / TCP(sport=443, dport=76, flags='A', seq=9, ack=9) / Raw(m))"),
    Attack(
      "a SYN/ACK that answers nothing, from outside", from: outside, to: .wire(reviews), .arrives,
      "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=443, dport=76, flags='SA', seq=9, ack=9) / Raw(m))"),
    Attack(
      "an answer to who came from outside", from: reviews, to: .wire(outside), .arrives,
      "out(IP(src=OWN4, dst=PEER4) / UDP(sport=77, dport=4000) / Raw(m))",
      before: [Step(outside, "raw(IP(src=PEER4, dst=REVIEWS4) / UDP(sport=4000, dport=77))")]),
    Attack(
      "an answer to another port of who came from outside", from: reviews, to: .wire(outside),
      .stopped("S1", .external), "out(IP(src=OWN4, dst=PEER4) / UDP(sport=77, dport=4001) / Raw(m))",
      before: [Step(outside, "raw(IP(src=PEER4, dst=REVIEWS4) / UDP(sport=4000, dport=77))")]),
    Attack(
      "ICMP error about another pod's connection, to the outside", from: reviews, to: .errors(outside),
      .stopped("S1", .external),
      "out(IP(src=OWN4, dst=RESOLVER) / ICMP(type=3, code=3) / IPerror(src=RESOLVER, dst='192.0.2.1')"
        + " / UDPerror(sport=53, dport=5353) / Raw(m))",
      before: [Step(coredns, "out(IP(src=OWN4, dst=RESOLVER) / UDP(sport=5353, dport=53))")]),
    Attack(
      "ICMP error about another pod's connection, to that pod", from: reviews, to: .errors(productpage), .arrives,
      "out(IP(src=OWN4, dst=PRODUCTPAGE4) / ICMP(type=3, code=3) / IPerror(src=PRODUCTPAGE4, dst=DETAILS4)"
        + " / UDPerror(sport=78, dport=9080) / Raw(m))",
      before: [Step(productpage, "out(IP(src=OWN4, dst=DETAILS4) / UDP(sport=78, dport=9080))")]),
    Attack(
      "ICMP error about a gateway's connection inside, to the gateway", from: details, to: .errors(gateway), .arrives,
      "out(IP(src=OWN4, dst=GATEWAY4) / ICMP(type=3, code=3) / IPerror(src=GATEWAY4, dst=PRODUCTPAGE4)"
        + " / TCPerror(sport=79, dport=9080) / Raw(m))",
      before: [Step(gateway, "out(IP(src=OWN4, dst=PRODUCTPAGE4) / TCP(sport=79, dport=9080, flags='S'))")]),
    Attack(
      "ICMP error about a gateway's connection outside, to the gateway", from: details, to: .errors(gateway),
      .stopped("S3", .gateway),
      "out(IP(src=OWN4, dst=GATEWAY4) / ICMP(type=3, code=3) / IPerror(src=GATEWAY4, dst=FAR4)"
        + " / TCPerror(sport=79, dport=443) / Raw(m))",
      before: [Step(gateway, "out(IP(src=OWN4, dst=FAR4) / TCP(sport=79, dport=443, flags='S'))")]),
    Attack(
      "FTP: the data connection of a session from outside", from: reviews, to: .wire(outside),
      .stopped("S1", .external), "out(IP(src=OWN4, dst=PEER4) / TCP(sport=20, dport=5001, flags='S') / Raw(m))",
      before: [
        Step(.node("worker-1"), "assign_helper('ftp', 'tcp', 21)"),
        Step(outside, "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=4021, dport=21, flags='S', seq=0))"),
        Step(reviews, "out(IP(src=OWN4, dst=PEER4) / TCP(sport=21, dport=4021, flags='SA', seq=0, ack=1))"),
        Step(outside, "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=4021, dport=21, flags='A', seq=1, ack=1))"),
        Step(
          outside,
          "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=4021, dport=21, flags='PA', seq=1, ack=1)"
            + " / Raw(b'USER pod\\r\\n'))"),
        Step(
          outside,
          "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=4021, dport=21, flags='PA', seq=11, ack=1)"
            + " / Raw(b'PORT 203,0,113,66,19,137\\r\\n'))"),
        Step(.node("worker-1"), "expect_helper('ftp', 'dport=5001')"),
      ], after: [Step(.node("worker-1"), "shell('nft delete table inet helping-ftp || true')")]),
    Attack(
      "SIP: the media of a call from outside", from: reviews, to: .wire(outside), .stopped("S1", .external),
      "out(IP(src=OWN4, dst=PEER4) / UDP(sport=5004, dport=5004) / Raw(m))",
      before: [
        Step(.node("worker-1"), "assign_helper('sip', 'udp', 5060)"),
        Step(outside, "raw(IP(src=PEER4, dst=REVIEWS4) / UDP(sport=5060, dport=5060) / Raw(INVITE))"),
        Step(.node("worker-1"), "expect_helper('sip', 'dport=5004')"),
      ], after: [Step(.node("worker-1"), "shell('nft delete table inet helping-sip || true')")]),
    Attack(
      "H.323: the media of a call from outside", from: reviews, to: .wire(outside), .stopped("S1", .external),
      "out(IP(src=OWN4, dst=PEER4) / UDP(sport=5006, dport=5006) / Raw(m))",
      before: [
        Step(outside, "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=4020, dport=1720, flags='S', seq=0))"),
        Step(reviews, "out(IP(src=OWN4, dst=PEER4) / TCP(sport=1720, dport=4020, flags='SA', seq=0, ack=1))"),
        Step(outside, "raw(IP(src=PEER4, dst=REVIEWS4) / TCP(sport=4020, dport=1720, flags='A', seq=1, ack=1))"),
        Step(.node("worker-1"), "expect_no_helper()"),
      ]),
    Attack(
      "connection tracking's table full", from: reviews, to: .wire(outside), .stopped("S1", .external),
      "out(IP(src=OWN4, dst=PEER4) / UDP(sport=80, dport=443) / Raw(m))",
      before: [Step(reviews, "fill_connections(PRODUCTPAGE4)")],
      after: [Step(.node("worker-1"), "forget_connections()"), Step(.node("egress-1"), "forget_connections()")]),
    reversed,
  ]
}
