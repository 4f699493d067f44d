import NetworkValues

/// What clients asked resolvers, so that only answers to these questions count.
///
/// Fed with copies of both ways: an answer counts if it comes from where the question went, goes to where it came from,
/// and has its transaction and its question. Bounded in every direction; what no longer fits counts for nothing, so that
/// its answer opens nothing. Knows no clock.
package struct DNSConversations {
  /// A moment, as whoever calls tells it.
  package typealias Instant = ContinuousClock.Instant

  /// An answer to a question that was asked.
  package struct Told: Hashable, Sendable {
    /// Who was told.
    package var client: IPAddress

    /// What it asked.
    package var question: DNSMessage.Question

    /// What it was told; at least one address.
    package var answers: [DNSMessage.Answer]
  }

  /// Who asked whom what.
  private struct Asked: Hashable {
    var client: TransportSegment.Endpoint
    var server: TransportSegment.Endpoint
    var transaction: UInt16
    var question: DNSMessage.Question
    var isStream: Bool
  }

  /// How long a question waits for its answer; resolvers of applications give up before.
  private let patience = Duration.seconds(30)

  /// How many questions wait, and how many of one client.
  private let limit = 16_384
  private let limitPerClient = 4_096

  private var asked: [Asked: Instant] = [:]
  private var counts: [IPAddress: Int] = [:]
  private var streams = DNSStreams()

  /// When there was no room last, and none was found.
  private var isFullSince: Instant?

  /// Questions that did not fit.
  package private(set) var overflows: UInt64 = 0

  package init() {}

  /// Takes the copy of a packet.
  ///
  /// - Parameter isClient: whether an address is a client's.
  /// - Returns: what clients were told by it.
  package mutating func take(
    _ packet: [UInt8], at now: Instant, isClient: (IPAddress) -> Bool
  ) -> [Told] {
    guard let segment = TransportSegment(packet: packet) else { return [] }
    let isQuestion = isClient(segment.source.address)
    guard isQuestion || isClient(segment.destination.address) else { return [] }
    let client = isQuestion ? segment.source.address : segment.destination.address
    let messages = segment.stream == nil ? [Array(segment.payload)] : streams.take(segment, of: client, at: now)
    return messages.compactMap { bytes in
      guard let message = DNSMessage(bytes) else { return nil }
      let isStream = segment.stream != nil
      if message.isAnswer {
        return told(
          message,
          Asked(
            client: segment.destination, server: segment.source, transaction: message.transaction,
            question: message.question, isStream: isStream), at: now)
      }
      if isQuestion {
        remember(
          Asked(
            client: segment.source, server: segment.destination, transaction: message.transaction,
            question: message.question, isStream: isStream), at: now)
      }
      return nil
    }
  }

  /// The first answer to a question is the one that counts.
  private mutating func told(_ message: DNSMessage, _ key: Asked, at now: Instant) -> Told? {
    guard let time = asked[key], time + patience > now else { return nil }
    forget(key)
    guard !message.answers.isEmpty else { return nil }
    return Told(client: key.client.address, question: message.question, answers: message.answers)
  }

  private mutating func remember(_ key: Asked, at now: Instant) {
    if asked[key] == nil {
      if isFull(for: key.client.address) { makeRoom(at: now) }
      guard !isFull(for: key.client.address) else {
        overflows += 1
        return
      }
      counts[key.client.address, default: 0] += 1
    }
    asked[key] = now
  }

  private func isFull(for client: IPAddress) -> Bool {
    asked.count >= limit || counts[client, default: 0] >= limitPerClient
  }

  /// Not for every question of a flood: looking through them all takes its time.
  private mutating func makeRoom(at now: Instant) {
    guard isFullSince.map({ $0 + .seconds(1) <= now }) ?? true else { return }
    isFullSince = now
    forget(before: now)
  }

  private mutating func forget(_ key: Asked) {
    asked[key] = nil
    let left = counts[key.client.address, default: 1] - 1
    counts[key.client.address] = left > 0 ? left : nil
  }

  /// Forgets questions that nobody waits for any more.
  package mutating func forget(before now: Instant) {
    for (key, time) in asked where time + patience <= now { forget(key) }
    streams.forget(before: now)
  }
}
