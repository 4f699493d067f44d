import NetworkValues

/// The connections whose verdict a change of rules may have turned to a refusal.
package enum Concern: Hashable, Sendable {
  /// None.
  case nothing

  /// Those with an end in this set.
  case addresses(PrefixSet)

  /// All: rules changed, or nobody knows.
  case everything

  /// Whether a connection is among them.
  package func includes(_ connection: Connection) -> Bool {
    switch self {
    case .nothing: false
    case .addresses(let addresses): addresses.contains(connection.source) || addresses.contains(connection.destination)
    case .everything: true
    }
  }

  /// The connections of either.
  package func union(_ other: Concern) -> Concern {
    switch (self, other) {
    case (.everything, _), (_, .everything): .everything
    case (.nothing, let rest), (let rest, .nothing): rest
    case (.addresses(let some), .addresses(let more)): .addresses(some.union(more))
    }
  }
}

/// What connections a change from `old` to `new` concerns.
///
/// A packet's verdict can change only where a rule changes, or where a set it is looked up in gains or loses its key;
/// then its address is the address in that key. A set of which every rule accepts what is found cannot refuse by gaining
/// keys. Chains that no connection is judged by (prerouting, other families) do not count.
///
/// - Parameter old: what the kernel held before; `nil` where that is not known.
package func concern(from old: Ruleset?, to new: Ruleset) -> Concern {
  guard let old else { return .everything }
  let tables = Set((old.tables + new.tables).map(\.id)).filter { $0.family == .inet }
  return tables.reduce(.nothing) { concern, id in
    guard let table = new[id] else { return concern }
    return concern.union(old[id].map { change(from: $0, to: table) } ?? .everything)
  }
}

private func change(from old: Table, to new: Table) -> Concern {
  let chains = judgingChains(of: new)
  guard chains == judgingChains(of: old) else { return .everything }
  var addresses: [AddressRange] = []
  for (name, isAllowing) in lookups(in: chains).sorted(by: { $0.key < $1.key }) {
    guard let before = old.set(name), let after = new.set(name), before.definition.type == after.definition.type else {
      return .everything
    }
    let changed =
      before.elements.subtracting(after.elements) + (isAllowing ? [] : after.elements.subtracting(before.elements))
    guard !changed.isEmpty else { continue }
    guard let found = addressRanges(changed, as: after.definition.type) else { return .everything }
    addresses += found
  }
  return addresses.isEmpty ? .nothing : .addresses(PrefixSet(ranges: addresses))
}

/// The chains that judge connections: those of the hooks that see them, and where they lead to.
private func judgingChains(of table: Table) -> [Chain] {
  var pending = table.chains.filter { $0.hook.map { $0.point != .prerouting } ?? false }
  var names = Set(pending.map(\.name))
  while let chain = pending.popLast() {
    for target in chain.rules.flatMap(\.targets) where names.insert(target).inserted {
      if let next = table.chain(target) { pending.append(next) }
    }
  }
  return table.chains.filter { names.contains($0.name) }
}

/// The sets that the chains look up, and whether every such rule accepts what is found.
private func lookups(in chains: [Chain]) -> [String: Bool] {
  var sets: [String: Bool] = [:]
  for rule in chains.flatMap(\.rules) {
    for case .lookup(_, let membership, let set) in rule.statements {
      sets[set] = sets[set, default: true] && membership == .isIn && rule.accepts
    }
  }
  return sets
}

extension Rule {
  /// Whether the rule accepts what it matches.
  fileprivate var accepts: Bool {
    for statement in statements {
      switch statement {
      case .verdict(let verdict): return verdict == .accept
      case .reject: return false
      default: continue
      }
    }
    return false
  }
}

extension SetElements {
  /// The elements as ranges that are not among those of `other`.
  fileprivate func subtracting(_ other: SetElements) -> [ElementRange] {
    switch (self, other) {
    case (.keys(let keys), .keys(let others)): missing(keys, in: others).map { ElementRange(first: $0, last: $0) }
    case (.ranges(let ranges), .ranges(let others)): missing(ranges, in: others)
    case (.keys(let keys), .ranges): keys.map { ElementRange(first: $0, last: $0) }
    case (.ranges(let ranges), .keys): ranges
    }
  }
}

/// The items of one sorted list that another sorted list lacks.
private func missing<Item: Comparable>(_ items: [Item], in others: [Item]) -> [Item] {
  var result: [Item] = []
  var index = 0
  for item in items {
    while index < others.count, others[index] < item { index += 1 }
    if index == others.count || others[index] != item { result.append(item) }
  }
  return result
}

/// The addresses of the elements' first address field; `nil` where the type has none.
private func addressRanges(_ elements: [ElementRange], as type: [FieldType]) -> [AddressRange]? {
  guard let place = type.firstIndex(where: { $0 == .address4 || $0 == .address6 }) else { return nil }
  let family: IPFamily = type[place] == .address4 ? .v4 : .v6
  let offset = type[..<place].reduce(0) { $0 + $1.stride(among: type.count) }
  return elements.map { element in
    AddressRange(
      first: IPAddress(family, element.first.value(at: offset, width: type[place].width)),
      last: IPAddress(family, element.last.value(at: offset, width: type[place].width)))
  }
}
