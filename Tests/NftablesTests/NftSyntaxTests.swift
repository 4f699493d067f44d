import NetworkValues
import Testing

@testable import Nftables

/// Every statement in every form, in a chain that nft accepts.
let statementRuleset = Ruleset(tables: [
  Table(
    id: moat, counters: [Counter("hits")], sets: [NamedSet("ports", [.port], keys: [])],
    chains: [
      Chain("other", rules: []), Chain("statements", rules: statementForms.map { Rule($0.statements) }),
      Chain("a", hook: Hook(.prerouting, priority: -300, policy: .accept), rules: []),
      Chain("b", hook: Hook(.prerouting, priority: -100, policy: .accept), rules: []),
      Chain("c", hook: Hook(.forward, priority: -100, policy: .drop), rules: []),
      Chain("d", hook: Hook(.output, priority: -290, policy: .drop), rules: []),
      Chain("e", hook: Hook(.output, priority: -289, policy: .drop), rules: []),
      Chain("f", hook: Hook(.input, priority: 1, policy: .drop), rules: []),
      Chain("g", hook: Hook(.input, priority: 40, policy: .drop), rules: []),
      Chain("h", hook: Hook(.input, priority: -155, policy: .drop), rules: []),
    ]),
  Table(
    id: TableID(.bridge, "moat"), counters: [], sets: [],
    chains: [
      Chain("a", hook: Hook(.prerouting, priority: -300, policy: .accept), rules: []),
      Chain("b", hook: Hook(.forward, priority: -300, policy: .accept), rules: []),
      Chain("c", hook: Hook(.forward, priority: -200, policy: .accept), rules: []),
      Chain("d", hook: Hook(.output, priority: 95, policy: .accept), rules: []),
      Chain("e", hook: Hook(.forward, priority: 0, policy: .accept), rules: []),
    ]),
])

/// Statements beside the text that nft lists for them.
let statementForms: [(statements: [Statement], text: String)] = [
  ([.lookup([.tcpDestinationPort], .isIn, set: "ports")], "tcp dport @ports"),
  ([.lookup([.tcpDestinationPort], .isNotIn, set: "ports")], "tcp dport != @ports"),
  ([.compare(.icmpType, .equal, 8)], "icmp type echo-request"),
  ([.compare(.icmpType, .notEqual, 200)], "icmp type != 200"),
  ([.compare(.icmp6Type, .equal, 135)], "icmpv6 type nd-neighbor-solicit"),
  ([.compare(.hopLimit6, .notEqual, 255)], "ip6 hoplimit != 255"),
  ([.compare(.headerLength4, .notEqual, 5)], "ip hdrlength != 5"), ([.routingHeader], "exthdr rt exists"),
  ([.compare(.networkProtocol, .equal, 2)], "meta nfproto ipv4"),
  ([.compare(.networkProtocol, .notEqual, 10)], "meta nfproto != ipv6"),
  ([.compare(.transportProtocol, .equal, 132)], "meta l4proto sctp"),
  ([.compare(.transportProtocol, .notEqual, 200)], "meta l4proto != 200"),
  ([.compare(.tcpDestinationPort, .equal, 443)], "tcp dport 443"),
  ([.compare(.destinationPort, .notEqual, 4789)], "th dport != 4789"),
  ([.connectionState([.new, .invalid, .untracked])], "ct state invalid,new,untracked"),
  ([.connectionState([.related, .established])], "ct state established,related"),
  ([.connectionDirection(.original)], "ct direction original"),
  ([.destinationTranslated], "ct status dnat"),
  ([.tcpFlags(mask: [.fin, .syn, .rst, .ack], .notEqual, .syn)], "tcp flags != syn / fin,syn,rst,ack"),
  ([.tcpFlags(mask: [.fin, .syn], .equal, [.fin, .syn])], "tcp flags fin,syn / fin,syn"),
  ([.tcpFlags(mask: .syn, .equal, .syn)], "tcp flags & syn == syn"),
  ([.tcpFlags(mask: .syn, .notEqual, .syn)], "tcp flags & syn != syn"),
  ([.tcpFlags(mask: [.syn, .ack], .notEqual, [])], "tcp flags syn,ack"),
  ([.tcpFlags(mask: [.psh, .urg], .equal, [])], "tcp flags ! psh,urg"),
  ([.localAddress(.destination, .equal)], "fib daddr type local"),
  ([.localAddress(.source, .notEqual)], "fib saddr type != local"),
  ([.counter("hits")], "counter name \"hits\""),
  ([.limit(perSecond: 200, burst: 500)], "limit rate 200/second burst 500 packets"),
  ([.limit(perSecond: 1, burst: 5)], "limit rate 1/second"),
  ([.log(prefix: "a b", group: 28015, snaplen: 128)], "log prefix \"a b\" group 28015 snaplen 128"),
  ([.log(prefix: "", group: 0, snaplen: 0)], "log group 0"),
  ([.reject(.tcpReset)], "meta l4proto tcp reject with tcp reset"),
  (
    [.compare(.transportProtocol, .equal, 6), .counter("hits"), .reject(.tcpReset)],
    "meta l4proto tcp counter name \"hits\" reject with tcp reset"
  ),
  ([.compare(.tcpDestinationPort, .notEqual, 1), .reject(.tcpReset)], "tcp dport != 1 reject with tcp reset"),
  ([.reject(.administrativelyProhibited)], "reject with icmpx admin-prohibited"),
  ([.verdict(.accept)], "accept"), ([.verdict(.drop)], "drop"), ([.verdict(.jump("other"))], "jump other"),
  ([.verdict(.goto("other"))], "goto other"),
]

@Suite struct NftSyntaxTests {
  @Test func everyStatementHasNftsForm() {
    for (statements, text) in statementForms { #expect(Rule(statements).nftSyntax == text) }
  }

  @Test func aRuleShowsItsComment() {
    #expect(Rule([.verdict(.drop)], comment: "S1 \"no\"\n").nftSyntax == "drop comment \"S1 'no' \"")
    #expect(Statement.reject(.tcpReset).nftSyntax == "meta l4proto tcp reject with tcp reset")
  }

  @Test func aTableLooksAsNftListsIt() {
    let table = Table(
      id: moat, counters: [Counter("refused_external")],
      sets: [
        NamedSet("inside4", .v4, prefixes: ["10.0.0.0/8", "192.0.2.1/32"]),
        NamedSet("clients4", [.address4, .transportProtocol, .port], keys: [[address4("10.0.0.1"), 6, 443]]),
        NamedSet("empty6", [.address6], keys: []),
      ],
      chains: [
        Chain(
          "forward", hook: Hook(.forward, priority: 0, policy: .drop),
          rules: [Rule([.counter("refused_external")], comment: "S1")])
      ])
    #expect(table.nftSyntax == goldenTable)
    #expect(Ruleset(tables: [table]).nftSyntax == goldenTable)
  }

  @Test func longListsAreWrapped() {
    let set = NamedSet("ports", [.port], keys: (10_000..<10_030).map { [$0] })
    let text = Ruleset(tables: [Table(id: moat, counters: [], sets: [set], chains: [])]).nftSyntax
    let lines = text.split(separator: "\n").filter { $0.contains("100") }
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { columns($0) <= 100 })
    #expect(lines[1].hasPrefix("\t\t\t     100"))
  }

  @Test func aTransactionIsAListOfCommands() {
    let old = Ruleset(tables: [
      Table(
        id: moat, counters: [Counter("old")],
        sets: [NamedSet("hash", [.port], keys: [[1], [2]]), NamedSet("ranges", .v4, prefixes: ["10.0.0.0/8"])],
        chains: [Chain("c", rules: [Rule([.lookup([.source4], .isIn, set: "ranges"), .verdict(.accept)])])])
    ])
    let new = Ruleset(tables: [
      Table(
        id: moat, counters: [Counter("new")],
        sets: [NamedSet("hash", [.port], keys: [[2], [3]]), NamedSet("ranges", .v4, prefixes: ["10.0.0.0/9"])],
        chains: [
          Chain("c", rules: [Rule([.lookup([.source4], .isIn, set: "ranges"), .verdict(.accept)])]),
          Chain("d", hook: Hook(.forward, priority: 0, policy: .drop), rules: []),
        ])
    ])
    #expect(difference(from: old, to: new).nftSyntax == goldenTransaction)
  }
}

private func columns(_ line: Substring) -> Int { line.reduce(0) { $0 + ($1 == "\t" ? 8 : 1) } }

private let goldenTable = """
  table inet moat {
  \tcounter refused_external {
  \t\tpackets 0 bytes 0
  \t}

  \tset clients4 {
  \t\ttype ipv4_addr . inet_proto . inet_service
  \t\tsize 1024
  \t\telements = { 10.0.0.1 . tcp . 443 }
  \t}

  \tset empty6 {
  \t\ttype ipv6_addr
  \t\tsize 1024
  \t}

  \tset inside4 {
  \t\ttype ipv4_addr
  \t\tflags interval
  \t\telements = { 10.0.0.0/8, 192.0.2.1 }
  \t}

  \tchain forward {
  \t\ttype filter hook forward priority filter; policy drop;
  \t\tcounter name "refused_external" comment "S1"
  \t}
  }

  """

private let goldenTransaction = """
  flush chain inet moat c
  delete set inet moat ranges
  delete counter inet moat old
  add counter inet moat new
  delete element inet moat hash { 1 }
  add element inet moat hash { 3 }
  add set inet moat ranges { type ipv4_addr; flags interval; }
  add element inet moat ranges { 10.0.0.0/9 }
  add chain inet moat d { type filter hook forward priority filter; policy drop; }
  add rule inet moat c ip saddr @ranges accept

  """
