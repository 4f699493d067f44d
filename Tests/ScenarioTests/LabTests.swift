import Glibc
import NamespaceLab
import NetworkValues
import Testing

/// Sends real packets between network namespaces without any firewall, and with a plain one of nft's own.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct LabTests {
  @Test func `Without rules everything is delivered`() async throws {
    let lab = try Lab(.httpbin())
    try await expect(.delivered, from: lab, everyPath)
  }

  @Test func `A drop is silent, a reject is an answer, and neither lets anything through`() async throws {
    let lab = try Lab(.httpbin())
    for node in ["worker-1", "egress-1"] { try load(rejectingRules, on: node, of: lab) }
    try await expect(
      .refused, from: lab,
      [
        Probe(from: productpage, to: httpbinV4, .tcp(443)), Probe(from: productpage, to: httpbinV6, .tcp(443)),
        Probe(from: productpage, to: httpbinV4, .udp(443)), Probe(from: productpage, to: httpbinV6, .udp(443)),
        Probe(from: productpage, to: httpbinV4, .ping), Probe(from: productpage, to: httpbinV6, .ping),
        Probe(from: .node("worker-1"), to: httpbinV4, .tcp(443)),
        Probe(from: .node("worker-1"), to: httpbinV6, .udp(443)), Probe(from: .node("worker-1"), to: httpbinV4, .ping),
      ])
    try await expect(
      .dropped, from: lab,
      [
        Probe(from: reviews, to: httpbinV4, .tcp(443)), Probe(from: reviews, to: httpbinV6, .udp(443)),
        Probe(from: reviews, to: httpbinV4, .ping), Probe(from: .node("egress-1"), to: httpbinV4, .udp(443)),
      ])
  }

  @Test func `Refusals that a busy socket overlooks are read off the wire`() async throws {
    let lab = try Lab(.httpbin())
    let rules = "add chain inet t o { type filter hook output priority 0; }; add rule inet t o tcp dport 443 reject"
    try load("add table inet t; \(rules) with icmpx admin-prohibited\n", on: "worker-1", of: lab)
    try await expect(
      .refused, from: lab,
      [
        Probe(from: .node("worker-1"), to: httpbinV4, .tcp(443)),
        Probe(from: .node("worker-1"), to: httpbinV6, .tcp(443)),
      ])
  }

  @Test func `A packet with a stolen address arrives, its answer does not`() async throws {
    let lab = try Lab(.httpbin())
    let gateway = try IPAddress(parsing: "10.1.2.10")
    let stolen = try IPAddress(parsing: "10.1.1.10")
    let datagram = try await lab.udp(from: reviews, to: gateway, port: 8443, source: stolen)
    #expect(datagram.outcome == .delivered && !datagram.isAnswered)
    let connection = try await lab.tcp(from: reviews, to: gateway, port: 8443, source: stolen, expecting: .dropped)
    #expect(connection.outcome == .dropped && connection.hasArrived)
  }

  @Test(arguments: [(ProbeOutcome.refused, "reject"), (.dropped, "drop")])
  func `A packet that comes too far is told of`(outcome: ProbeOutcome, verdict: String) async throws {
    let lab = try Lab(.httpbin())
    let rules = "add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i"
    #expect(try lab.run(in: details, ["nft", "\(rules) ip protocol { tcp, udp, icmp } \(verdict)"]).status == 0)
    for message in [Probe.Message.tcp(9080), .udp(53), .ping] {
      let probe = Probe(from: reviews, to: address("10.1.2.20"), message, expecting: outcome)
      let result = try await lab.probe(probe)
      #expect(result.outcome == outcome && result.hasArrived && !result.isAnswered, "\(probe): \(result)")
    }
  }

  @Test func `An address that nobody has is an error, not an outcome`() async throws {
    let lab = try Lab(.httpbin())
    await #expect(throws: LabError.self) {
      try await lab.tcp(from: productpage, to: IPAddress(parsing: "192.0.2.200"), port: 80)
    }
  }
}

/// Every way from one host to another that the main topology has.
private let everyPath: [Probe] = {
  let pods = ["10.1.1.11", "10.1.2.20", "fd00:10:1:1::11", "fd00:10:1:2::20", "172.18.0.12", "fd00:172:18::12"]
  let outside = ["203.0.113.10", "203.0.113.20", "198.51.100.53", "2001:db8:113::10", "169.254.169.254"]
  let inbound = ["10.1.1.10", "10.1.2.20", "fd00:10:1:2::10", "172.18.0.11", "fd00:172:18::12"]
  let senders = [productpage, details, .node("worker-1"), .node("egress-1")]
  let direct = senders.flatMap { from in
    (pods + outside).map(address).flatMap { to in
      [Probe.Message.tcp(443), .udp(443), .ping].map { Probe(from: from, to: to, $0) }
    }
  }
  let back = inbound.map(address).flatMap { to in
    [Probe.Message.tcp(9080), .udp(53), .ping].map { Probe(from: .outside("httpbin"), to: to, $0) }
  }
  let services = [productpage, details, .node("worker-1"), .outside("httpbin")].flatMap { from in
    ["10.96.0.100", "fd00:10:96::100"].map { Probe(from: from, to: address($0), .tcp(443)) }
      + [30_443, 30_444].flatMap { port in
        ["172.18.0.12", "192.0.2.3"].map { Probe(from: from, to: address($0), .tcp(port)) }
      }
  }
  let local = [Probe(from: productpage, to: address("169.254.20.10"), .udp(53))]
  return direct + back + services + local
}()

private let productpage = LabHost.pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q")
private let reviews = LabHost.pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m")
private let details = LabHost.pod("bookinfo/details-v1-9c8b7a6d5-mn4k2")
private let httpbinV4 = address("203.0.113.10")
private let httpbinV6 = address("2001:db8:113::10")

private let rejectingRules = """
  table inet test {
    chain forward {
      type filter hook forward priority 0;
      oifname "uplink" ip saddr 10.1.1.11 drop
      oifname "uplink" ip6 saddr fd00:10:1:1::11 drop
      oifname "uplink" meta l4proto tcp reject with tcp reset
      oifname "uplink" reject with icmpx admin-prohibited
    }
    chain output {
      type filter hook output priority 0;
      oifname "uplink" ip saddr 172.18.0.12 drop
      oifname "uplink" meta l4proto tcp reject with tcp reset
      oifname "uplink" reject with icmpx admin-prohibited
    }
  }
  """
