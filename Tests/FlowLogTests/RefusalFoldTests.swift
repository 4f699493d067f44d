import EgressPolicy
import FlowLog
import NetworkValues
import Testing

@Suite struct RefusalFoldTests {
  let start = ContinuousClock.now

  private func packet(port: UInt16 = 443, from source: UInt16 = 40_000) -> RefusedPacket {
    RefusedPacket(
      content: .transport(.tcp), source: IPAddress(v4: 0x0a01_010a), destination: IPAddress(v4: 0xcb00_710a),
      sourcePort: source, destinationPort: port)
  }

  @Test func `The first of a kind is told at once, the others of its second together`() {
    var fold = RefusalFold()
    let first = fold.take(.external, packet(), microseconds: 1, at: start)
    #expect(first?.count == 1 && first?.packet.sourcePort == 40_000)
    #expect(fold.take(.external, packet(from: 40_001), microseconds: 2, at: start) == nil)
    #expect(fold.take(.external, packet(from: 40_002), microseconds: 3, at: start) == nil)
    #expect(fold.waiting == 2 && fold.flush(at: start + .milliseconds(999)).isEmpty)
    let folded = fold.flush(at: start + .seconds(1))
    #expect(folded.map(\.count) == [2] && folded.first?.microseconds == 2 && fold.waiting == 0)
    // What goes on is not told at once again, but the second after.
    #expect(fold.take(.external, packet(), microseconds: 4, at: start + .seconds(1)) == nil)
    #expect(fold.flush(at: start + .seconds(2)).map(\.count) == [1])
    // A quiet second, and all is forgotten.
    #expect(fold.flush(at: start + .seconds(3)).isEmpty && fold.deadline == nil)
    #expect(fold.take(.external, packet(), microseconds: 5, at: start + .seconds(4))?.count == 1)
  }

  @Test func `Whatever else differs is another kind`() {
    var fold = RefusalFold()
    var other = packet()
    other.interface = 7
    for (refusal, packet) in [
      (Refusal.external, packet()), (.gateway, packet()), (.external, packet(port: 444)), (.external, other),
    ] { #expect(fold.take(refusal, packet, microseconds: 0, at: start) != nil) }
  }

  @Test func `Of more kinds than there is room for the later ones are counted, and nothing is lost count of`() {
    var fold = RefusalFold(limit: 100)
    var told: UInt64 = 0
    for round in 0..<3 {
      for port in 0..<1000 {
        let now = start + .milliseconds(round * 1000 + port / 10)
        told += fold.flush(at: now).map(\.count).reduce(0, +)
        told += fold.take(.host, packet(port: UInt16(port % 150)), microseconds: 0, at: now)?.count ?? 0
      }
    }
    #expect(fold.waiting > 0 && fold.overflowed > 0)
    #expect(told + fold.waiting + fold.overflowed == 3000)
    told += fold.flush(at: start, isLast: true).map(\.count).reduce(0, +)
    #expect(fold.waiting == 0 && told + fold.overflowed == 3000)
  }
}
