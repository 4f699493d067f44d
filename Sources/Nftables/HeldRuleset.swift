extension Ruleset {
  /// What the kernel holds once it has committed `difference(from: actual, to: self)`: this ruleset, with the sizes of
  /// those hash sets that the difference leaves where they are.
  package func committed(onto actual: Ruleset?) -> Ruleset {
    guard let actual else { return self }
    var result = self
    for index in tables.indices {
      if let old = actual[tables[index].id] { result.tables[index].keepSizes(of: old) }
    }
    return result
  }
}

extension Table {
  /// Both lists of sets are sorted by name.
  fileprivate mutating func keepSizes(of old: Table) {
    var position = old.sets.startIndex
    for index in sets.indices {
      while position < old.sets.endIndex, old.sets[position].name < sets[index].name { position += 1 }
      guard position < old.sets.endIndex, old.sets[position].name == sets[index].name,
        case .keys(let keys) = sets[index].elements, old.sets[position].holds(keys, of: sets[index])
      else { continue }
      sets[index].definition = old.sets[position].definition
    }
  }
}
