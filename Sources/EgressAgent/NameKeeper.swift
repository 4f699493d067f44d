import ClusterModel
import EgressPolicy
import NameResolution
import NetworkValues
import Telemetry

/// The names that a node has to know, what DNS gave for them, and what resolvers told gateway pods. Knows no clock and
/// asks nobody.
struct NameKeeper {
  private(set) var demand = NameDemand()
  private(set) var table = NameTable()
  private(set) var observed = ObservedNames()
  private var conversations = DNSConversations()

  /// What resolvers told of inside and special addresses (E5), which stay closed. Bounded.
  private(set) var refused: [ObservedNames.Key: Set<IPAddress>] = [:]

  /// Those of `refused` that nobody was told about yet.
  private var newlyRefused: [ObservedName] = []

  /// What is wrong: one sentence part a name, the first of them.
  private(set) var faults: [String] = []

  /// Whether the addresses differ from those that were published last, apart from what was opened at once.
  private(set) var hasChanged = false

  /// Takes what a derivation needs.
  mutating func want(_ new: NameDemand, at now: NameTable.Instant) {
    demand = new
    var limits = NameTable.Limits()
    limits.grace = .seconds(new.configuration.grace)
    limits.addressesPerName = new.configuration.maxAddressesPerHost
    table.limits = limits
    observed.limits = limits
    table.want(new.names, at: now)
    let isForgotten = observed.keep { new.openings?.concern($0, $1) ?? false }
    refused = refused.filter { new.openings?.concern($0.key.client, $0.key.name) ?? false }
    hasChanged = hasChanged || isForgotten
    faults = currentFaults
  }

  /// When there is something to ask for, or may be something to forget.
  var next: NameTable.Instant? { [table.next, table.nextExpiry, observed.nextExpiry].compactMap { $0 }.min() }

  /// Names to ask for now.
  mutating func takeDue(at now: NameTable.Instant) -> [String] { table.takeDue(at: now) }

  /// Takes what became of the questions for a name.
  mutating func take(_ outcome: NameQuestions.Outcome, at now: NameTable.Instant) {
    let before = table.entries[outcome.name]
    if outcome.failures.count == DNSMessage.AddressType.allCases.count
      || outcome.answers.isEmpty && !outcome.failures.isEmpty
    {
      table.fail(outcome.name, because: outcome.failures.values.min() ?? "", at: now)
    } else {
      let kept = outcome.failures.keys.map { $0 == .a ? IPFamily.v4 : .v6 }
      table.take(outcome.answers, for: outcome.name, keeping: Set(kept), at: now)
    }
    let after = table.entries[outcome.name]
    hasChanged = hasChanged || after?.addresses != before?.addresses
    if before?.fault != after?.fault { faults = currentFaults }
  }

  /// Takes the copy of a packet between a gateway pod and a resolver.
  ///
  /// - Returns: what the pod was told and may reach, as far as it is new.
  mutating func take(_ packet: [UInt8], at now: NameTable.Instant) -> [ObservedName] {
    guard let openings = demand.openings else { return [] }
    var new: [ObservedName] = []
    for var told in conversations.take(packet, at: now, isClient: openings.isClient) {
      guard openings.concern(told.client, told.question.name) else { continue }
      refuse(told.answers.map(\.address).filter { !openings.isExternal($0) }, told)
      told.answers.removeAll { !openings.isExternal($0.address) }
      new += observed.take(told, at: now).map {
        ObservedName(client: told.client, name: told.question.name, address: $0)
      }
    }
    return new
  }

  /// Remembers inside and special addresses that were told, of a hundred names at most.
  private mutating func refuse(_ addresses: [IPAddress], _ told: DNSConversations.Told) {
    let key = ObservedNames.Key(client: told.client, name: told.question.name)
    guard !addresses.isEmpty, refused[key] != nil || refused.count < 100 else { return }
    var known = refused[key] ?? []
    for address in addresses where known.count < 16 && known.insert(address).inserted {
      newlyRefused.append(ObservedName(client: told.client, name: told.question.name, address: address))
    }
    refused[key] = known
  }

  /// Inside and special addresses that resolvers told of since this was asked last.
  mutating func takeRefused() -> [ObservedName] {
    defer { newlyRefused = [] }
    return newlyRefused
  }

  /// Whether some address may no longer count.
  func mayExpire(at now: NameTable.Instant) -> Bool {
    [table.nextExpiry, observed.nextExpiry].contains { $0.map { $0 <= now } ?? false }
  }

  /// Forgets what does not count any more.
  mutating func expire(at now: NameTable.Instant, _ isInUse: (IPAddress) -> Bool) {
    let isForgotten = table.expire(at: now, isInUse)
    let isUnlearnt = observed.expire(at: now, isInUse)
    hasChanged = hasChanged || isForgotten || isUnlearnt
    if isForgotten { faults = currentFaults }
    conversations.forget(before: now)
  }

  /// Everything that is known now; counts as published.
  mutating func publish() -> ResolvedNames {
    hasChanged = false
    var names = ResolvedNames()
    for (name, entry) in table.entries {
      if entry.isAnswered || !entry.records.isEmpty {
        names.addresses[name] = entry.records.keys.sorted()
      } else {
        names.faults[name] = entry.fault
      }
    }
    names.observed = observed.records.flatMap { key, records in
      records.keys.map { ObservedName(client: key.client, name: key.name, address: $0) }
    }.sorted()
    return names
  }

  private var currentFaults: [String] {
    let broken = table.entries.filter { $0.value.fault != nil }.sorted { $0.key < $1.key }
    let shown = broken.prefix(5).map { name, entry in
      "\(name): \(entry.fault ?? ""); "
        + (entry.records.isEmpty ? "nothing is opened for it" : "its last addresses stay")
    }
    let crowded = table.entries.filter { $0.value.dropped > 0 }.keys.sorted().prefix(5).map {
      "\($0): has more than \(table.limits.addressesPerName) addresses (names.maxAddressesPerHost); the oldest were dropped"
    }
    return shown + (broken.count > 5 ? ["and \(broken.count - 5) more names"] : []) + crowded
  }
}
