import NetworkValues

/// Keys that hash sets of one table got beside the ruleset that was committed last.
package struct SetAdditions: Hashable, Sendable {
  /// By the set's name.
  private var keys: [String: Set<ElementKey>] = [:]

  /// Whose sets they are.
  package let table: TableID

  package init(table: TableID) { self.table = table }

  /// Whether there are none.
  package var isEmpty: Bool { keys.isEmpty }

  /// What of `wanted` is neither in `set` nor among the additions. Sorted; `nil` where the set cannot hold it.
  package func missing(_ wanted: [ElementKey], in set: NamedSet) -> [ElementKey]? {
    guard case .keys(let held) = set.elements, case .hash(let size) = set.definition.kind else { return nil }
    let added = keys[set.name] ?? []
    let missing = wanted.sortedUnique().filter { !added.contains($0) && !held.containsSorted($0) }
    return held.count + added.count + missing.count <= Int(size) ? missing : nil
  }

  /// Notes keys that were committed.
  package mutating func add(_ new: [ElementKey], to set: String) { keys[set, default: []].formUnion(new) }

  /// The ruleset with the additions in it.
  package func added(to ruleset: Ruleset) -> Ruleset {
    var result = ruleset
    guard let place = result.tables.firstIndex(where: { $0.id == table }) else { return ruleset }
    for (name, new) in keys {
      guard let index = result.tables[place].sets.firstIndex(where: { $0.name == name }),
        case .keys(let held) = result.tables[place].sets[index].elements
      else { continue }
      result.tables[place].sets[index].elements = .keys((held + new).sortedUnique())
    }
    return result
  }
}

extension [ElementKey] {
  /// Whether a sorted list has the key; logarithmic.
  fileprivate func containsSorted(_ key: ElementKey) -> Bool {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == key
  }
}

extension Ruleset {
  /// What gives every element of sets with a timeout its whole time again, in one transaction; empty where there is none.
  package var renewal: Transaction {
    Transaction(
      tables.flatMap { table in
        table.sets.filter { $0.definition.timeout != nil && $0.elements.count > 0 }.flatMap { set in
          [
            Operation.deleteElements(table.id, set.definition, set.elements),
            .addElements(table.id, set.definition, set.elements),
          ]
        }
      })
  }

  /// The shortest timeout of a set, in seconds.
  package var shortestTimeout: UInt32? { tables.flatMap(\.sets).compactMap(\.definition.timeout).min() }
}
