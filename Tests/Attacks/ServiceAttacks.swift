import EgressPolicy
import NamespaceLab

extension Attack {
  private static func opens(_ address: String, _ port: Int) -> String {
    let layer = address.contains(":") ? "IPv6(src=OWN6" : "IP(src=OWN4"
    return "out(\(layer), dst='\(address)') / TCP(sport=\(10_000 + port % 1000), dport=\(port), flags='S') / Raw(m))"
  }

  private static func comes(_ address: String, _ port: Int) -> String {
    let layer = address.contains(":") ? "IPv6(src=PEER6" : "IP(src=PEER4"
    return "raw(\(layer), dst='\(address)') / TCP(sport=\(20_000 + port % 1000), dport=\(port), flags='S') / Raw(m))"
  }

  /// Addresses that stand for others, and addresses near by.
  static let services = [
    Attack(
      "the gateway's ClusterIP", from: reviews, to: .wire(gateway), .stopped("S2", .gateway),
      opens("10.96.0.100", 443), opens("fd00:10:96::100", 443)),
    Attack(
      "the gateway's load balancer and external addresses", from: reviews, to: .wire(gateway),
      .stopped("S2", .gateway), opens("198.51.100.200", 443), opens("198.51.100.201", 443)),
    Attack(
      "the same on a port that nobody translates", from: reviews, to: .wire(outside), .stopped("S1", .external),
      opens("198.51.100.200", 8080)),
    Attack(
      "the gateway's NodePort, a hairpin", from: reviews, to: .wire(gateway), .stopped("S2", .gateway),
      opens("172.18.0.11", 30_443)),
    Attack(
      "the gateway's NodePort on another node, masqueraded", from: reviews, to: .wire(gateway),
      .stopped("S2", .gateway), opens("172.18.0.12", 30_443)),
    Attack(
      "a Service without selector, with an endpoint outside", from: reviews, to: .wire(outside),
      .stopped("S1", .external), opens("10.96.0.66", 80)),
    Attack(
      "its NodePort and its hostPort", from: reviews, to: .wire(outside), .stopped("S1", .external),
      opens("172.18.0.11", 30_066), opens("172.18.0.11", 9066)),
    Attack(
      "its NodePort and its hostPort on another node", from: reviews, to: .wire(outside), .stopped("S1", .external),
      opens("172.18.0.12", 30_066), opens("172.18.0.12", 9066)),
    Attack(
      "an inside address that nobody has", from: reviews, to: .wire(outside), .arrives, opens("10.96.0.99", 443)),
    Attack(
      "an outside peer, to the gateway pod", from: outside, to: .wire(gateway), .stopped("S3", .gateway),
      comes("10.1.2.10", 8443), comes("fd00:10:1:2::10", 8443), comes("10.1.2.10", 15_021)),
    Attack(
      "an outside peer, to the gateway's load balancer", from: outside, to: .wire(gateway), .stopped("S3", .gateway),
      comes("198.51.100.200", 443), comes("198.51.100.201", 443)),
    Attack(
      "an outside peer, to the gateway's NodePort", from: outside, to: .wire(gateway), .stopped("S3", .gateway),
      comes("172.18.0.11", 30_443), comes("172.18.0.12", 30_443)),
    Attack(
      "metadata", from: reviews, to: .wire(outside), .stopped("S17", .origin), opens("169.254.169.254", 80)),
    Attack(
      "metadata by IPv6", from: reviews, to: .wire(outside), .stopped("S1", .external), opens("fd00:ec2::254", 80)),
    Attack(
      "metadata, by a host process", from: .node("worker-1"), to: .wire(outside), .stopped("S6", .host),
      "raw(IP(src=OWN4, dst='169.254.169.254') / TCP(sport=96, dport=80, flags='S') / Raw(m))",
      "raw(IPv6(src=OWN6, dst='fd00:ec2::254') / TCP(sport=96, dport=80, flags='S') / Raw(m))"),
    Attack(
      "its node's own addresses", from: reviews, to: .socket("worker-1"), .arrives,
      "out(IP(src=OWN4, dst=WORKER4) / UDP(dport=5300) / Raw(m))",
      "out(IPv6(src=OWN6, dst=WORKER6) / UDP(dport=5300) / Raw(m))",
      "out(IP(src=OWN4, dst='192.0.2.1') / UDP(dport=5300) / Raw(m))",
      "out(IP(src=OWN4, dst='255.255.255.255') / UDP(dport=5300) / Raw(m), to='ff:ff:ff:ff:ff:ff')"),
    Attack(
      "another node's uplink address", from: reviews, to: .wire(outside), .stopped("S1", .external),
      "out(IP(src=OWN4, dst='192.0.2.3') / UDP(dport=5300) / Raw(m))"),
    Attack(
      "its node's loopback addresses, which route_localnet opens", from: reviews, to: .socket("worker-1"),
      .stopped("S17", .origin), "out(IP(src=OWN4, dst='127.0.0.1') / UDP(dport=5300) / Raw(m))"),
  ]
}
