import NetworkValues

/// DNS messages in TCP streams: each after two bytes of its length. See: RFC 1035, section 4.2.2; RFC 7766
struct DNSStreams {
  private struct Direction: Hashable {
    var source: TransportSegment.Endpoint
    var destination: TransportSegment.Endpoint
  }

  fileprivate struct Stream {
    /// The number of the next byte.
    var next: UInt32

    /// Bytes of a message that is not whole yet.
    var bytes: [UInt8] = []

    /// Segments that came ahead of others, by their first byte's number.
    var ahead: [UInt32: [UInt8]] = [:]
    var used: DNSConversations.Instant
  }

  private let limit = 1024
  private let patience = Duration.seconds(120)
  private let maximumAhead = 32
  private var streams: [Direction: Stream] = [:]

  /// Takes a segment.
  ///
  /// - Returns: the messages that are whole now. Streams whose beginning was not seen give none.
  mutating func take(_ segment: TransportSegment, at now: DNSConversations.Instant) -> [[UInt8]] {
    guard let place = segment.stream else { return [] }
    let direction = Direction(source: segment.source, destination: segment.destination)
    if place.begins {
      if streams.count >= limit { forget(before: now) }
      guard streams.count < limit || streams[direction] != nil else { return [] }
      streams[direction] = Stream(next: place.sequence &+ 1, used: now)
    }
    guard var stream = streams[direction] else { return [] }
    if !segment.payload.isEmpty {
      stream.used = now
      stream.take(segment.payload, at: place.begins ? place.sequence &+ 1 : place.sequence, maximumAhead)
    }
    let messages = stream.takeMessages()
    // A message has at most 65,535 bytes: what is longer than that is no stream of messages.
    let isOver = place.ends && stream.ahead.isEmpty || stream.bytes.count > Int(UInt16.max) + 2
    streams[direction] = isOver ? nil : stream
    return messages
  }

  mutating func forget(before now: DNSConversations.Instant) {
    streams = streams.filter { $0.value.used + patience > now }
  }
}

extension DNSStreams.Stream {
  fileprivate mutating func take(_ payload: ArraySlice<UInt8>, at sequence: UInt32, _ maximumAhead: Int) {
    // Numbers wrap around: what lies up to half the space behind was seen before.
    let distance = Int32(bitPattern: sequence &- next)
    if distance > 0 {
      if ahead.count < maximumAhead, distance < 65_536 { ahead[sequence] = Array(payload) }
      return
    }
    let seen = -Int(distance)
    guard seen < payload.count else { return }
    bytes += payload.dropFirst(seen)
    next = next &+ UInt32(payload.count - seen)
    for (start, later) in ahead.sorted(by: { Int32(bitPattern: $0.key &- next) < Int32(bitPattern: $1.key &- next) }) {
      guard Int32(bitPattern: start &- next) <= 0 else { return }
      ahead[start] = nil
      let known = Int(next &- start)
      guard known < later.count else { continue }
      bytes += later.dropFirst(known)
      next = next &+ UInt32(later.count - known)
    }
  }

  fileprivate mutating func takeMessages() -> [[UInt8]] {
    var messages: [[UInt8]] = []
    while bytes.count >= 2 {
      let length = Int(bytes[0]) << 8 | Int(bytes[1])
      guard bytes.count >= 2 + length else { break }
      messages.append(Array(bytes[2..<(2 + length)]))
      bytes.removeFirst(2 + length)
    }
    return messages
  }
}
