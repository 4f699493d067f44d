import Testing

@testable import Nftables

@Suite struct ProblemTests {
  @Test func theSampleHasNone() {
    #expect(problems(in: sampleRuleset).isEmpty)
    #expect(problems(in: statementRuleset).isEmpty)
  }

  @Test(
    arguments: [
      ([.lookup([.source4], .isIn, set: "none")], "looks into set none, which is missing"),
      ([.lookup([.source6], .isIn, set: "inside4")], "looks into set inside4, which is of another type"),
      ([.verdict(.jump("none"))], "leads to chain none, which is missing"),
      ([.verdict(.goto("output"))], "leads to chain output, which is a base chain"),
      ([.verdict(.goto("to-gateway"))], nil), ([.counter("none")], "counts in \"none\", which is missing"),
      ([.compare(.source4, .equal, 1)], "compares an address with a number; use a set"),
      ([.compare(.icmpType, .equal, 256)], "compares icmp type with 256, which does not fit"),
      ([.compare(.headerLength4, .notEqual, 15)], nil),
      ([.compare(.headerLength4, .notEqual, 16)], "compares ip hdrlength with 16, which does not fit"),
      ([.compare(.headerLength4, .equal, 5), .routingHeader], "asks for fields of IPv4 and of IPv6"),
      ([.tcpFlags(mask: .syn, .equal, .ack)], "compares TCP flags outside its mask"),
      ([.tcpFlags(mask: [], .equal, [])], "compares TCP flags outside its mask"),
      ([.connectionState([])], "names no connection state"),
      ([.limit(perSecond: 0, burst: 1)], "has a limit of nothing"),
      ([.log(prefix: "$x", group: 1, snaplen: 0)], "the log prefix holds a $"),
      (
        [.log(prefix: String(repeating: "x", count: 128), group: 1, snaplen: 0)],
        "the log prefix is longer than 127 bytes"
      ),
      ([.log(prefix: String(repeating: "x", count: 127), group: 1, snaplen: 0)], nil), ([], "says nothing"),
      ([.verdict(.accept), .counter("refused_external")], "goes on after its verdict"),
      (
        [.compare(.hopLimit6, .equal, 255), .lookup([.source4], .isIn, set: "inside4")],
        "asks for fields of IPv4 and of IPv6"
      ),
    ] as [([Statement], String?)])
  func aRuleIsJudged(statements: [Statement], reason: String?) {
    var ruleset = sampleRuleset
    ruleset.tables[0].chains.append(Chain("zzz", rules: [Rule(statements)]))
    #expect(problems(in: ruleset).map(\.reason) == (reason.map { [$0] } ?? []))
  }

  @Test func namesAndCommentsMustBeReadable() {
    var ruleset = sampleRuleset
    ruleset.tables[0].counters.append(Counter("zz top"))
    ruleset.tables[0].chains.append(Chain("zzz", rules: [Rule([.verdict(.drop)], comment: "a \"b\"")]))
    let reasons = problems(in: ruleset).map(\.description)
    #expect(reasons.count == 2)
    #expect(reasons[0].hasPrefix("inet moat counter zz top: is no name for nft"))
    #expect(reasons[1] == "inet moat chain zzz rule 0: the comment holds a quote or a control character")
  }

  @Test func setsMustHoldWhatTheySay() {
    let full = NamedSet(
      definition: SetDefinition(name: "full", type: [.port], kind: .hash(size: 1)),
      elements: .keys([ElementKey([.port], [1]), ElementKey([.port], [2])]))
    let touching = NamedSet("touching", [.port], ranges: [[1...2], [3...4]])
    let apart = NamedSet("two", [.port, .port], ranges: [[1...2, 1...9], [2...4, 10...11]])
    let overlapping = NamedSet("two", [.port, .port], ranges: [[1...2, 1...9], [2...4, 9...11]])
    #expect(elementProblems(in: full) == ["has 2 elements, but room for 1"])
    #expect(elementProblems(in: touching) == ["has ranges that overlap or touch: 1-2 and 3-4"])
    #expect(elementProblems(in: apart).isEmpty)
    #expect(elementProblems(in: overlapping).count == 1)
  }

  @Test func loopsAreFound() {
    let table = Table(
      id: moat, counters: [], sets: [],
      chains: [Chain("a", rules: [Rule([.verdict(.jump("b"))])]), Chain("b", rules: [Rule([.verdict(.goto("a"))])])])
    #expect(problems(in: Ruleset(tables: [table])).map(\.reason) == ["leads back to itself"])
  }
}
