import EgressPolicy
import NetworkValues

/// Folds refused packets that are alike. The first is told at once; those that come after it within a second are told
/// together when the second is over.
///
/// Packets are alike that differ in nothing but the sender's port. Memory is bounded: of more kinds in one second than
/// there is room for, the later ones are only counted.
package struct RefusalFold {
  /// One or several packets, to be told of.
  package struct Told: Hashable, Sendable {
    /// What refused them.
    package var refusal: Refusal

    /// The first of them.
    package var packet: RefusedPacket

    /// When the first came, since 1970.
    package var microseconds: Int64

    /// How many they are.
    package var count: UInt64

    package init(refusal: Refusal, packet: RefusedPacket, microseconds: Int64, count: UInt64) {
      self.refusal = refusal
      self.packet = packet
      self.microseconds = microseconds
      self.count = count
    }
  }

  private struct Kind: Hashable {
    var refusal: Refusal
    var packet: RefusedPacket

    init(_ refusal: Refusal, _ packet: RefusedPacket) {
      self.refusal = refusal
      self.packet = packet
      self.packet.sourcePort = nil
    }
  }

  private let limit: Int
  private let window: Duration

  /// One kind of packet that was seen in this window.
  private struct Slot {
    /// What of it is not told yet.
    var folded: Told?
  }

  private var seen: [Kind: Slot] = [:]

  /// When the window ends; `nil` while nothing was seen.
  package private(set) var deadline: ContinuousClock.Instant?

  /// Packets that are not told yet.
  package private(set) var waiting: UInt64 = 0

  /// Packets that are never told of.
  package private(set) var overflowed: UInt64 = 0

  /// - Parameters:
  ///   - limit: how many different kinds of packets one window can have.
  ///   - window: for how long alike packets are folded.
  package init(limit: Int = 4096, window: Duration = .seconds(1)) {
    self.limit = limit
    self.window = window
  }

  /// Takes a packet.
  ///
  /// - Returns: what is to be told at once.
  package mutating func take(
    _ refusal: Refusal, _ packet: RefusedPacket, microseconds: Int64, at now: ContinuousClock.Instant
  ) -> Told? {
    if deadline == nil { deadline = now + window }
    let kind = Kind(refusal, packet)
    let told = Told(refusal: refusal, packet: packet, microseconds: microseconds, count: 1)
    guard let place = seen.index(forKey: kind) else {
      guard seen.count < limit else {
        overflowed += 1
        return nil
      }
      seen[kind] = Slot()
      return told
    }
    waiting += 1
    if seen.values[place].folded == nil {
      seen.values[place].folded = told
    } else {
      seen.values[place].folded?.count += 1
    }
    return nil
  }

  /// Ends the window if its time is over, or whenever `isLast`.
  ///
  /// - Returns: what was folded in it, oldest first.
  package mutating func flush(at now: ContinuousClock.Instant, isLast: Bool = false) -> [Told] {
    guard let deadline, isLast || now >= deadline else { return [] }
    let told = seen.values.compactMap(\.folded).sorted { $0.microseconds < $1.microseconds }
    // What goes on is folded further; what was quiet is told at once when it comes again.
    seen = seen.filter { $0.value.folded != nil }.mapValues { _ in Slot() }
    self.deadline = seen.isEmpty ? nil : now + window
    waiting = 0
    return told
  }
}
