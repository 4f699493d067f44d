import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// Every shape of set, both ways through the kernel, with nft as the referee.
@Suite(asRoot)
struct SetTests {
  @Test(arguments: shapes)
  func shape(_ example: SetExample) throws {
    let elements = example.elements.isEmpty ? "" : "elements = { \(example.elements) }"
    let text = "table inet moat {\n set \(example.set.name) { \(example.type); \(elements) }\n}\n"
    try expectBothWays(ruleset(sets: [example.set]), text: text)
  }

  @Test(arguments: [1, 999, 1000, 1001, 2341, 5000])
  func manyElements(_ count: Int) throws {
    try inFreshNetworkNamespace {
      let set = NamedSet(hash: "flows6", of: flow6, keys: flowKeys6(count))
      let ranges = NamedSet(
        intervals: "ranges6", of: flow6, ranges: flowKeys6(min(count, 1001)).map { ElementRange(first: $0, last: $0) })
      let wanted = ruleset(sets: [set, ranges])
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: wanted), at: kernel.generation())
      #expect(try kernel.read().0 == wanted)
    }
  }

  @Test func hundredThousandElements() throws {
    try inFreshNetworkNamespace {
      let wanted = ruleset(sets: [NamedSet(hash: "flows4", of: flow4, keys: flowKeys4(100_000))])
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: wanted), at: kernel.generation())
      #expect(try kernel.read().0 == wanted)
    }
  }

  @Test func manyIntervals() throws {
    try inFreshNetworkNamespace {
      let ranges = (0..<3000).map { index in
        let first = UInt128(0x0a00_0000 + index * 16)
        return ElementRange(first: ElementKey([.address4], [first]), last: ElementKey([.address4], [first + 7]))
      }
      let wanted = ruleset(sets: [NamedSet(intervals: "inside4", of: [.address4], ranges: ranges)])
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: wanted), at: kernel.generation())
      #expect(try kernel.read().0 == wanted)
    }
  }

  @Test func deletion() throws {
    try inFreshNetworkNamespace {
      let keys = flowKeys4(3000)
      let set = NamedSet(hash: "flows4", of: flow4, keys: keys)
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: ruleset(sets: [set])), at: kernel.generation())
      try kernel.commit([.deleteElements(moat, set.definition, .keys(Array(keys[..<2500])))])
      let left = NamedSet(definition: set.definition, elements: .keys(Array(keys[2500...])))
      #expect(try kernel.read().0 == ruleset(sets: [left]))
    }
  }

  @Test func replacementWithinOneTransaction() throws {
    try inFreshNetworkNamespace {
      let type: [FieldType] = [.address4, .port]
      func wanted(_ port: UInt128) -> Ruleset {
        let range = ElementRange(
          first: ElementKey(type, [0x0a00_0000, port]), last: ElementKey(type, [0x0aff_ffff, port + 10]))
        return ruleset(
          sets: [NamedSet(intervals: "ranges4", of: type, ranges: [range])],
          rules: [[.lookup([.destination4, .destinationPort], .isIn, set: "ranges4"), .verdict(.accept)]])
      }
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: wanted(80)), at: kernel.generation())
      let set = try #require(wanted(443)[moat]?.set("ranges4"))
      let chain = try #require(wanted(443)[moat]?.chain("forward"))
      try kernel.commit(
        [
          .flushChain(moat, name: "forward"), .deleteSet(moat, name: "ranges4"), .addSet(moat, set.definition),
          .addElements(moat, set.definition, set.elements),
        ] + chain.rules.map { .addRule(moat, chain: "forward", $0) })
      #expect(try kernel.read().0 == wanted(443))
    }
  }
}

let flow4: [FieldType] = [.address4, .address4, .transportProtocol, .port]
let flow6: [FieldType] = [.address6, .address6, .transportProtocol, .port]

func flowKeys4(_ count: Int) -> [ElementKey] {
  (0..<count).map { ElementKey(flow4, [UInt128(0x0a00_0000 + $0), 0xc633_6407, 6, UInt128($0 & 0xffff)]) }
}

func flowKeys6(_ count: Int) -> [ElementKey] {
  (0..<count).map { ElementKey(flow6, [UInt128(0xfd) << 120 | UInt128($0), 1, 17, UInt128($0 & 0xffff)]) }
}

/// A set in nft's words and as a value.
struct SetExample: CustomTestStringConvertible, Sendable {
  var type: String
  var elements: String
  var set: NamedSet
  var testDescription: String { "\(type) { \(elements) }" }

  init(_ type: String, _ elements: String, _ set: NamedSet) {
    self.type = type
    self.elements = elements
    self.set = set
  }
}

private func address(_ text: String) -> UInt128 {
  do { return try IPAddress(parsing: text).value } catch { return 0 }
}

private func range(_ type: [FieldType], _ first: [UInt128], _ last: [UInt128]) -> ElementRange {
  ElementRange(first: ElementKey(type, first), last: ElementKey(type, last))
}

private func interval(_ type: FieldType, _ ranges: (UInt128, UInt128)...) -> NamedSet {
  NamedSet(intervals: "s", of: [type], ranges: ranges.map { range([type], [$0.0], [$0.1]) })
}

private let all4 = UInt128(UInt32.max)

private let shapes: [SetExample] =
  intervals + concatenations + [
    SetExample(
      "type ipv4_addr; size 1024", "10.0.0.1, 255.255.255.255",
      NamedSet(
        hash: "s", of: [.address4], keys: [ElementKey([.address4], [0x0a00_0001]), ElementKey([.address4], [all4])])),
    SetExample(
      "type ipv6_addr; size 1024", "fd00::1",
      NamedSet(hash: "s", of: [.address6], keys: [ElementKey([.address6], [address("fd00::1")])])),
    SetExample(
      "type inet_proto; size 1024", "tcp, udp",
      NamedSet(
        hash: "s", of: [.transportProtocol],
        keys: [ElementKey([.transportProtocol], [6]), ElementKey([.transportProtocol], [17])])),
    SetExample(
      "type inet_service; size 2048", "80",
      NamedSet(
        definition: SetDefinition(name: "s", type: [.port], kind: .hash(size: 2048)),
        elements: .keys([ElementKey([.port], [80])]))),
    SetExample(
      "type icmp_type; size 1024", "echo-request",
      NamedSet(hash: "s", of: [.icmpType], keys: [ElementKey([.icmpType], [8])])),
    SetExample(
      "type icmpv6_type; size 1024", "nd-neighbor-solicit",
      NamedSet(hash: "s", of: [.icmp6Type], keys: [ElementKey([.icmp6Type], [135])])),
    SetExample("type ipv4_addr; size 1024", "", NamedSet(hash: "s", of: [.address4], keys: [])),
  ]

private let intervals = [
  SetExample("type ipv4_addr; flags interval", "0.0.0.0/0", interval(.address4, (0, all4))),
  SetExample("type ipv6_addr; flags interval", "::/0", interval(.address6, (0, .max))),
  SetExample("type ipv4_addr; flags interval", "0.0.0.0/8", interval(.address4, (0, 0xff_ffff))),
  SetExample(
    "type ipv4_addr; flags interval", "10.0.0.0/8, 192.168.0.5, 224.0.0.0-255.255.255.255",
    interval(.address4, (0x0a00_0000, 0x0aff_ffff), (0xc0a8_0005, 0xc0a8_0005), (0xe000_0000, all4))),
  SetExample(
    "type ipv6_addr; flags interval", "fd00::/8, 2001:db8::7-2001:db8::9",
    interval(
      .address6, (address("fd00::"), address("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
      (address("2001:db8::7"), address("2001:db8::9")))),
  SetExample("type inet_service; flags interval", "80-90, 1024-65535", interval(.port, (80, 90), (1024, 65535))),
  SetExample("type icmp_type; flags interval", "3-5", interval(.icmpType, (3, 5))),
  SetExample("type ipv4_addr; flags interval", "", interval(.address4)),
]

private let concatenations: [SetExample] = [
  SetExample(
    "type ipv4_addr . ipv4_addr . inet_proto . inet_service; size 1024", "10.0.0.1 . 10.0.0.2 . tcp . 80",
    NamedSet(hash: "s", of: flow4, keys: [ElementKey(flow4, [0x0a00_0001, 0x0a00_0002, 6, 80])])),
  SetExample(
    "type ipv6_addr . ipv6_addr . inet_proto . inet_service; size 1024", "fd00::1 . fd00::2 . udp . 53",
    NamedSet(
      hash: "s", of: flow6, keys: [ElementKey(flow6, [address("fd00::1"), address("fd00::2"), 17, 53])])),
  SetExample(
    "type ipv6_addr . icmpv6_type; size 1024", "fd00::1 . echo-request",
    NamedSet(
      hash: "s", of: [.address6, .icmp6Type], keys: [ElementKey([.address6, .icmp6Type], [address("fd00::1"), 128])])),
  SetExample(
    "type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval",
    "10.0.0.0/8 . 198.51.100.7 . tcp . 80-90, 10.1.0.1 . 0.0.0.0/0 . udp . 0-65535",
    NamedSet(
      intervals: "s", of: flow4,
      ranges: [
        range(flow4, [0x0a00_0000, 0xc633_6407, 6, 80], [0x0aff_ffff, 0xc633_6407, 6, 90]),
        range(flow4, [0x0a01_0001, 0, 17, 0], [0x0a01_0001, all4, 17, 65535]),
      ])),
  SetExample(
    "type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags interval", "fd00::1 . ::/0 . tcp . 443",
    NamedSet(
      intervals: "s", of: flow6,
      ranges: [range(flow6, [address("fd00::1"), 0, 6, 443], [address("fd00::1"), .max, 6, 443])])),
]
