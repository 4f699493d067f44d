/// What happens to one chain.
struct ChainChange {
  private let old: Chain?
  private let new: Chain?

  /// The rules are taken out, and those of `new` put in.
  private let isRewritten: Bool

  /// The chain itself goes: it is wanted no more, or enters from elsewhere, which the kernel cannot change.
  private let isDeleted: Bool

  /// `replacedSets` are deleted and added again, so the rules that use them must be, too.
  init(from old: Chain?, to new: Chain?, replacedSets: Set<String>) {
    self.old = old
    self.new = new
    isDeleted = old != nil && (new == nil || !sameEntrance(old?.hook, new?.hook))
    isRewritten = isDeleted || old?.rules != new?.rules || old?.uses(anyOf: replacedSets) == true
  }

  func flushes(in table: TableID) -> [Operation] {
    guard let old, isRewritten, !old.rules.isEmpty else { return [] }
    return [.flushChain(table, name: old.name)]
  }

  func deletions(in table: TableID) -> [Operation] {
    guard let old, isDeleted else { return [] }
    return [.deleteChain(table, name: old.name)]
  }

  /// The chain, or its new policy.
  func additions(in table: TableID) -> [Operation] {
    guard let new, isDeleted || old == nil || old?.hook != new.hook else { return [] }
    return [.addChain(table, name: new.name, hook: new.hook)]
  }

  func rules(in table: TableID) -> [Operation] {
    guard let new, isRewritten else { return [] }
    return new.rules.map { .addRule(table, chain: new.name, $0) }
  }
}

/// Whether two chains are entered alike; their policies may differ.
private func sameEntrance(_ left: Hook?, _ right: Hook?) -> Bool {
  left?.point == right?.point && left?.priority == right?.priority
}

extension Chain {
  /// Whether a rule looks into one of `sets`.
  func uses(anyOf sets: Set<String>) -> Bool {
    !sets.isEmpty
      && rules.contains { rule in
        rule.statements.contains { statement in
          if case .lookup(_, _, let set) = statement { sets.contains(set) } else { false }
        }
      }
  }
}
