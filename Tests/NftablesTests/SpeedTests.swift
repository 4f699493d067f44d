import Testing

@testable import Nftables

/// Generous limits that a debug build on a busy machine keeps; release builds take a twentieth. The times are printed.
@Suite(.serialized) struct SpeedTests {
  private let type: [FieldType] = [.address4, .address4, .transportProtocol, .port]

  private func ruleset(_ keys: Range<UInt128>) -> Ruleset {
    let set = NamedSet(hash: "big", of: type, keys: keys.map { ElementKey(type, [$0, $0, 6, 443]) })
    return Ruleset(tables: [Table(id: moat, counters: [], sets: [set], chains: [])])
  }

  @Test func aHundredThousandElementsPrintQuickly() {
    let ruleset = ruleset(0..<100_000)
    let clock = ContinuousClock()
    let text = clock.measure { #expect(ruleset.nftSyntax.utf8.count > 2_000_000) }
    let json = clock.measure { #expect(ruleset.nftJSON.utf8.count > 2_000_000) }
    print("100,000 elements: nft \(text), JSON \(json)")
    #expect(text < .seconds(20) && json < .seconds(20))
  }

  @Test func largeSetsAreComparedQuickly() {
    let (old, new) = (ruleset(0..<100_000), ruleset(50..<100_050))
    let clock = ContinuousClock()
    let time = clock.measure { #expect(difference(from: old, to: new).operations.count == 2) }
    print("100,000 elements: difference \(time)")
    #expect(time < .seconds(20))
  }
}
