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
    let client: IPAddress
    var used: DNSConversations.Instant

    /// The most segments, and their bytes together, that wait for those before them.
    static let maximumAhead = 32
    static let maximumSizeAhead = 65_536
  }

  /// How many streams are followed, and how many of one client; a connection has two. With what a stream may hold at most
  /// that is 64 MiB and 16 MiB.
  private let limit = 512
  private let limitPerClient = 128
  private let patience = Duration.seconds(120)
  private var streams: [Direction: Stream] = [:]
  private var counts: [IPAddress: Int] = [:]

  /// When there was no room last, and none was found.
  private var isFullSince: DNSConversations.Instant?

  /// Takes a segment of a client's connection.
  ///
  /// - Returns: the messages that are whole now. Streams whose beginning was not seen give none.
  mutating func take(
    _ segment: TransportSegment, of client: IPAddress, at now: DNSConversations.Instant
  ) -> [[UInt8]] {
    guard let place = segment.stream else { return [] }
    let direction = Direction(source: segment.source, destination: segment.destination)
    if place.begins {
      remove(direction)
      if isFull(for: client) { makeRoom(at: now) }
      guard !isFull(for: client) else { return [] }
      streams[direction] = Stream(next: place.sequence &+ 1, client: client, used: now)
      counts[client, default: 0] += 1
    }
    // Taken out, so that it is not copied.
    guard var stream = streams.removeValue(forKey: direction) else { return [] }
    if !segment.payload.isEmpty {
      stream.used = now
      stream.take(segment.payload, at: place.begins ? place.sequence &+ 1 : place.sequence)
    }
    let messages = stream.takeMessages()
    // A message has at most 65,535 bytes: what is longer than that is no stream of messages.
    let isOver = place.ends && stream.ahead.isEmpty || stream.bytes.count > Int(UInt16.max) + 2
    streams[direction] = stream
    if isOver { remove(direction) }
    return messages
  }

  private func isFull(for client: IPAddress) -> Bool {
    streams.count >= limit || counts[client, default: 0] >= limitPerClient
  }

  private mutating func makeRoom(at now: DNSConversations.Instant) {
    guard isFullSince.map({ $0 + .seconds(1) <= now }) ?? true else { return }
    isFullSince = now
    forget(before: now)
  }

  private mutating func remove(_ direction: Direction) {
    guard let stream = streams.removeValue(forKey: direction) else { return }
    let left = counts[stream.client, default: 1] - 1
    counts[stream.client] = left > 0 ? left : nil
  }

  /// Bytes that are kept.
  var size: Int {
    streams.values.reduce(0) { $0 + $1.bytes.count + $1.ahead.values.reduce(0) { $0 + $1.count } }
  }

  mutating func forget(before now: DNSConversations.Instant) {
    for (direction, stream) in streams where stream.used + patience <= now { remove(direction) }
  }
}

extension DNSStreams.Stream {
  fileprivate mutating func take(_ payload: ArraySlice<UInt8>, at sequence: UInt32) {
    // Numbers wrap around: what lies up to half the space behind was seen before.
    let distance = Int32(bitPattern: sequence &- next)
    if distance > 0 {
      if distance < 65_536 { keep(payload, at: sequence) }
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

  /// Of two segments that begin alike the longer one.
  private mutating func keep(_ payload: ArraySlice<UInt8>, at sequence: UInt32) {
    let known = ahead[sequence]?.count ?? 0
    let size = ahead.values.reduce(0) { $0 + $1.count } - known + payload.count
    guard payload.count > known, known > 0 || ahead.count < Self.maximumAhead, size <= Self.maximumSizeAhead else {
      return
    }
    ahead[sequence] = Array(payload)
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
