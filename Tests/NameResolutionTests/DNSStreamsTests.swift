import NamespaceLab
import NetworkValues
import SeededRandom
import Testing

@testable import NameResolution

/// Messages are put together from segments, whatever way these come.
@Suite struct DNSStreamsTests {
  private let now = ContinuousClock.now
  private var streams = DNSStreams()
  private let source: Endpoint
  private let target: Endpoint
  private let first = NameMessage(1, "first.example").bytes
  private let second = NameMessage(2, "second.example").bytes

  init() throws {
    source = Endpoint(try ip("10.96.0.10"), 53)
    target = Endpoint(try ip("10.1.2.10"), 40_000)
  }

  private var both: [UInt8] { NameMessage(1, "first.example").framed + NameMessage(2, "second.example").framed }

  private mutating func take(_ sequence: UInt32, _ bytes: some Collection<UInt8>, flags: UInt8 = 16) -> [[UInt8]] {
    guard let part = TransportSegment(packet: segment(from: source, to: target, sequence, flags: flags, Array(bytes)))
    else { return [] }
    return streams.take(part, of: target.address, at: now)
  }

  @Test mutating func `Two messages in one segment, and one in two`() {
    #expect(take(99, [], flags: 18) == [])
    #expect(take(100, both.prefix(both.count - 5)) == [first])
    #expect(take(100 + UInt32(both.count) - 5, both.suffix(5)) == [second])
  }

  @Test mutating func `A byte at a time, in the opposite order`() {
    let bytes = NameMessage(1, "a.io").framed
    #expect(bytes.count < 33)
    #expect(take(99, [], flags: 2) == [])
    var messages: [[UInt8]] = []
    for place in bytes.indices.reversed() { messages += take(100 + UInt32(place), [bytes[place]]) }
    #expect(messages == [Array(bytes.dropFirst(2))])
  }

  @Test mutating func `What comes again is not read again`() {
    #expect(take(99, [], flags: 18) == [])
    #expect(take(100, both.prefix(20)) == [])
    #expect(take(100, both.prefix(20)) == [])
    #expect(take(110, both[10...]) == [first, second])
    #expect(take(100, both) == [])
  }

  @Test mutating func `Nothing is read beyond a gap, nor from the middle of a stream`() {
    #expect(take(100, both) == [], "the beginning was not seen")
    #expect(take(99, [], flags: 18) == [])
    #expect(take(102, both.dropFirst(2)) == [])
    #expect(take(100, both.prefix(2)) == [first, second])
  }

  @Test mutating func `Numbers wrap around, and data may come with the beginning and the end`() {
    let start = UInt32.max - 10
    #expect(take(start, both.prefix(3), flags: 2) == [])
    #expect(take(start &+ 4, both.dropFirst(3), flags: 17) == [first, second])
    #expect(take(start &+ 1 &+ UInt32(both.count), both) == [], "after its end")
  }

  @Test(arguments: 0..<50) mutating func `Segments in any order, twice and overlapping, give the same messages`(
    seed: UInt64
  ) {
    var chance = Seeded(seed)
    let wanted = (0..<20).map { NameMessage(UInt16($0), "n\($0).example").bytes }
    let bytes = (0..<20).flatMap { NameMessage(UInt16($0), "n\($0).example").framed }
    var parts: [Range<Int>] = []
    var place = 0
    while place < bytes.count {
      let end = min(bytes.count, place + .random(in: 1...60, using: &chance))
      parts.append(max(0, place - Int.random(in: 0...10, using: &chance))..<end)
      if chance.oneIn(4) { parts.append(place..<end) }
      place = end
    }
    // Within a window, as a network does.
    for index in parts.indices.dropLast() {
      parts.swapAt(index, min(parts.count - 1, index + Int.random(in: 0...4, using: &chance)))
    }
    let start = UInt32.random(in: 0...UInt32.max, using: &chance)
    var messages = take(start, [], flags: 18)
    for part in parts { messages += take(start &+ 1 &+ UInt32(part.lowerBound), bytes[part]) }
    #expect(messages == wanted)
  }

  /// What is kept of all streams of one client, however large its segments are, and whatever it leaves out.
  @Test mutating func `Little is kept of streams with gaps`() {
    let large = [UInt8](repeating: 0xff, count: 60_000)
    for port in UInt16(1)..<2000 {
      let place = Endpoint(target.address, port)
      for (sequence, flags) in [(UInt32(0), UInt8(2))] + (0..<40).map({ (3 + UInt32($0), UInt8(16)) }) {
        let packet = segment(from: place, to: source, sequence, flags: flags, flags == 2 ? [] : large)
        if let part = TransportSegment(packet: packet) { _ = streams.take(part, of: target.address, at: now) }
      }
    }
    #expect(streams.size <= 64 << 20, "\(streams.size)")
  }

  @Test mutating func `A stream that is no stream of messages ends`() {
    #expect(take(99, [], flags: 18) == [])
    let zeros = [UInt8](repeating: 0, count: 40_000)
    #expect(take(100, [0xff, 0xff] + zeros).isEmpty)
    #expect(take(40_102, zeros).count <= 20_000)
    #expect(streams.size < 70_000)
  }
}
