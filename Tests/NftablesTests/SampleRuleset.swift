import NetworkValues

@testable import Nftables

/// The name of the table in every test.
let moat = TableID(.inet, "moat")

/// The value of an IPv4 address; 0 of a text that is none, which no test expects.
func address4(_ text: String) -> UInt128 { (try? IPAddress(parsing: text))?.value ?? 0 }

/// The value of an IPv6 address.
func address6(_ text: String) -> UInt128 { address4(text) }

func address(_ text: String) -> IPAddress { (try? IPAddress(parsing: text)) ?? IPAddress(v4: 0) }

extension NamedSet {
  /// A hash set from rows of one value a field.
  init(_ name: String, _ type: [FieldType], keys: [[UInt128]]) {
    self.init(hash: name, of: type, keys: keys.map { ElementKey(type, $0) })
  }

  /// An interval set from rows of one range a field.
  init(_ name: String, _ type: [FieldType], ranges: [[ClosedRange<UInt128>]]) {
    self.init(
      intervals: name, of: type,
      ranges: ranges.map {
        ElementRange(first: ElementKey(type, $0.map(\.lowerBound)), last: ElementKey(type, $0.map(\.upperBound)))
      })
  }

  /// An interval set of prefixes.
  init(_ name: String, _ family: IPFamily, prefixes: [String]) {
    self.init(intervals: name, PrefixSet(prefixes.compactMap { try? Prefix(parsing: $0) }), family: family)
  }
}

/// One address as a range.
func single(_ text: String) -> ClosedRange<UInt128> { address4(text)...address4(text) }

/// The addresses of a prefix.
func span(_ text: String) -> ClosedRange<UInt128> {
  guard let range = try? Prefix(parsing: text).range else { return 0...0 }
  return range.first.value...range.last.value
}

/// A ruleset with every statement and every kind of set that the product uses.
let sampleRuleset = Ruleset(tables: [
  Table(
    id: moat,
    counters: ["accepted_apiserver", "accepted_exception", "accepted_external", "refused_external"].map(Counter.init),
    sets: sampleSets, chains: sampleChains)
])

private let sampleSets: [NamedSet] = [
  NamedSet("apiserver4", [.address4, .port], keys: [[address4("198.51.100.2"), 443]]),
  NamedSet(
    "exception_networks6", [.address6, .address6, .transportProtocol, .port],
    ranges: [
      [span("2001:db8:5::/48"), single("fd00:10::7"), 6...6, 443...443],
      [span("2001:db8:5::/48"), single("fd00:10::8"), 17...17, 8000...8080],
      [span("::/0"), single("fd00:10::9"), 58...58, 0...65535],
    ]),
  NamedSet(
    "external4", [.address4, .address4, .transportProtocol, .port],
    keys: [
      [address4("10.0.1.5"), address4("203.0.113.10"), 6, 443],
      [address4("10.0.1.5"), address4("203.0.113.11"), 17, 53],
      [address4("10.0.1.6"), address4("203.0.113.10"), 132, 9999],
    ]),
  NamedSet("gateways4", [.address4], keys: [[address4("10.0.1.5")], [address4("10.0.1.6")]]),
  NamedSet("icmp_errors4", [.icmpType], keys: [[3], [11], [12]]),
  NamedSet("inside4", .v4, prefixes: ["10.0.0.0/8", "192.168.1.0/24", "192.168.3.7/32"]),
  NamedSet("neighbour_types", [.icmp6Type], keys: [[133], [134], [135], [136], [200]]),
  NamedSet("neighbours6", [.address6], ranges: [[span("fe80::/10")], [address6("ff02::1")...address6("ff02::2")]]),
]

private let sampleChains: [Chain] = [
  Chain(
    "forward", hook: Hook(.forward, priority: 0, policy: .drop),
    rules: [
      Rule(
        [.connectionDirection(.reply), .connectionState(.established), .verdict(.accept)], comment: "S8 replies"),
      Rule(
        [
          .connectionState(.related), .lookup([.icmpType], .isIn, set: "icmp_errors4"),
          .lookup([.destination4], .isIn, set: "inside4"), .verdict(.accept),
        ], comment: "S8"),
      Rule([.verdict(.goto("original"))]),
    ]),
  Chain(
    "from-outside",
    rules: [
      Rule([
        .connectionState(.new), .tcpFlags(mask: [.fin, .syn, .rst, .ack], .notEqual, .syn),
        .verdict(.goto("refuse-midstream")),
      ]),
      Rule([.destinationTranslated, .lookup([.destination4], .isIn, set: "inside4"), .verdict(.accept)]),
    ]),
  Chain(
    "original",
    rules: [
      Rule([.lookup([.destination4], .isIn, set: "gateways4"), .verdict(.goto("to-gateway"))]),
      Rule([.lookup([.source4], .isNotIn, set: "inside4"), .verdict(.goto("from-outside"))]),
      Rule([.lookup([.destination4], .isIn, set: "inside4"), .verdict(.accept)], comment: "S5"),
      Rule([
        .lookup([.destination4, .tcpDestinationPort], .isIn, set: "apiserver4"), .counter("accepted_apiserver"),
        .verdict(.accept),
      ]),
      Rule([
        .lookup([.source4, .destination4, .transportProtocol, .destinationPort], .isIn, set: "external4"),
        .counter("accepted_external"), .verdict(.accept),
      ]),
      Rule([
        .lookup([.destination6, .source6, .transportProtocol, .destinationPort], .isIn, set: "exception_networks6"),
        .counter("accepted_exception"), .verdict(.accept),
      ]),
      Rule([.compare(.icmpType, .notEqual, 8), .verdict(.goto("refuse-external"))]),
      Rule([.verdict(.goto("refuse-external"))]),
    ]),
  Chain(
    "output", hook: Hook(.output, priority: 0, policy: .drop),
    rules: [
      Rule([.localAddress(.destination, .equal), .verdict(.accept)]),
      Rule([
        .lookup([.source4], .isIn, set: "inside4"), .localAddress(.source, .notEqual), .verdict(.goto("original")),
      ]),
      Rule([
        .compare(.hopLimit6, .equal, 255), .lookup([.icmp6Type], .isIn, set: "neighbour_types"),
        .lookup([.destination6], .isIn, set: "neighbours6"), .verdict(.accept),
      ]),
    ]),
  Chain(
    "raw-prerouting", hook: Hook(.prerouting, priority: -300, policy: .accept),
    rules: [
      Rule([.compare(.headerLength4, .notEqual, 5), .compare(.headerLength4, .notEqual, 6), .verdict(.drop)]),
      Rule([.routingHeader, .verdict(.drop)]),
      Rule([.compare(.transportProtocol, .equal, 4), .verdict(.drop)], comment: "S14"),
    ]),
  Chain(
    "refuse-external",
    rules: [
      Rule([.counter("refused_external")]),
      Rule([
        .limit(perSecond: 200, burst: 500), .log(prefix: "refused_external", group: 28015, snaplen: 128),
      ]),
      Rule([.reject(.tcpReset)]),
      Rule([.reject(.administrativelyProhibited)]),
    ]),
  Chain("refuse-midstream", rules: [Rule([.verdict(.drop)])]),
  Chain("to-gateway", rules: [Rule([.verdict(.jump("refuse-midstream"))]), Rule([.verdict(.drop)])]),
]
