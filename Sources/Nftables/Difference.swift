/// What turns `actual` into `wanted`, as one transaction that the kernel accepts in this order; empty where nothing is
/// to be done.
///
/// What is equal is left alone: counters keep their values, hash sets get and lose only the keys that differ, a chain's
/// rules stay where they are the same. Interval sets are replaced whole, together with the rules that use them. A hash
/// set may keep another declared size as long as its keys fit.
///
/// - Parameters:
///   - actual: what stands in moat's tables; `nil` where there are none. Its tables that `wanted` lacks are deleted.
///   - wanted: a valid ruleset (`problems(in:)` finds none).
package func difference(from actual: Ruleset?, to wanted: Ruleset) -> Transaction {
  let removals = (actual?.tables ?? []).filter { wanted[$0.id] == nil }.map { Operation.deleteTable($0.id) }
  let changes = wanted.tables.flatMap { table in
    actual?[table.id].map { TableDifference(from: $0, to: table).operations } ?? creation(of: table)
  }
  return Transaction(removals + changes)
}

/// Everything that makes `table` where there is none.
private func creation(of table: Table) -> [Operation] {
  let empty = Table(id: table.id, counters: [], sets: [], chains: [])
  return [.addTable(table.id)] + TableDifference(from: empty, to: table).operations
}

/// The changes of one table that exists.
///
/// Users go before what they use and come after it: rules, chains, sets and counters are removed in this order and
/// added in the opposite one. Keys are deleted before others are added, so that a set's size is never passed on the way.
private struct TableDifference {
  let table: TableID
  let counters: [(old: Counter?, new: Counter?)]
  let sets: [SetChange]
  let chains: [ChainChange]

  init(from old: Table, to new: Table) {
    table = new.id
    counters = old.counters == new.counters ? [] : joined(old.counters, new.counters, by: \.name)
    let sets = joined(old.sets, new.sets, by: \.name).compactMap { SetChange(from: $0.old, to: $0.new) }
    let replaced = Set(sets.compactMap(\.replacedName))
    self.sets = sets
    let isSame = replaced.isEmpty && old.chains == new.chains
    chains = (isSame ? [] : joined(old.chains, new.chains, by: \.name)).map {
      ChainChange(from: $0.old, to: $0.new, replacedSets: replaced)
    }
  }

  var operations: [Operation] { removals + additions }

  private var removals: [Operation] {
    chains.flatMap { $0.flushes(in: table) } + chains.flatMap { $0.deletions(in: table) }
      + sets.flatMap { $0.deletions(in: table) }
      + counters.filter { $0.new == nil }.compactMap(\.old).map { .deleteCounter(table, name: $0.name) }
  }

  private var additions: [Operation] {
    counters.filter { $0.old == nil }.compactMap(\.new).map { .addCounter(table, $0) }
      + sets.flatMap { $0.additions(in: table) }
      + chains.flatMap { $0.additions(in: table) } + chains.flatMap { $0.rules(in: table) }
  }
}

/// Pairs the items of two lists sorted by name: those of both, of the first alone and of the second alone, by name.
private func joined<Item>(
  _ old: [Item], _ new: [Item], by name: (Item) -> String
) -> [(old: Item?, new: Item?)] {
  var result: [(old: Item?, new: Item?)] = []
  var oldIndex = 0
  var newIndex = 0
  while oldIndex < old.count || newIndex < new.count {
    let isOnlyOld = newIndex == new.count || oldIndex < old.count && name(old[oldIndex]) < name(new[newIndex])
    let isOnlyNew = oldIndex == old.count || newIndex < new.count && name(new[newIndex]) < name(old[oldIndex])
    result.append((isOnlyNew ? nil : old[oldIndex], isOnlyOld ? nil : new[newIndex]))
    if !isOnlyNew { oldIndex += 1 }
    if !isOnlyOld { newIndex += 1 }
  }
  return result
}
