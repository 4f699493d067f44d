import NetworkValues
import Testing

@testable import NameResolution

/// What clients were told is remembered for a while, and not without end.
@Suite struct ObservedNamesTests {
  private let start = ContinuousClock.now
  private var names: ObservedNames
  private let client = IPAddress(v4: 0x0a01_020a)

  init() {
    var limits = NameTable.Limits()
    limits.grace = .seconds(60)
    limits.addressesPerName = 3
    limits.observedNames = 10
    names = ObservedNames(limits: limits)
  }

  private mutating func take(_ name: String, _ last: [UInt32], lifetime: UInt32 = 10, at second: Int = 0) -> [UInt128] {
    let answers = last.map { DNSMessage.Answer(address: IPAddress(v4: 0xcb00_7100 | $0), lifetime: lifetime) }
    let question = DNSMessage.Question(name: name, type: .a)
    let told = DNSConversations.Told(client: client, question: question, answers: answers)
    return names.take(told, at: start + .seconds(second)).map { $0.value & 0xff }
  }

  private func known(_ name: String) -> [UInt128] {
    (names.records[ObservedNames.Key(client: client, name: name)]?.keys.map { $0.value & 0xff } ?? []).sorted()
  }

  @Test mutating func `Only what is new is returned`() {
    #expect(take("a.example", [2, 1, 2]) == [1, 2])
    #expect(take("a.example", [1, 3]) == [3])
    #expect(take("b.example", [1]) == [1])
    #expect(take("a.example", []) == [])
  }

  @Test mutating func `An address counts for its lifetime and the grace, longer in use`() {
    _ = take("a.example", [1, 2])
    _ = names.expire(at: start + .seconds(69)) { _ in false }
    #expect(known("a.example") == [1, 2])
    #expect(names.expire(at: start + .seconds(70)) { $0.value & 0xff == 2 })
    #expect(known("a.example") == [2])
    #expect(names.expire(at: start + .seconds(24 * 3600)) { _ in true })
    #expect(names.records.isEmpty)
  }

  @Test mutating func `What had to go early is missed at the next look, though nothing else is over`() {
    _ = take("a.example", [1, 2, 3])
    #expect(!names.expire(at: start) { _ in false })
    _ = take("a.example", [4], at: 1)
    #expect(names.expire(at: start + .seconds(2)) { _ in false })
    #expect(!names.expire(at: start + .seconds(2)) { _ in false })
    for number in 0..<12 { _ = take("n\(number).example", [1], at: 3) }
    #expect(names.expire(at: start + .seconds(4)) { _ in false })
  }

  @Test mutating func `Of too many addresses the oldest goes, and no more are new than are kept`() {
    _ = take("a.example", [1, 2, 3])
    #expect(take("a.example", [4], at: 1) == [4])
    #expect(known("a.example").count == 3 && known("a.example").contains(4))
    let new = take("b.example", Array(1...200))
    #expect(new.count == 3 && new == known("b.example"))
    #expect(take("a.example", Array(100...200), at: 2) == known("a.example"))
  }

  @Test mutating func `Of too many names those that were told first go`() {
    for number in 0..<10 { _ = take("n\(number).example", [1], at: number) }
    _ = take("n0.example", [1], at: 20)
    _ = take("new.example", [1], at: 21)
    #expect(known("n1.example").isEmpty && names.dropped == 1 && names.records.count == 10)
    #expect(!known("n0.example").isEmpty && !known("new.example").isEmpty)
  }

  @Test mutating func `What no longer matters is forgotten`() {
    _ = take("a.example", [1])
    _ = take("b.example", [1])
    #expect(names.keep { _, name in name == "b.example" })
    #expect(names.records.keys.map(\.name) == ["b.example"])
    #expect(!names.keep { _, _ in true })
  }
}
