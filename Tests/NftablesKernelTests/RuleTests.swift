import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// Every statement, both ways through the kernel, with nft as the referee.
@Suite(asRoot)
struct RuleTests {
  @Test(arguments: statements)
  func statement(_ example: RuleExample) throws {
    let sets = allSets.filter { example.text.contains("@\($0.name)") }
    let text = """
      table inet moat {
        counter seen { }
        \(sets.map { "set \($0.name) { \(setTypes[$0.name] ?? "") }" }.joined(separator: "\n"))
        chain other { }
        chain forward {
          type filter hook forward priority 0; policy drop;
          \(example.text)
        }
      }
      """
    try expectBothWays(ruleset(sets: sets, counters: [Counter("seen")], rules: [example.statements]), text: text)
  }

  @Test func comment() throws {
    let rules = [
      Rule([.verdict(.accept)], comment: "S1: why"),
      Rule([.verdict(.drop)], comment: String(repeating: "x", count: 127)),
    ]
    let wanted = ruleset(chains: [Chain("forward", rules: rules)])
    let text = """
      table inet moat { chain forward {
        accept comment "S1: why"
        drop comment "\(String(repeating: "x", count: 127))"
      }
      }
      """
    try expectBothWays(wanted, text: text)
  }

  @Test func hooks() throws {
    let chains = Hook.Point.allCases.map { point in
      Chain(point.rawValue, hook: Hook(point, priority: point == .output ? -300 : 10, policy: .accept), rules: [])
    }
    let text = Hook.Point.allCases.map { point in
      "chain \(point.rawValue) { type filter hook \(point.rawValue) priority \(point == .output ? -300 : 10); }"
    }
    try expectBothWays(ruleset(chains: chains), text: "table inet moat {\n\(text.joined(separator: "\n"))\n}")
  }

  @Test func bridgeTable() throws {
    let table = TableID(.bridge, "moat")
    let sources = NamedSet(hash: "sources", of: [.address4], keys: [ElementKey([.address4], [0x0a00_0001])])
    let chain = Chain(
      "forward", hook: Hook(.forward, priority: 0, policy: .accept),
      rules: [
        Rule([.lookup([.source4], .isIn, set: "sources"), .verdict(.accept)]),
        Rule([.compare(.icmpType, .equal, 8), .verdict(.drop)]),
        Rule([.compare(.icmp6Type, .equal, 135), .compare(.hopLimit6, .equal, 255), .verdict(.drop)]),
        Rule([.compare(.tcpDestinationPort, .equal, 53), .verdict(.drop)]),
        Rule([.lookup([.inputInterface], .isIn, set: "ports"), .lookup([.outputInterface], .isNotIn, set: "ports")]),
        Rule([.lookup([.etherType], .isNotIn, set: "frames"), .verdict(.drop)]),
        Rule([.lookup([.inputInterface, .arpSource4], .isIn, set: "own"), .verdict(.accept)]),
        Rule([.lookup([.arpSource4], .isNotIn, set: "sources"), .verdict(.drop)]),
        Rule([.compare(.etherType, .equal, 0x0806), .verdict(.drop)]),
        Rule([.compare(.etherType, .notEqual, 0x86dd), .verdict(.drop)]),
        Rule([.compare(.etherType, .equal, 0x0800), .lookup([.source4], .isIn, set: "sources"), .verdict(.drop)]),
        Rule([
          .compare(.icmp6Type, .equal, 136), .lookup([.inputInterface, .neighbourTarget6], .isIn, set: "own-targets"),
          .verdict(.accept),
        ]),
        Rule([.lookup([.neighbourTarget6], .isNotIn, set: "targets"), .verdict(.drop)]),
        Rule([.lookup([.neighbourTarget6], .isIn, set: "link-targets"), .verdict(.accept)]),
        Rule([
          .lookup([.source6], .isIn, set: "links"), .compare(.icmp6Type, .equal, 136), .verdict(.goto("other")),
        ]),
        Rule([.compare(.headerLength4, .notEqual, 5), .compare(.headerLength4, .notEqual, 6), .verdict(.drop)]),
        Rule([.routingHeader, .verdict(.drop)]),
        Rule([.lookup([.source6], .isIn, set: "links"), .routingHeader, .verdict(.drop)]),
      ])
    let wanted = Ruleset(tables: [
      Table(
        id: table, counters: [], sets: [sources] + frameSets, chains: [chain, Chain("other", rules: [])])
    ])
    let text = """
      table bridge moat {
        set sources { type ipv4_addr; size 1024; elements = { 10.0.0.1 } }
        set ports { type iface_index; size 1024; elements = { 1 } }
        set frames { type ether_type; size 1024; elements = { ip, arp, ip6, 8021q } }
        set own { type iface_index . ipv4_addr; size 1024; elements = { 1 . 10.0.0.1 } }
        set own-targets {
          typeof iif . @th,64,128; size 1024; elements = { 1 . 0xfd000000000000000000000000000001 }
        }
        set targets { typeof @th,64,128; size 1024; elements = { 0xfd000000000000000000000000000001 } }
        set link-targets {
          typeof @th,64,128; flags interval
          elements = { 0xfe800000000000000000000000000000-0xfebfffffffffffffffffffffffffffff }
        }
        set links { type ipv6_addr; size 1024; elements = { fe80::1 } }
        chain other { }
        chain forward {
          type filter hook forward priority 0; policy accept;
          ip saddr @sources accept
          icmp type 8 drop
          icmpv6 type 135 ip6 hoplimit 255 drop
          tcp dport 53 drop
          iif @ports oif != @ports
          ether type != @frames drop
          iif . arp saddr ip @own accept
          arp saddr ip != @sources drop
          ether type arp drop
          ether type != ip6 drop
          ether type ip ip saddr @sources drop
          icmpv6 type nd-neighbor-advert iif . @th,64,128 @own-targets accept
          @th,64,128 != @targets drop
          @th,64,128 @link-targets accept
          ip6 saddr @links icmpv6 type nd-neighbor-advert goto other
          ip hdrlength != 5 ip hdrlength != 6 drop
          exthdr rt exists drop
          ip6 saddr @links exthdr rt exists drop
        }
      }
      """
    #expect(problems(in: wanted).isEmpty)
    try expect(wanted.nftSyntax, isReadAs: wanted)
    try expectBothWays(wanted, text: text)
  }
}

/// Sets of fields that only bridges have.
private let frameSets: [NamedSet] = [
  NamedSet(hash: "ports", of: [.interface], keys: [ElementKey([.interface], [1])]),
  NamedSet(
    hash: "frames", of: [.etherType],
    keys: [0x0800, 0x0806, 0x86dd, 0x8100].map { ElementKey([.etherType], [$0]) }),
  NamedSet(
    hash: "own", of: [.interface, .address4], keys: [ElementKey([.interface, .address4], [1, 0x0a00_0001])]),
  NamedSet(
    hash: "own-targets", of: [.interface, .neighbourTarget],
    keys: [ElementKey([.interface, .neighbourTarget], [1, 0xfd << 120 | 1])]),
  NamedSet(hash: "targets", of: [.neighbourTarget], keys: [ElementKey([.neighbourTarget], [0xfd << 120 | 1])]),
  NamedSet(
    intervals: "link-targets", of: [.neighbourTarget],
    ranges: [
      ElementRange(
        first: ElementKey([.neighbourTarget], [0xfe80 << 112]),
        last: ElementKey([.neighbourTarget], [0xfec0 << 112 - 1]))
    ]),
  NamedSet(hash: "links", of: [.address6], keys: [ElementKey([.address6], [0xfe80 << 112 | 1])]),
]

/// That nft loads our print, and that it is the same then.
private func expect(_ text: String, isReadAs wanted: Ruleset) throws {
  try inFreshNetworkNamespace {
    try nft("-f", "-", input: text)
    let read = try LibnftnlKernel().read().0
    #expect(read == wanted, "\(read?.nftSyntax ?? "nothing") for \(text)")
  }
}

/// A rule in nft's words and as a value.
struct RuleExample: CustomTestStringConvertible, Sendable {
  var text: String
  var statements: [Statement]
  var testDescription: String { text }

  init(_ text: String, _ statements: [Statement]) {
    self.text = text
    self.statements = statements
  }
}

private let setTypes = [
  "flows4": "type ipv4_addr . ipv4_addr . inet_proto . inet_service; size 1024;",
  "flows6": "type ipv6_addr . ipv6_addr . inet_proto . inet_service; size 1024;",
  "ranges4": "type ipv4_addr . inet_proto . inet_service . ipv4_addr; flags interval;",
  "ranges6": "type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags interval;",
  "inside4": "type ipv4_addr; flags interval;", "inside6": "type ipv6_addr; flags interval;",
  "pods4": "type ipv4_addr; size 1024;", "pods6": "type ipv6_addr; size 1024;",
  "echo4": "type ipv4_addr . icmp_type; size 1024;", "echo6": "type ipv6_addr . icmpv6_type; size 1024;",
  "types4": "type icmp_type; size 1024;", "types6": "type icmpv6_type; size 1024;",
  "protocols": "type inet_proto; size 1024;", "ports": "type inet_service; flags interval;",
  "services": "type inet_service . ipv4_addr; size 1024;",
]

private let allSets: [NamedSet] = [
  NamedSet(hash: "flows4", of: [.address4, .address4, .transportProtocol, .port], keys: []),
  NamedSet(hash: "flows6", of: [.address6, .address6, .transportProtocol, .port], keys: []),
  NamedSet(intervals: "ranges4", of: [.address4, .transportProtocol, .port, .address4], ranges: []),
  NamedSet(intervals: "ranges6", of: [.address6, .address6, .transportProtocol, .port], ranges: []),
  NamedSet(intervals: "inside4", of: [.address4], ranges: []),
  NamedSet(intervals: "inside6", of: [.address6], ranges: []),
  NamedSet(hash: "pods4", of: [.address4], keys: []), NamedSet(hash: "pods6", of: [.address6], keys: []),
  NamedSet(hash: "echo4", of: [.address4, .icmpType], keys: []),
  NamedSet(hash: "echo6", of: [.address6, .icmp6Type], keys: []),
  NamedSet(hash: "types4", of: [.icmpType], keys: []), NamedSet(hash: "types6", of: [.icmp6Type], keys: []),
  NamedSet(hash: "protocols", of: [.transportProtocol], keys: []),
  NamedSet(intervals: "ports", of: [.port], ranges: []),
  NamedSet(hash: "services", of: [.port, .address4], keys: []),
]

private let statements: [RuleExample] = lookups + comparisons + effects

private let lookups = [
  RuleExample(
    "ip saddr . ip daddr . meta l4proto . th dport @flows4 accept",
    [
      .lookup([.source4, .destination4, .transportProtocol, .destinationPort], .isIn, set: "flows4"),
      .verdict(.accept),
    ]),
  RuleExample(
    "ip6 saddr . ip6 daddr . meta l4proto . th dport @flows6 accept",
    [
      .lookup([.source6, .destination6, .transportProtocol, .destinationPort], .isIn, set: "flows6"),
      .verdict(.accept),
    ]),
  RuleExample(
    "ip saddr . meta l4proto . th dport . ip daddr @ranges4 accept",
    [
      .lookup([.source4, .transportProtocol, .destinationPort, .destination4], .isIn, set: "ranges4"),
      .verdict(.accept),
    ]),
  RuleExample(
    "ip6 saddr . ip6 daddr . meta l4proto . th dport @ranges6 accept",
    [
      .lookup([.source6, .destination6, .transportProtocol, .destinationPort], .isIn, set: "ranges6"),
      .verdict(.accept),
    ]),
  RuleExample("ip daddr @inside4 accept", [.lookup([.destination4], .isIn, set: "inside4"), .verdict(.accept)]),
  RuleExample(
    "ip daddr != @inside4 ip saddr != @pods4 drop",
    [
      .lookup([.destination4], .isNotIn, set: "inside4"), .lookup([.source4], .isNotIn, set: "pods4"),
      .verdict(.drop),
    ]),
  RuleExample("ip6 daddr != @inside6 drop", [.lookup([.destination6], .isNotIn, set: "inside6"), .verdict(.drop)]),
  RuleExample("ip6 saddr @pods6 accept", [.lookup([.source6], .isIn, set: "pods6"), .verdict(.accept)]),
  RuleExample(
    "ip saddr . icmp type @echo4 accept", [.lookup([.source4, .icmpType], .isIn, set: "echo4"), .verdict(.accept)]),
  RuleExample(
    "ip6 saddr . icmpv6 type @echo6 accept",
    [.lookup([.source6, .icmp6Type], .isIn, set: "echo6"), .verdict(.accept)]),
  RuleExample("icmp type @types4 accept", [.lookup([.icmpType], .isIn, set: "types4"), .verdict(.accept)]),
  RuleExample("icmpv6 type @types6 accept", [.lookup([.icmp6Type], .isIn, set: "types6"), .verdict(.accept)]),
  RuleExample(
    "meta l4proto @protocols drop", [.lookup([.transportProtocol], .isIn, set: "protocols"), .verdict(.drop)]),
  RuleExample(
    "meta l4proto udp th dport @ports accept",
    [.lookup([.udpDestinationPort], .isIn, set: "ports"), .verdict(.accept)]),
  RuleExample("th dport @ports accept", [.lookup([.destinationPort], .isIn, set: "ports"), .verdict(.accept)]),
  RuleExample("tcp dport @ports accept", [.lookup([.tcpDestinationPort], .isIn, set: "ports"), .verdict(.accept)]),
  RuleExample(
    "tcp dport . ip saddr @services accept",
    [.lookup([.tcpDestinationPort, .source4], .isIn, set: "services"), .verdict(.accept)]),
  RuleExample(
    "meta l4proto udp ip saddr @pods4 accept",
    [.compare(.transportProtocol, .equal, 17), .lookup([.source4], .isIn, set: "pods4"), .verdict(.accept)]),
  RuleExample(
    "meta nfproto ipv4 meta l4proto udp ip saddr @pods4 accept",
    [
      .compare(.networkProtocol, .equal, 2), .compare(.transportProtocol, .equal, 17),
      .lookup([.source4], .isIn, set: "pods4"), .verdict(.accept),
    ]),
]

private let comparisons = [
  RuleExample("meta nfproto ipv4 accept", [.compare(.networkProtocol, .equal, 2), .verdict(.accept)]),
  RuleExample("meta nfproto != ipv6 accept", [.compare(.networkProtocol, .notEqual, 10), .verdict(.accept)]),
  RuleExample("meta l4proto udp accept", [.compare(.transportProtocol, .equal, 17), .verdict(.accept)]),
  RuleExample("meta l4proto != tcp accept", [.compare(.transportProtocol, .notEqual, 6), .verdict(.accept)]),
  RuleExample("tcp dport 53 accept", [.compare(.tcpDestinationPort, .equal, 53), .verdict(.accept)]),
  RuleExample("tcp dport != 53 accept", [.compare(.tcpDestinationPort, .notEqual, 53), .verdict(.accept)]),
  RuleExample("th dport 53 accept", [.compare(.destinationPort, .equal, 53), .verdict(.accept)]),
  RuleExample(
    "udp dport 53 accept",
    [.compare(.udpDestinationPort, .equal, 53), .verdict(.accept)]),
  RuleExample("udp sport 53 accept", [.compare(.udpSourcePort, .equal, 53), .verdict(.accept)]),
  RuleExample("icmp type echo-request accept", [.compare(.icmpType, .equal, 8), .verdict(.accept)]),
  RuleExample(
    "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept",
    [.compare(.icmp6Type, .equal, 135), .compare(.hopLimit6, .equal, 255), .verdict(.accept)]),
  RuleExample("ip hdrlength 6 drop", [.compare(.headerLength4, .equal, 6), .verdict(.drop)]),
  RuleExample(
    "ip hdrlength != 5 ip hdrlength != 6 ip saddr @pods4 drop",
    [
      .compare(.headerLength4, .notEqual, 5), .compare(.headerLength4, .notEqual, 6),
      .lookup([.source4], .isIn, set: "pods4"), .verdict(.drop),
    ]),
  RuleExample("exthdr rt exists drop", [.routingHeader, .verdict(.drop)]),
  RuleExample(
    "ip6 saddr @pods6 exthdr rt exists drop",
    [.lookup([.source6], .isIn, set: "pods6"), .routingHeader, .verdict(.drop)]),
  RuleExample("ip6 hoplimit != 255 drop", [.compare(.hopLimit6, .notEqual, 255), .verdict(.drop)]),
  RuleExample(
    "ct state established,related accept", [.connectionState([.established, .related]), .verdict(.accept)]),
  RuleExample("ct state invalid drop", [.connectionState(.invalid), .verdict(.drop)]),
  RuleExample("ct state new,untracked drop", [.connectionState([.new, .untracked]), .verdict(.drop)]),
  RuleExample("ct direction reply accept", [.connectionDirection(.reply), .verdict(.accept)]),
  RuleExample("ct direction original accept", [.connectionDirection(.original), .verdict(.accept)]),
  RuleExample("ct status dnat accept", [.destinationTranslated, .verdict(.accept)]),
  RuleExample(
    "tcp flags & (syn|ack) == syn accept", [.tcpFlags(mask: [.syn, .ack], .equal, .syn), .verdict(.accept)]),
  RuleExample(
    "tcp flags & (fin|syn) != (fin|syn) accept",
    [.tcpFlags(mask: [.fin, .syn], .notEqual, [.fin, .syn]), .verdict(.accept)]),
  RuleExample(
    "tcp dport 80 tcp flags & rst != 0 accept",
    [.compare(.tcpDestinationPort, .equal, 80), .tcpFlags(mask: .rst, .notEqual, []), .verdict(.accept)]),
  RuleExample("fib daddr type local accept", [.localAddress(.destination, .equal), .verdict(.accept)]),
  RuleExample("fib saddr type != local accept", [.localAddress(.source, .notEqual), .verdict(.accept)]),
]

private let effects = [
  RuleExample("counter name \"seen\"", [.counter("seen")]),
  RuleExample(
    "limit rate 200/second burst 500 packets accept", [.limit(perSecond: 200, burst: 500), .verdict(.accept)]),
  RuleExample(
    "log prefix \"refused_external\" group 28015 snaplen 128",
    [.log(prefix: "refused_external", group: 28015, snaplen: 128)]),
  RuleExample(
    "limit rate 1/second burst 5 packets log prefix \"a b\" group 1 snaplen 64 counter name \"seen\" drop",
    [
      .limit(perSecond: 1, burst: 5), .log(prefix: "a b", group: 1, snaplen: 64), .counter("seen"), .verdict(.drop),
    ]),
  RuleExample("meta l4proto tcp reject with tcp reset", [.reject(.tcpReset)]),
  RuleExample("tcp dport 53 reject with tcp reset", [.compare(.tcpDestinationPort, .equal, 53), .reject(.tcpReset)]),
  RuleExample("reject with icmpx admin-prohibited", [.reject(.administrativelyProhibited)]),
  RuleExample("jump other", [.verdict(.jump("other"))]),
  RuleExample("goto other", [.verdict(.goto("other"))]),
  RuleExample("accept", [.verdict(.accept)]), RuleExample("drop", [.verdict(.drop)]),
]
