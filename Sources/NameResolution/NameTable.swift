import HeapModule
import NetworkValues

/// Names that somebody needs, the addresses that DNS gave for them, and until when each counts.
///
/// An address counts until its own lifetime (TTL) and the grace after it are over, longer while a connection to it is
/// open and while the name cannot be asked for. Knows no clock: whoever calls says what time it is.
package struct NameTable: Sendable {
  /// A moment, as whoever calls tells it.
  package typealias Instant = ContinuousClock.Instant

  /// What bounds a table.
  package struct Limits: Hashable, Sendable {
    /// How long an address counts after its lifetime (`names.grace`).
    package var grace = Duration.seconds(300)

    /// How many addresses a name has at most (`names.maxAddressesPerHost`).
    package var addressesPerName = 256

    /// How many names are remembered that were only seen in answers to others.
    package var observedNames = 10_000

    /// How long an address may count after the last answer that gave it because a connection to it is open.
    package var longestUse = Duration.seconds(24 * 3600)

    /// The shortest time between two questions for a name.
    package var shortestRefresh = Duration.seconds(1)

    /// The longest time between two questions for a name.
    package var longestRefresh = Duration.seconds(3600)

    /// What is due so soon is asked for with what is due now: thousands of names shall not cost a wake-up each.
    package var foresight = Duration.milliseconds(250)

    /// When a name without any address is asked for again.
    package var negativeRefresh = Duration.seconds(30)

    /// The first pause after a failure; every further one is twice as long, up to `longestPause`.
    package var firstPause = Duration.seconds(1)

    /// The longest pause after a failure.
    package var longestPause = Duration.seconds(60)

    package init() {}
  }

  /// An address of a name.
  package struct Record: Hashable, Sendable {
    /// When the last answer that gave it came.
    package var seen: Instant

    /// When its lifetime is over.
    package var expires: Instant
  }

  /// A name that is asked for.
  package struct Entry: Hashable, Sendable {
    /// By address.
    package internal(set) var records: [IPAddress: Record] = [:]

    /// When it is to be asked for again; absent while it is being asked for.
    package internal(set) var nextQuestion: Instant?

    /// Questions that failed in a row.
    package internal(set) var failures = 0

    /// Why the last question failed; absent where it was answered.
    package internal(set) var fault: String?

    /// Whether there was ever an answer.
    package internal(set) var isAnswered = false

    /// Addresses that were dropped because there were too many.
    package internal(set) var dropped = 0
  }

  /// Limits.
  package var limits: Limits

  /// The names that are asked for.
  package private(set) var entries: [String: Entry] = [:]

  /// When there is something to ask for: no later than the first of all entries' times.
  package private(set) var next: Instant?

  /// When each name is to be asked for; also appointments that no longer hold: those count that entries have, too.
  private var agenda = Heap<Appointment>()

  /// When the first address may no longer count: no later than the first of all records' times and the grace.
  package private(set) var nextExpiry: Instant?

  /// A number between 0 and 1 for a name: spreads questions, so that names of one lifetime are not asked for at once.
  private let jitter: @Sendable (String) -> Double

  /// - Parameter jitter: between 0 and 1, by name.
  package init(limits: Limits = Limits(), jitter: @escaping @Sendable (String) -> Double = spread) {
    self.limits = limits
    self.jitter = jitter
  }

  /// Says which names are needed from now on; others are forgotten.
  package mutating func want(_ names: Set<String>, at now: Instant) {
    for name in entries.keys where !names.contains(name) { entries[name] = nil }
    for name in names where entries[name] == nil { entries[name] = Entry(nextQuestion: now) }
    agenda = Heap(entries.compactMap { name, entry in entry.nextQuestion.map { Appointment(time: $0, name: name) } })
    next = agenda.min?.time
  }

  /// Names to ask for now, sorted; they count as asked for then.
  package mutating func takeDue(at now: Instant) -> [String] {
    guard let next, next <= now else { return [] }
    let end = now + limits.foresight
    var due: [String] = []
    while let first = agenda.min, first.time <= end || entries[first.name]?.nextQuestion != first.time {
      agenda.removeMin()
      guard entries[first.name]?.nextQuestion == first.time else { continue }
      entries[first.name]?.nextQuestion = nil
      due.append(first.name)
    }
    self.next = agenda.min?.time
    return due.sorted()
  }

  /// Takes what DNS answered, of both address types together; empty where the name has no address.
  ///
  /// - Parameter kept: families that could not be asked for: what is known of them counts on.
  package mutating func take(
    _ answers: [DNSMessage.Answer], for name: String, keeping kept: Set<IPFamily> = [], at now: Instant
  ) {
    note(answers, for: name, at: now)
    guard var entry = entries[name] else { return }
    for (address, record) in entry.records where kept.contains(address.family) {
      entry.records[address]?.expires = max(record.expires, now)
    }
    entry.isAnswered = true
    entry.failures = 0
    entry.fault = nil
    let shortest = answers.map(\.lifetime).min().map { Duration.seconds(Int64($0)) }
    let pause = shortest.map { min(max($0, limits.shortestRefresh), limits.longestRefresh) } ?? limits.negativeRefresh
    // Before the lifetime is over, and not all at once.
    plan(name, &entry, after: max(pause * (0.6 + 0.3 * jitter(name)), limits.shortestRefresh), at: now)
    // Too many, or kept only while nobody knew: to be looked through at once.
    if entry.records.count > limits.addressesPerName
      || entry.records.values.contains(where: { !$0.counts(at: now, limits) })
    {
      nextExpiry = now
    }
    entries[name] = entry
  }

  private mutating func note(_ answers: [DNSMessage.Answer], for name: String, at now: Instant) {
    guard entries[name] != nil else { return }
    for answer in answers {
      entries[name]?.records.note(answer, at: now)
      let expiry = now + .seconds(Int64(answer.lifetime)) + limits.grace
      nextExpiry = min(nextExpiry ?? expiry, expiry)
    }
  }

  /// Notes that the name could not be asked for. What is known of it stays.
  package mutating func fail(_ name: String, because reason: String, at now: Instant) {
    guard var entry = entries[name] else { return }
    entry.failures += 1
    entry.fault = reason
    let pause = min(limits.firstPause * (1 << min(entry.failures - 1, 16)), limits.longestPause)
    plan(name, &entry, after: pause * (0.75 + 0.5 * jitter(name)), at: now)
    entries[name] = entry
  }

  private mutating func plan(_ name: String, _ entry: inout Entry, after pause: Duration, at now: Instant) {
    let time = now + pause
    entry.nextQuestion = time
    agenda.insert(Appointment(time: time, name: name))
    next = min(next ?? time, time)
  }

  /// Forgets addresses whose time is over, and those that are too many, the ones that are not in use first, then the
  /// oldest.
  ///
  /// - Parameter isInUse: whether a connection to the address is open.
  /// - Returns: whether something was forgotten.
  package mutating func expire(at now: Instant, _ isInUse: (IPAddress) -> Bool) -> Bool {
    var hasChanged = false
    for (name, entry) in entries {
      var left = entry
      left.expire(at: now, limits, isInUse)
      guard left.records.count < entry.records.count else { continue }
      entries[name] = left
      hasChanged = true
    }
    let first = entries.values.flatMap { $0.records.values.map(\.expires) }.min()
    // What is kept although its time is over is looked at again after a while.
    nextExpiry = first.map { max($0 + limits.grace, now + limits.longestPause) }
    return hasChanged
  }
}

/// When a name is to be asked for.
private struct Appointment: Comparable, Sendable {
  var time: NameTable.Instant
  var name: String

  static func < (left: Self, right: Self) -> Bool { left.time < right.time }
}

extension NameTable.Entry {
  /// The addresses that count, in no order.
  package var addresses: Set<IPAddress> { Set(records.keys) }

  init(nextQuestion: NameTable.Instant) { self.nextQuestion = nextQuestion }

  mutating func expire(at now: NameTable.Instant, _ limits: NameTable.Limits, _ isInUse: (IPAddress) -> Bool) {
    // A name that cannot be asked for keeps what it had, also while it is not known yet whether it can.
    if fault == nil, nextQuestion != nil {
      records = records.filter { address, record in
        record.counts(at: now, limits) || record.isKept(at: now, limits) && isInUse(address)
      }
    }
    guard records.count > limits.addressesPerName else { return }
    let order = records.sorted { left, right in
      let (leftInUse, rightInUse) = (isInUse(left.key), isInUse(right.key))
      if leftInUse != rightInUse { return leftInUse }
      return left.value.seen == right.value.seen ? left.key < right.key : left.value.seen > right.value.seen
    }
    dropped += records.count - limits.addressesPerName
    records = Dictionary(uniqueKeysWithValues: order.prefix(limits.addressesPerName).map { ($0.key, $0.value) })
  }
}

/// A number between 0 and 1 that differs from name to name and from process to process.
@Sendable package func spread(_ name: String) -> Double {
  Double(UInt32(truncatingIfNeeded: name.hashValue)) / 0xffff_ffff
}
