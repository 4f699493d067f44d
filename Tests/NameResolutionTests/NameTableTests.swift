import NameResolution
import NetworkValues
import SeededRandom
import Testing

/// What a table keeps, for how long, and when it asks again. Time is made up.
@Suite struct NameTableTests {
  private let start = ContinuousClock.now
  private var table: NameTable

  init() {
    var limits = NameTable.Limits()
    limits.grace = .seconds(60)
    limits.addressesPerName = 3
    table = NameTable(limits: limits, jitter: { _ in 0.5 })
    table.want(["a.example", "b.example"], at: start)
  }

  private func answer(_ last: UInt32, _ lifetime: UInt32) -> DNSMessage.Answer {
    DNSMessage.Answer(address: IPAddress(v4: 0xcb00_7100 | last), lifetime: lifetime)
  }

  private func addresses(_ name: String = "a.example") -> [UInt128] {
    (table.entries[name]?.records.keys.map { $0.value & 0xff } ?? []).sorted()
  }

  private mutating func pass(_ seconds: Int, inUse: Set<UInt128> = []) {
    _ = table.expire(at: start + .seconds(seconds)) { inUse.contains($0.value & 0xff) }
  }

  @Test mutating func `Every wanted name is asked for at once, and again before its lifetime is over`() throws {
    #expect(table.takeDue(at: start) == ["a.example", "b.example"])
    #expect(table.takeDue(at: start).isEmpty && table.next == nil)
    table.take([answer(1, 100), answer(2, 20)], for: "a.example", at: start)
    #expect(table.next == start + .seconds(15))
    table.take([], for: "b.example", at: start)
    #expect(table.entries["b.example"]?.nextQuestion == start + .seconds(22.5))
    #expect(table.takeDue(at: start + .seconds(15)) == ["a.example"])
    table.take([answer(1, 0)], for: "a.example", at: start + .seconds(15))
    #expect(table.entries["a.example"]?.nextQuestion == start + .seconds(16))
  }

  @Test mutating func `An address counts for its own lifetime and the grace`() {
    table.take([answer(1, 10), answer(2, 100)], for: "a.example", at: start)
    pass(69)
    #expect(addresses() == [1, 2])
    pass(70)
    #expect(addresses() == [2])
    pass(160)
    #expect(addresses() == [])
  }

  @Test mutating func `An answer that comes again extends, and never shortens`() {
    table.take([answer(1, 100)], for: "a.example", at: start)
    table.take([answer(1, 1)], for: "a.example", at: start + .seconds(5))
    pass(159)
    #expect(addresses() == [1])
    pass(160)
    #expect(addresses() == [])
  }

  @Test mutating func `An address in use stays, but not for ever`() {
    table.take([answer(1, 10), answer(2, 10)], for: "a.example", at: start)
    pass(3600, inUse: [1])
    #expect(addresses() == [1])
    #expect(table.nextExpiry == start + .seconds(3660))
    pass(24 * 3600, inUse: [1])
    #expect(addresses() == [])
  }

  @Test mutating func `A name that cannot be asked for keeps its addresses, and is tried again later each time`() throws
  {
    table.take([answer(1, 10)], for: "a.example", at: start)
    var time = start + .seconds(10)
    var pauses: [Duration] = []
    for _ in 0..<9 {
      table.fail("a.example", because: "timed out", at: time)
      let next = try #require(table.entries["a.example"]?.nextQuestion)
      pauses.append(next - time)
      time = next
    }
    #expect(pauses.first == .seconds(1) && pauses.last == .seconds(60) && pauses == pauses.sorted())
    #expect(table.entries["a.example"]?.fault == "timed out")
    pass(100_000)
    #expect(addresses() == [1])
    table.take([answer(2, 10)], for: "a.example", at: start + .seconds(100_000))
    pass(100_001)
    #expect(addresses() == [2] && table.entries["a.example"]?.fault == nil)
  }

  @Test mutating func `Of too many addresses those in use stay, then the newest`() {
    table.take([answer(1, 1000), answer(2, 1000)], for: "a.example", at: start)
    table.take([answer(3, 1000), answer(4, 1000)], for: "a.example", at: start + .seconds(1))
    pass(2, inUse: [2])
    #expect(addresses() == [2, 3, 4] && table.entries["a.example"]?.dropped == 1)
  }

  @Test mutating func `Of one answer with too many addresses no more than allowed stay, at once`() throws {
    table.take((1...200).map { answer($0, 1000) }, for: "a.example", at: start)
    #expect(try #require(table.nextExpiry) <= start)
    pass(0)
    #expect(addresses().count == 3 && table.entries["a.example"]?.dropped == 197)
    #expect(try #require(table.nextExpiry) > start)
  }

  @Test mutating func `Names that nobody wants are forgotten, and answers for them count for nothing`() {
    table.take([answer(1, 10)], for: "a.example", at: start)
    table.want(["b.example"], at: start)
    table.take([answer(2, 10)], for: "a.example", at: start)
    table.take([answer(3, 10)], for: "c.example", at: start)
    #expect(table.entries.keys.sorted() == ["b.example"])
  }

  /// `next` and `nextExpiry` are bounds: nothing is due before them.
  @Test(arguments: 0..<20) mutating func `Nothing is due before the time that was told`(seed: UInt64) {
    var chance = Seeded(seed)
    var time = start
    for _ in 0..<200 {
      time += .milliseconds(Int.random(in: 1...20_000, using: &chance))
      let name = ["a.example", "b.example"].randomElement(using: &chance) ?? ""
      switch Int.random(in: 0..<4, using: &chance) {
      case 0:
        table.take(
          [answer(.random(in: 1...9, using: &chance), .random(in: 0...60, using: &chance))], for: name, at: time)
      case 1: table.fail(name, because: "no", at: time)
      case 2: _ = table.expire(at: time) { _ in false }
      default: _ = table.takeDue(at: time)
      }
      let due = table.entries.values.compactMap(\.nextQuestion).min()
      if let due { #expect(table.next.map { $0 <= due } ?? false) }
    }
  }
}
