import Nftables
import Testing

/// What was added to sets beside the ruleset that was committed last.
@Suite struct SetAdditionsTests {
  private let table = TableID(.inet, "moat")
  private var additions = SetAdditions(table: TableID(.inet, "moat"))

  private func key(_ value: UInt128) -> ElementKey { ElementKey([.port], [value]) }

  private func keys(_ values: some Sequence<UInt128>) -> [ElementKey] { values.map(key) }

  private func set(_ values: UInt128..., timeout: UInt32? = 60) -> NamedSet {
    NamedSet(hash: "names", of: [.port], keys: keys(values), timeout: timeout)
  }

  private func ruleset(_ sets: [NamedSet]) -> Ruleset {
    Ruleset(tables: [Table(id: table, counters: [], sets: sets, chains: [])])
  }

  @Test mutating func `Only what neither the set nor the additions have is missing`() {
    let held = set(1, 3, 5)
    #expect(additions.missing(keys([5, 4, 1, 4, 2]), in: held) == keys([2, 4]))
    additions.add(keys([2]), to: "names")
    #expect(additions.missing(keys([1, 2, 4]), in: held) == keys([4]))
    additions.add(keys([2]), to: "others")
    #expect(additions.missing([], in: held) == [] && additions.missing(keys([5]), in: held) == [])
  }

  @Test mutating func `A set holds no more than its size`() throws {
    let held = set(1, 3, 5)
    guard case .hash(let size) = held.definition.kind else {
      Issue.record("no hash set")
      return
    }
    let many = keys((100..<(100 + UInt128(size) - 3)))
    #expect(additions.missing(many, in: held)?.count == Int(size) - 3)
    additions.add(many, to: "names")
    #expect(additions.missing(keys([2]), in: held) == nil)
    #expect(additions.missing(keys([1, 100]), in: held) == [])
    #expect(SetAdditions(table: table).missing(keys(1000..<(1000 + UInt128(size))), in: held) == nil)
    let ranges = NamedSet(intervals: "ranges", of: [.port], ranges: [])
    #expect(additions.missing(keys([1]), in: ranges) == nil)
  }

  @Test mutating func `The ruleset with the additions is what the kernel holds`() {
    let held = ruleset([set(1, 5)])
    #expect(additions.isEmpty && additions.added(to: held) == held)
    additions.add(keys([3, 4]), to: "names")
    additions.add(keys([3]), to: "gone")
    #expect(!additions.isEmpty)
    #expect(additions.added(to: held)[table]?.set("names")?.elements == .keys(keys([1, 3, 4, 5])))
    #expect(additions.added(to: Ruleset(tables: [])) == Ruleset(tables: []))
  }

  @Test func `A renewal brings again what sets forget, and nothing else`() {
    let lasting = NamedSet(hash: "lasting", of: [.port], keys: keys([1]))
    let empty = NamedSet(hash: "empty", of: [.port], keys: [], timeout: 30)
    let held = ruleset([empty, lasting, set(1, 5)])
    #expect(held.shortestTimeout == 30)
    let names = set(1, 5)
    let wanted: [Nftables.Operation] = [
      .deleteElements(table, names.definition, names.elements), .addElements(table, names.definition, names.elements),
    ]
    #expect(held.renewal.operations == wanted)
    #expect(ruleset([lasting]).renewal.isEmpty)
  }
}
