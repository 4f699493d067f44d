import NetworkValues

/// What resolvers told clients, and until when each address counts.
///
/// The same rules as for names that moat asks for itself (`NameTable`): lifetime, grace, use. Bounded: of too many
/// names those that were told longest ago are forgotten.
package struct ObservedNames: Sendable {
  /// A moment, as whoever calls tells it.
  package typealias Instant = ContinuousClock.Instant

  /// Who was told of which name.
  package struct Key: Hashable, Comparable, Sendable {
    /// The client's address.
    package var client: IPAddress

    /// In lower case, without a final dot.
    package var name: String

    package init(client: IPAddress, name: String) {
      self.client = client
      self.name = name
    }

    package static func < (left: Key, right: Key) -> Bool {
      left.client == right.client ? left.name < right.name : left.client < right.client
    }
  }

  /// The same as a table's.
  package var limits: NameTable.Limits

  /// By client and name, the records of the addresses.
  package private(set) var records: [Key: [IPAddress: NameTable.Record]] = [:]

  /// Those that were told more addresses than a name may have.
  package private(set) var crowded: Set<Key> = []

  /// When something may end.
  package private(set) var nextExpiry: Instant?

  /// Names that were forgotten because there were too many.
  package private(set) var dropped = 0

  /// Whether something was forgotten for want of room since `expire` was called last.
  private var hasDropped = false

  package init(limits: NameTable.Limits = NameTable.Limits()) { self.limits = limits }

  /// Takes what a client was told.
  ///
  /// - Returns: the addresses that are new, sorted; no more than a name may have.
  package mutating func take(_ told: DNSConversations.Told, at now: Instant) -> [IPAddress] {
    let key = Key(client: told.client, name: told.question.name)
    if records[key] == nil, records.count >= limits.observedNames { forgetOldest() }
    var known = records[key] ?? [:]
    let before = Set(known.keys)
    for answer in told.answers {
      known.note(answer, at: now)
      let expiry = now + .seconds(Int64(answer.lifetime)) + limits.grace
      nextExpiry = min(nextExpiry ?? expiry, expiry)
    }
    if known.count > limits.addressesPerName {
      known.keepNewest(limits.addressesPerName)
      hasDropped = true
      crowded.insert(key)
    }
    records[key] = known.isEmpty ? nil : known
    return known.keys.filter { !before.contains($0) }.sorted()
  }

  /// Forgets what belongs to clients or names that no longer matter.
  ///
  /// - Returns: whether there was such a thing.
  package mutating func keep(where matters: (_ client: IPAddress, _ name: String) -> Bool) -> Bool {
    let count = records.count
    records = records.filter { matters($0.key.client, $0.key.name) }
    crowded.formIntersection(records.keys)
    return records.count < count
  }

  /// Forgets addresses whose time is over.
  ///
  /// - Parameter isInUse: whether a connection to the address is open.
  /// - Returns: whether there was one, or one had to go early since the last time.
  package mutating func expire(at now: Instant, _ isInUse: (IPAddress) -> Bool) -> Bool {
    var hasChanged = hasDropped
    hasDropped = false
    for (key, known) in records {
      let left = known.filter {
        $0.value.counts(at: now, limits) || $0.value.isKept(at: now, limits) && isInUse($0.key)
      }
      guard left.count < known.count else { continue }
      hasChanged = true
      records[key] = left.isEmpty ? nil : left
    }
    crowded.formIntersection(records.keys)
    let first = records.values.flatMap { $0.values.map(\.expires) }.min()
    nextExpiry = first.map { max($0 + limits.grace, now + limits.longestPause) }
    return hasChanged
  }

  /// Makes room for a tenth of all names: whoever asks for thousands shall not cost a search each time.
  private mutating func forgetOldest() {
    let times = records.map { (key: $0.key, seen: $0.value.values.map(\.seen).max()) }
    let order = times.sorted { left, right in
      guard let earlier = left.seen, let later = right.seen, earlier != later else {
        return left.seen == nil && right.seen != nil || left.seen == right.seen && left.key < right.key
      }
      return earlier < later
    }
    let count = max(1, limits.observedNames / 10)
    for entry in order.prefix(count) {
      records[entry.key] = nil
      crowded.remove(entry.key)
    }
    dropped += min(count, order.count)
    hasDropped = true
  }
}

extension NameTable.Record {
  /// Whether its lifetime or the grace after it lasts.
  func counts(at now: NameTable.Instant, _ limits: NameTable.Limits) -> Bool { expires + limits.grace > now }

  /// Whether it may still be kept for a connection that is open.
  func isKept(at now: NameTable.Instant, _ limits: NameTable.Limits) -> Bool { seen + limits.longestUse > now }
}

extension [IPAddress: NameTable.Record] {
  /// Adds what an answer says; never shortens.
  mutating func note(_ answer: DNSMessage.Answer, at now: NameTable.Instant) {
    let expires = now + .seconds(Int64(answer.lifetime))
    self[answer.address] = NameTable.Record(
      seen: now, expires: Swift.max(self[answer.address]?.expires ?? expires, expires))
  }

  fileprivate mutating func keepNewest(_ count: Int) {
    let order = sorted { $0.value.seen == $1.value.seen ? $0.key < $1.key : $0.value.seen > $1.value.seen }
    self = Dictionary(uniqueKeysWithValues: order.prefix(count).map { ($0.key, $0.value) })
  }
}
