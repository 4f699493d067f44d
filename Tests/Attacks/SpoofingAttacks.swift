extension Attack {
  /// Somebody else's address.
  static let spoofing = [
    Attack(
      "a neighbour's address, to its gateway", from: reviews, to: .wire(gateway), .stopped("S9", .spoof),
      "out(IP(src=PRODUCTPAGE4, dst=GATEWAY4) / TCP(sport=7, dport=8443, flags='S') / Raw(m))",
      "out(IPv6(src=PRODUCTPAGE6, dst=GATEWAY6) / TCP(sport=7, dport=8443, flags='S') / Raw(m))"),
    Attack(
      "a remote client's address, to its gateway", from: details, to: .wire(gateway), .stopped("S9", .spoof),
      "out(IP(src=PRODUCTPAGE4, dst=GATEWAY4) / TCP(sport=8, dport=8443, flags='S') / Raw(m))",
      "out(IPv6(src=PRODUCTPAGE6, dst=GATEWAY6) / TCP(sport=8, dport=8443, flags='S') / Raw(m))"),
    Attack(
      "the gateway's address, to its destination", from: details, to: .wire(outside), .stopped("S9", .spoof),
      "out(IP(src=GATEWAY4, dst=FAR4) / TCP(sport=7, dport=443, flags='S') / Raw(m))",
      "out(IPv6(src=GATEWAY6, dst=FAR6) / TCP(sport=7, dport=443, flags='S') / Raw(m))"),
    Attack(
      "a resolver's address, to its upstream", from: reviews, to: .wire(outside), .stopped("S9", .spoof),
      "out(IP(src=COREDNS4, dst=RESOLVER) / UDP(sport=7, dport=53) / Raw(m))"),
    Attack(
      "an outside address, to a neighbour", from: reviews, to: .wire(productpage), .stopped("S9", .spoof),
      "out(IP(src=PEER4, dst=PRODUCTPAGE4) / TCP(sport=7, dport=9080, flags='S') / Raw(m))",
      "out(IPv6(src=PEER6, dst=PRODUCTPAGE6) / TCP(sport=7, dport=9080, flags='S') / Raw(m))"),
    Attack(
      "another node's address", from: reviews, to: .wire(outside), .stopped("S9", .spoof),
      "out(IP(src=EGRESS4, dst=PEER4) / UDP(sport=7, dport=443) / Raw(m))",
      "out(IPv6(src=EGRESS6, dst=PEER6) / UDP(sport=7, dport=443) / Raw(m))"),
    Attack(
      "a second address of its own making", from: reviews, to: .wire(outside), .stopped("S9", .spoof),
      "out(IP(src='10.1.1.77', dst=PEER4) / UDP(sport=7, dport=443) / Raw(m))",
      "out(IPv6(src='fd00:10:1:1::77', dst=PEER6) / UDP(sport=7, dport=443) / Raw(m))"),
    Attack(
      "a link-local address, to the outside", from: reviews, to: .wire(outside), .stopped("S9", .spoof),
      "out(IP(src='169.254.7.7', dst=PEER4) / UDP(sport=7, dport=443) / Raw(m))"),
    Attack(
      "a link-local address, to the node", from: reviews, to: .socket("worker-1"), .stopped("S9", .spoof),
      "out(IP(src='169.254.7.7', dst=WORKER4) / UDP(sport=7, dport=5300) / Raw(m))",
      "out(IPv6(src='fe80::7', dst='fe80::ecee:eeff:feee:eeee') / UDP(sport=7, dport=5300) / Raw(m))"),
    Attack(
      "a finished pod's address, to its gateway", from: reviews, to: .wire(gateway), .stopped("S9", .spoof),
      "out(IP(src=FINISHED4, dst=GATEWAY4) / TCP(sport=7, dport=8443, flags='S') / Raw(m))"),
    Attack(
      "macvlan made inside the pod, with a neighbour's address", from: reviews, to: .wire(gateway),
      .stopped("S9", .spoof),
      "wire(Ether(src=NOBODY, dst=ROUTER) / IP(src=PRODUCTPAGE4, dst=GATEWAY4)"
        + " / TCP(sport=9, dport=8443, flags='S') / Raw(m), 'mv0')",
      before: [Step(reviews, "shell('ip link add mv0 link eth0 up address ' + NOBODY + ' type macvlan mode bridge')")],
      after: [Step(reviews, "shell('ip link del mv0')")]),
    Attack(
      "an unknown pod, with a client's address", from: newcomer, to: .wire(gateway), .stopped("S9", .spoof),
      "out(IP(src=PRODUCTPAGE4, dst=GATEWAY4) / TCP(sport=6, dport=8443, flags='S') / Raw(m))"),
    Attack(
      "an unknown pod, to the outside", from: newcomer, to: .wire(outside), .stopped("S9", .origin),
      "out(IP(src=OWN4, dst=PEER4) / UDP(sport=6, dport=443) / Raw(m))",
      "out(IPv6(src=OWN6, dst=PEER6) / UDP(sport=6, dport=443) / Raw(m))"),
  ]
}
