/// Everything moat owns in one kernel: its tables, in order of family and name.
///
/// The value is what is printed, compared, committed and traced. It knows nothing of handles, generations or the values
/// of counters. Order inside a table is canonical (sets, counters and chains by name; rules as they are judged), so
/// that equal rulesets are equal values.
package struct Ruleset: Hashable, Sendable {
  /// Sorted by family and name.
  package var tables: [Table]

  /// Sorts `tables`.
  package init(tables: [Table]) { self.tables = tables.sorted { $0.id < $1.id } }

  /// The table of this name, if there is one.
  package subscript(id: TableID) -> Table? { tables.first { $0.id == id } }
}

/// A table's name in its family. See: nft(8), TABLES
package struct TableID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The family whose packets the table sees.
  package enum Family: String, Hashable, Comparable, Sendable, CaseIterable {
    case inet
    case bridge

    package static func < (left: Family, right: Family) -> Bool { left.rawValue < right.rawValue }
  }

  /// `inet` or `bridge`.
  package var family: Family

  /// The name within the family.
  package var name: String

  package init(_ family: Family, _ name: String) {
    self.family = family
    self.name = name
  }

  package static func < (left: TableID, right: TableID) -> Bool {
    left.family == right.family ? left.name < right.name : left.family < right.family
  }

  /// `inet moat`.
  package var description: String { "\(family.rawValue) \(name)" }
}

/// One table with all it holds.
package struct Table: Hashable, Sendable {
  /// Family and name.
  package var id: TableID

  /// Sorted by name.
  package var counters: [Counter]

  /// Sorted by name.
  package var sets: [NamedSet]

  /// Sorted by name.
  package var chains: [Chain]

  /// Sorts counters, sets and chains by name.
  package init(id: TableID, counters: [Counter], sets: [NamedSet], chains: [Chain]) {
    self.id = id
    self.counters = counters.sorted { $0.name < $1.name }
    self.sets = sets.sorted { $0.name < $1.name }
    self.chains = chains.sorted { $0.name < $1.name }
  }

  /// The same table with more sets.
  package func adding(_ others: [NamedSet]) -> Table {
    var table = self
    table.sets = (sets + others).sorted { $0.name < $1.name }
    return table
  }

  /// The set of this name, if there is one.
  package func set(_ name: String) -> NamedSet? { sets.first { $0.name == name } }

  /// The chain of this name, if there is one.
  package func chain(_ name: String) -> Chain? { chains.first { $0.name == name } }
}

/// A named counter object. Its packets and bytes are the kernel's business, not the ruleset's.
package struct Counter: Hashable, Sendable {
  /// Unique among the table's counters.
  package var name: String

  package init(_ name: String) { self.name = name }
}
