import NetworkValues
import SeededRandom
import Testing

@testable import Nftables

@Suite(.enabled(if: NftReferee.isAvailable, "needs root: nft is asked in a network namespace"))
struct RefereeTests {
  @Test func nftLoadsOurTextAndListsOurJSON() throws {
    let listed = try NftReferee.listing(afterLoading: [(sampleRuleset.nftSyntax, "")])
    #expect(try NftReferee.normalized(json: sampleRuleset.nftJSON) == listed)
  }

  @Test func nftLoadsOurJSONAndListsIt() throws {
    let listed = try NftReferee.listing(afterLoading: [(sampleRuleset.nftJSON, "-j")])
    #expect(try NftReferee.normalized(json: sampleRuleset.nftJSON) == listed)
  }

  @Test func nftListsTheTextThatWePrint() throws {
    let listed = try NftReferee.textListing(afterLoading: statementRuleset.nftSyntax)
    let lines = { (text: String) in
      text.split(separator: "\n").map { $0.drop { $0 == "\t" } }.filter { !$0.hasPrefix("packets") }.map(String.init)
    }
    #expect(lines(statementRuleset.nftSyntax) == lines(listed))
  }

  @Test(arguments: 0..<60) func nftAgreesOnRandomRulesets(seed: UInt64) throws {
    var random = Seeded(seed)
    let ruleset = random.ruleset()
    let ours = try NftReferee.normalized(json: ruleset.nftJSON)
    let text = deviations(ours, try NftReferee.listing(afterLoading: [(ruleset.nftSyntax, "")]))
    #expect(text == [])
    let json = deviations(ours, try NftReferee.listing(afterLoading: [(ruleset.nftJSON, "-j")]))
    #expect(json == [])
  }

  @Test(arguments: 0..<60) func nftLoadsTransactions(seed: UInt64) throws {
    var random = Seeded(seed)
    let (old, new) = (random.ruleset(), random.ruleset())
    let transaction = difference(from: old, to: new)
    let expected = try transaction.applied(to: old) ?? Ruleset(tables: [])
    let listed = try NftReferee.listing(afterLoading: [(old.nftSyntax, ""), (transaction.nftSyntax, "")])
    // Objects that were replaced stand last in their kind, so the order is another.
    let lines = deviations(try NftReferee.normalized(json: expected.nftJSON), listed, inOrder: false)
    #expect(lines == [])
  }

  @Test func nftKnowsAllNamesOfTypesAndProtocols() throws {
    for type in [FieldType.transportProtocol, .icmpType, .icmp6Type] {
      let set = NamedSet("s", [type], keys: (0..<256).map { [$0] }.filter { hasOurName(type, $0[0]) })
      let ruleset = Ruleset(tables: [Table(id: moat, counters: [], sets: [set], chains: [])])
      let listed = try NftReferee.listing(afterLoading: [(ruleset.nftSyntax, "")])
      #expect(try NftReferee.normalized(json: ruleset.nftJSON) == listed)
    }
  }

  /// /etc/protocols names more protocols than moat will ever use.
  private func hasOurName(_ type: FieldType, _ value: UInt128) -> Bool {
    type != .transportProtocol || [0, 1, 2, 4, 6, 17, 41, 47, 50, 51, 58, 132, 200, 255].contains(value)
  }

  @Test func nftReadsEveryFormOfAddress() throws {
    let texts = [
      "::", "::1", "::1.2.3.4", "::ffff:1.2.3.4", "::1:0:0", "1:0:0:2::3", "1:0:2:3:4:5:6:7", "64:ff9b::102:304",
    ]
    let ruleset = Ruleset(tables: [
      Table(
        id: moat, counters: [],
        sets: [
          NamedSet("hash6", [.address6], keys: texts.map { [address6($0)] }),
          NamedSet(
            "ranges6", [.address6],
            ranges: texts.map { [address6($0)...address6($0) + 2] }.filter { $0[0].lowerBound > 1 }),
          NamedSet("all6", .v6, prefixes: ["::/0"]), NamedSet("all4", .v4, prefixes: ["0.0.0.0/0"]),
          NamedSet("ports", [.port], ranges: [[0...255], [300...300], [1024...65535]]),
        ], chains: [])
    ])
    let listed = try NftReferee.listing(afterLoading: [(ruleset.nftSyntax, "")])
    #expect(try NftReferee.normalized(json: ruleset.nftJSON) == listed)
  }

  @Test func theKernelTakesWhatTheSimulatedOneTakes() throws {
    let again = try NftReferee.listing(afterLoading: [(sampleRuleset.nftSyntax, ""), (repetition.nftSyntax, "")])
    #expect(deviations(try NftReferee.normalized(json: sampleRuleset.nftJSON), again) == [])
    let deep = Transaction(ways(through: 16)).nftSyntax
    #expect(throws: Never.self) {
      _ = try NftReferee.listing(afterLoading: [(sampleRuleset.nftSyntax, ""), (deep, "")])
    }
  }

  @Test func theKernelRefusesWhatTheSimulatedOneRefuses() throws {
    for (name, transaction) in refusals {
      #expect(throws: NftRefusal.self, "\(name)") {
        _ = try NftReferee.listing(afterLoading: [(sampleRuleset.nftSyntax, ""), (transaction.nftSyntax, "")])
      }
      #expect(throws: KernelError.self, "\(name)") { _ = try transaction.applied(to: sampleRuleset) }
    }
  }
}
