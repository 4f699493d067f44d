/// Changes that take effect together or not at all, in the order in which the kernel gets them.
package struct Transaction: Hashable, Sendable {
  /// In order.
  package var operations: [Operation]

  package init(_ operations: [Operation] = []) { self.operations = operations }

  /// Whether there is nothing to do.
  package var isEmpty: Bool { operations.isEmpty }
}

/// One step of a transaction: a verb and an object, as in nft.
package enum Operation: Hashable, Sendable {
  case addTable(TableID)
  case deleteTable(TableID)
  case addCounter(TableID, Counter)
  case deleteCounter(TableID, name: String)

  /// The set without elements.
  case addSet(TableID, SetDefinition)
  case deleteSet(TableID, name: String)
  case addElements(TableID, SetDefinition, SetElements)

  /// Only for hash sets; interval sets are replaced.
  case deleteElements(TableID, SetDefinition, SetElements)

  /// The chain without rules. On a base chain that exists the policy is changed.
  case addChain(TableID, name: String, hook: Hook?)
  case deleteChain(TableID, name: String)

  /// Removes all rules of a chain.
  case flushChain(TableID, name: String)

  /// Appends a rule at the chain's end.
  case addRule(TableID, chain: String, Rule)
}
