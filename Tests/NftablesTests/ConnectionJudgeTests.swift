import NetworkValues
import Nftables
import SeededRandom
import Testing

/// Which connections a change of rules concerns, and which of them are refused.
struct ConnectionJudgeTests {
  private let type: [FieldType] = [.address4, .address4, .transportProtocol, .port]

  private func address(_ low: UInt32) -> IPAddress { IPAddress(v4: 0x0a00_0000 + low) }

  /// Pod `source` may reach host 1000 on TCP port 443.
  private func allowance(_ source: UInt32) -> ElementKey {
    ElementKey(type, [UInt128(0x0a00_0000 + source), UInt128(0x0a00_0000 + 1000), 6, 443])
  }

  private func ruleset(allowing sources: [UInt32], gateways: [UInt32] = [], isMarking: Bool = false) -> Ruleset {
    let sets = [
      NamedSet(hash: "external4", of: type, keys: sources.map(allowance)),
      NamedSet(
        hash: "gateways4", of: [.address4], keys: gateways.map { ElementKey([.address4], [UInt128(0x0a00_0000 + $0)]) }),
      NamedSet(hash: "raw4", of: [.address4], keys: sources.map { ElementKey([.address4], [UInt128($0)]) }),
    ]
    let judging = Chain(
      "judging",
      rules: [
        Rule([.lookup([.destination4], .isIn, set: "gateways4"), .verdict(.drop)]),
        Rule([
          .lookup([.source4, .destination4, .transportProtocol, .destinationPort], .isIn, set: "external4"),
          .verdict(.accept),
        ]),
        Rule([.reject(.administrativelyProhibited)], comment: isMarking ? "new" : nil),
      ])
    let chains = [
      Chain(
        "forward", hook: Hook(.forward, priority: 0, policy: .drop),
        rules: [
          Rule([.connectionDirection(.reply), .connectionState(.established), .verdict(.accept)]),
          Rule([.verdict(.goto("judging"))]),
        ]),
      Chain(
        "raw", hook: Hook(.prerouting, priority: -300, policy: .accept),
        rules: [Rule([.lookup([.source4], .isNotIn, set: "raw4"), .verdict(.drop)])]), judging,
    ]
    return Ruleset(tables: [Table(id: TableID(.inet, "moat"), counters: [], sets: sets, chains: chains)])
  }

  private func connection(_ source: UInt32, to destination: UInt32 = 1000, port: UInt16 = 443) -> Connection {
    Connection(from: address(source), 40_000, to: address(destination), port, .tcp)
  }

  private func judge(_ ruleset: Ruleset, own: [UInt32] = []) -> ConnectionJudge {
    let multicast = PrefixSet([Prefix(containing: IPAddress(v4: 0xe000_0000), length: 4)])
    return ConnectionJudge(
      ruleset, at: NodeAddresses(own: PrefixSet(own.map { Prefix(address($0)) }), shared: multicast))
  }

  /// What a judge says of connections, one after the other.
  private func refusals(_ ruleset: Ruleset, own: [UInt32] = [], of connections: Connection...) -> [Bool] {
    var judge = judge(ruleset, own: own)
    return connections.map { judge.refuses($0) }
  }

  @Test func `What is allowed stays, everything else forwarded is refused`() {
    let refused = refusals(
      ruleset(allowing: [1]), of: connection(1), connection(1, port: 80), connection(2), connection(2), connection(1))
    #expect(refused == [false, true, true, true, false])
  }

  @Test func `A node's own connections are not those it forwards`() {
    let group = Connection(from: address(2), 5353, to: IPAddress(v4: 0xe000_00fb), 5353, .udp, isAnswered: false)
    let refused = refusals(ruleset(allowing: []), own: [7], of: connection(7), connection(2, to: 7), group)
    #expect(refused == [false, false, false])
  }

  @Test func `Nothing known means everything`() {
    #expect(concern(from: nil, to: ruleset(allowing: [1])) == .everything)
  }

  @Test func `Equal rules concern nobody`() {
    #expect(concern(from: ruleset(allowing: [1, 2]), to: ruleset(allowing: [1, 2])) == .nothing)
  }

  @Test func `An allowance more concerns nobody, an allowance less its source`() {
    let (few, many) = (ruleset(allowing: [1]), ruleset(allowing: [1, 2, 3]))
    #expect(concern(from: few, to: many) == .nothing)
    #expect(concern(from: many, to: few) == .addresses(PrefixSet([2, 3].map { Prefix(address($0)) })))
    #expect(concern(from: many, to: few).includes(connection(2)))
    #expect(!concern(from: many, to: few).includes(connection(1)))
  }

  @Test func `A set that refuses concerns by gaining and by losing`() {
    let (none, one) = (ruleset(allowing: []), ruleset(allowing: [], gateways: [9]))
    let concerned = Concern.addresses(PrefixSet([Prefix(address(9))]))
    #expect(concern(from: none, to: one) == concerned && concern(from: one, to: none) == concerned)
    #expect(concerned.includes(connection(2, to: 9)))
  }

  @Test func `Changed rules concern everybody`() {
    #expect(concern(from: ruleset(allowing: []), to: ruleset(allowing: [], isMarking: true)) == .everything)
  }

  @Test func `Ranges that change concern the addresses in them`() throws {
    func networks(_ prefixes: [String]) throws -> Ruleset {
      let set = PrefixSet(try prefixes.map { try Prefix(parsing: $0) })
      let rule = Rule([.lookup([.destination6], .isIn, set: "inside6"), .verdict(.accept)])
      let chain = Chain("forward", hook: Hook(.forward, priority: 0, policy: .drop), rules: [rule])
      let sets = [NamedSet(intervals: "inside6", set, family: .v6)]
      return Ruleset(tables: [Table(id: TableID(.inet, "moat"), counters: [], sets: sets, chains: [chain])])
    }
    let wide = try networks(["fd00::/64", "fd00:1::/64"])
    let narrow = try networks(["fd00::/64"])
    #expect(concern(from: narrow, to: wide) == .nothing)
    #expect(concern(from: wide, to: narrow) == .addresses(PrefixSet([try Prefix(parsing: "fd00:1::/64")])))
  }

  @Test(arguments: 0..<200)
  func `Every connection that a change refuses is concerned`(seed: UInt64) {
    var random = Seeded(seed)
    func some() -> [UInt32] { (0..<8).filter { _ in Bool.random(using: &random) } }
    let old = ruleset(allowing: some(), gateways: some())
    let new = ruleset(allowing: some(), gateways: some())
    let concern = concern(from: old, to: new)
    var (before, after) = (judge(old), judge(new))
    for source in 0..<8 as Range<UInt32> {
      for destination in [3, 5, 1000] as [UInt32] {
        let connection = connection(source, to: destination)
        guard !before.refuses(connection), after.refuses(connection) else { continue }
        #expect(concern.includes(connection), "\(connection)")
      }
    }
  }

  @Test func `A connection is written like its first packet`() {
    #expect("\(connection(1))" == "tcp 10.0.0.1:40000 → 10.0.3.232:443")
    let echo = Connection(from: IPAddress(v6: 1), nil, to: IPAddress(v6: 2), nil, .icmpv6)
    #expect("\(echo)" == "icmpv6 ::1 → ::2")
  }
}
