import NetworkValues
import SeededRandom
import Testing

@testable import Nftables

@Suite struct TraceTests {
  @Test func anAllowedPacketIsAcceptedByItsRule() throws {
    let result = try forward(Packet(from: gateway, to: far, .tcp, destinationPort: 443))
    #expect(result.verdict == .accepted)
    #expect(result.steps.map(\.chain) == ["forward", "original"])
    #expect(result.counters == ["accepted_external"])
    #expect(result.decidedBy == result.steps.last.map(TraceDecision.rule))
  }

  @Test func anotherPortIsRefused() throws {
    let tcp = try forward(Packet(from: gateway, to: far, .tcp, destinationPort: 444))
    #expect(tcp.verdict == .rejected(.tcpReset))
    #expect(tcp.counters == ["refused_external"])
    let udp = try forward(Packet(from: gateway, to: far, .udp, destinationPort: 443))
    #expect(udp.verdict == .rejected(.administrativelyProhibited))
    #expect(udp.steps.map(\.ruleIndex) == [2, 7, 0, 1, 3])
  }

  @Test func repliesPassAndRelatedErrorsReachTheInside() throws {
    let reply = Packet(from: far, to: pod, .tcp, state: .established, direction: .reply)
    #expect(try forward(reply).steps.map(\.rule.comment) == ["S8 replies"])
    let error = Packet(from: far, to: pod, .icmp, icmpType: 11, state: .related, direction: .reply)
    #expect(try forward(error).verdict == .accepted)
    var outward = error
    outward.destination = far
    #expect(try forward(outward).verdict == .dropped)
  }

  @Test func directionAndTranslationNeedAConnection() throws {
    let stray = Packet(from: far, to: pod, .udp, state: .invalid, direction: .reply, destinationTranslated: true)
    #expect(try forward(stray).decidedBy == .policy(chain: "forward"))
    let translated = Packet(from: far, to: pod, .udp, destinationTranslated: true)
    #expect(try forward(translated).verdict == .accepted)
  }

  @Test func aMidstreamSegmentIsDropped() throws {
    let segment = Packet(from: far, to: pod, .tcp, tcpFlags: .ack, destinationTranslated: true)
    #expect(try forward(segment).steps.last?.chain == "refuse-midstream")
    let start = Packet(from: far, to: pod, .tcp, destinationTranslated: true)
    #expect(try forward(start).verdict == .accepted)
  }

  @Test func aFieldThatIsMissingNeverMatches() {
    for statement in [
      Statement.compare(.icmpType, .notEqual, 8), .compare(.hopLimit6, .notEqual, 255),
      .lookup([.source6], .isNotIn, set: "s6"), .tcpFlags(mask: .syn, .notEqual, .syn),
      .compare(.tcpDestinationPort, .notEqual, 1),
    ] {
      #expect(!matches(statement, Packet(from: pod, to: far, .udp, destinationPort: 53)))
    }
  }

  @Test func optionsAndRoutingHeadersAreSeen() throws {
    let plain = try prerouting { _ in }
    #expect(plain.steps.isEmpty && plain.verdict == .accepted)
    for length in [UInt8(7), 15] { #expect(try prerouting { $0.headerLength = length }.verdict == .dropped) }
    #expect(try prerouting { $0.headerLength = 6 }.verdict == .accepted)
    #expect(try prerouting { $0.hasRoutingHeader = true }.verdict == .accepted, "IPv4 has none")
    let far6 = address("2001:db8::1")
    #expect(try prerouting(to: far6) { $0.hasRoutingHeader = true }.verdict == .dropped)
    #expect(try prerouting(to: far6) { $0.headerLength = 15 }.verdict == .accepted, "IPv6 has no such length")
  }

  @Test func portsOfPacketsWithoutPortsMatchOnlyEveryPort() {
    let fields: [Field] = [.destination4, .transportProtocol, .destinationPort]
    let ping = Packet(from: pod, to: far, .icmp)
    #expect(matches(.lookup(fields, .isIn, set: "every"), ping))
    #expect(!matches(.lookup(fields, .isIn, set: "some"), ping))
    #expect(!matches(.lookup(fields, .isNotIn, set: "some"), ping))
    #expect(!matches(.lookup(fields, .isNotIn, set: "every"), ping))
    #expect(!matches(.lookup(fields, .isIn, set: "exact"), ping))
    #expect(!matches(.compare(.destinationPort, .notEqual, 53), ping))
    #expect(matches(.lookup(fields, .isIn, set: "some"), Packet(from: pod, to: far, .udp, destinationPort: 7)))
  }

  @Test func jumpsReturnAndGotosDoNot() {
    let chains = [
      Chain(
        "base", hook: Hook(.forward, priority: 0, policy: .drop),
        rules: [Rule([.verdict(.jump("a"))]), Rule([.counter("one"), .verdict(.accept)])]),
      Chain("a", rules: [Rule([.verdict(.goto("b"))]), Rule([.verdict(.drop)])]),
      Chain("b", rules: [Rule([.counter("two")])]),
    ]
    let table = Table(id: moat, counters: [Counter("one"), Counter("two")], sets: [], chains: chains)
    let result = trace(Packet(from: pod, to: far, .tcp), through: table, at: .forward)
    #expect(result.verdict == .accepted)
    #expect(result.counters == ["two", "one"])
    #expect(result.steps.map(\.chain) == ["base", "a", "b", "base"])
  }

  @Test func everyBaseChainJudgesByPriority() {
    let table = Table(
      id: moat, counters: [], sets: [],
      chains: [
        Chain("z-first", hook: Hook(.output, priority: -5, policy: .drop), rules: [Rule([.verdict(.accept)])]),
        Chain("a-second", hook: Hook(.output, priority: 5, policy: .drop), rules: []),
        Chain("elsewhere", hook: Hook(.forward, priority: 0, policy: .accept), rules: []),
      ])
    let result = trace(Packet(from: pod, to: far, .tcp), through: table, at: .output)
    #expect(result.verdict == .dropped)
    #expect(result.decidedBy == .policy(chain: "a-second"))
    #expect(trace(Packet(from: pod, to: far, .tcp), through: table, at: .input).decidedBy == .noChain)
  }

  @Test func beforeTrackingNoPacketHasAConnection() {
    let rule = Rule([.connectionState([.new, .established]), .verdict(.drop)])
    let chain = { (priority: Int32) in
      Table(
        id: moat, counters: [], sets: [],
        chains: [Chain("c", hook: Hook(.prerouting, priority: priority, policy: .accept), rules: [rule])])
    }
    let packet = Packet(from: pod, to: far, .tcp)
    #expect(trace(packet, through: chain(-300), at: .prerouting).verdict == .accepted)
    #expect(trace(packet, through: chain(0), at: .prerouting).verdict == .dropped)
  }

  @Test func setsAgreeWithAPlainSearch() {
    for seed in 0..<300 {
      var random = Seeded(UInt64(seed))
      let set = random.set(random.pick(["alpha", "beta", "gamma"]))
      for _ in 0..<40 {
        let values = set.definition.type.map { field -> FieldValue in
          let base: UInt128 = field == .address4 ? 0x0a00_0000 : 0
          return .known(base + UInt128.random(in: 0..<45, using: &random))
        }
        #expect(set.contains(values) == plainlyContains(set, values))
      }
    }
  }
}

private let pod = address("10.0.2.7")
private let gateway = address("10.0.1.5")
private let far = address("203.0.113.10")

private func forward(_ packet: Packet) throws -> Trace {
  trace(packet, through: try #require(sampleRuleset[moat]), at: .forward)
}

private func prerouting(to target: IPAddress = far, _ change: (inout Packet) -> Void) throws -> Trace {
  var packet = Packet(from: target.family == .v4 ? pod : address("fd00::1"), to: target, .udp)
  change(&packet)
  return trace(packet, through: try #require(sampleRuleset[moat]), at: .prerouting)
}

private func matches(_ statement: Statement, _ packet: Packet) -> Bool {
  let type: [FieldType] = [.address4, .transportProtocol, .port]
  let table = Table(
    id: moat, counters: [],
    sets: [
      NamedSet("s6", [.address6], keys: []),
      NamedSet("every", type, ranges: [[span("0.0.0.0/0"), 0...255, 0...65535]]),
      NamedSet("some", type, ranges: [[span("0.0.0.0/0"), 0...255, 0...65534]]),
      NamedSet("exact", type, keys: [[far.value, 1, 0]]),
    ], chains: [])
  return packet.matches(statement, in: table)
}

private func plainlyContains(_ set: NamedSet, _ values: [FieldValue]) -> Bool {
  let numbers = values.map { value -> UInt128 in if case .known(let number) = value { number } else { 0 } }
  let type = set.definition.type
  switch set.elements {
  case .keys(let keys): return keys.contains { $0.values(as: type) == numbers }
  case .ranges(let ranges):
    return ranges.contains { range in
      let (first, last) = (range.first.values(as: type), range.last.values(as: type))
      return numbers.indices.allSatisfy { first[$0] <= numbers[$0] && numbers[$0] <= last[$0] }
    }
  }
}
