/// The tables of a simulated kernel in the middle of a batch.
struct SimulatedTables {
  private var tables: [TableID: Table]

  init(_ tables: [Table]) {
    self.tables = Dictionary(tables.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
  }

  /// By family and name.
  var sorted: [Table] { tables.values.sorted { $0.id < $1.id } }

  /// Does one operation, or says why the kernel would not.
  mutating func apply(_ operation: Operation) throws(KernelError) {
    switch operation {
    case .addTable(let id):
      if tables[id] == nil { tables[id] = Table(id: id, counters: [], sets: [], chains: []) }
    case .deleteTable(let id):
      guard tables.removeValue(forKey: id) != nil else { throw missing("table \(id)", for: operation) }
    default:
      let id = operation.table
      guard var table = tables.removeValue(forKey: id) else { throw missing("table \(id)", for: operation) }
      try table.apply(operation)
      tables[id] = table
    }
  }

  /// The check of all ways that packets take, at the end of a batch.
  func checkJumps() throws(KernelError) {
    for table in sorted {
      switch table.jumpFault {
      case nil: break
      case .loop(let chain)?:
        throw KernelError(operation: "commit", code: .loop, "chain \(chain) leads back to itself (ELOOP)")
      case .tooDeep(let chain)?:
        throw KernelError(operation: "commit", code: .tooManyLinks, "chain \(chain) leads too deep (EMLINK)")
      }
      if let chain = table.forwardChains.first(where: { $0.rules.contains(where: \.asksForSocket) }) {
        throw KernelError(
          operation: "commit", code: .notSupported,
          "chain \(chain.name) asks forwarded packets for a socket (EOPNOTSUPP)")
      }
    }
  }
}

extension Operation {
  /// The table that is changed.
  package var table: TableID {
    switch self {
    case .addTable(let id), .deleteTable(let id), .addCounter(let id, _), .deleteCounter(let id, _),
      .addSet(let id, _), .deleteSet(let id, _), .addElements(let id, _, _), .deleteElements(let id, _, _),
      .addChain(let id, _, _), .deleteChain(let id, _), .flushChain(let id, _), .addRule(let id, _, _):
      id
    }
  }
}

extension Table {
  fileprivate mutating func apply(_ operation: Operation) throws(KernelError) {
    switch operation {
    case .addTable, .deleteTable: break
    case .addCounter(_, let counter): insert(counter, into: &counters, by: \.name)
    case .deleteCounter(_, let name): try deleteCounter(name, operation)
    case .addSet(_, let definition): try add(definition, operation)
    case .deleteSet(_, let name): try deleteSet(name, operation)
    case .addElements(_, let definition, let elements): try add(elements, to: definition, operation)
    case .deleteElements(_, let definition, let elements): try delete(elements, of: definition, operation)
    case .addChain(_, let name, let hook): try addChain(name, hook, operation)
    case .deleteChain(_, let name): try deleteChain(name, operation)
    case .flushChain(_, let name): chains[try index(ofChain: name, operation)].rules = []
    case .addRule(_, let name, let rule):
      let index = try index(ofChain: name, operation)
      try check(rule, operation)
      chains[index].rules.append(rule)
    }
  }

  private mutating func deleteCounter(_ name: String, _ operation: Operation) throws(KernelError) {
    guard let index = counters.firstIndex(where: { $0.name == name }) else {
      throw missing("counter \(name)", for: operation)
    }
    if let user = chains.first(where: { $0.counts(in: name) }) { throw busy(name, user.name, operation) }
    counters.remove(at: index)
  }

  private mutating func deleteSet(_ name: String, _ operation: Operation) throws(KernelError) {
    guard let index = sets.firstIndex(where: { $0.name == name }) else {
      throw missing("set \(name)", for: operation)
    }
    if let user = chains.first(where: { $0.uses(anyOf: [name]) }) { throw busy(name, user.name, operation) }
    sets.remove(at: index)
  }

  private mutating func add(_ definition: SetDefinition, _ operation: Operation) throws(KernelError) {
    if let existing = set(definition.name), existing.definition != definition {
      throw operation.refused(.exists, "a set of another definition has this name (EEXIST)")
    }
    let elements: SetElements = definition.kind == .interval ? .ranges([]) : .keys([])
    let set = NamedSet(definition: definition, elements: elements)
    insert(set, into: &sets, by: \.name)
  }

  private mutating func add(
    _ elements: SetElements, to definition: SetDefinition, _ operation: Operation
  ) throws(KernelError) {
    let index = try index(ofSet: definition, operation)
    sets[index] = try sets[index].adding(elements, operation)
  }

  private mutating func delete(
    _ elements: SetElements, of definition: SetDefinition, _ operation: Operation
  ) throws(KernelError) {
    let index = try index(ofSet: definition, operation)
    sets[index] = try sets[index].deleting(elements, operation)
  }

  /// The kernel finds sets by name; that the type is the one meant is moat's own care.
  private func index(ofSet definition: SetDefinition, _ operation: Operation) throws(KernelError) -> Int {
    guard let index = sets.firstIndex(where: { $0.name == definition.name }) else {
      throw missing("set \(definition.name)", for: operation)
    }
    guard sets[index].definition.type == definition.type else {
      throw operation.refused(.invalid, "the set is of another type (EINVAL)")
    }
    return index
  }

  private mutating func addChain(_ name: String, _ hook: Hook?, _ operation: Operation) throws(KernelError) {
    insert(Chain(name, hook: hook, rules: []), into: &chains, by: \.name)
    let index = try index(ofChain: name, operation)
    guard let hook else { return }
    guard let existing = chains[index].hook, existing.point == hook.point, existing.priority == hook.priority else {
      throw operation.refused(.exists, "the chain is entered from elsewhere (EEXIST)")
    }
    chains[index].hook = hook
  }

  /// The chain's own rules go with it.
  private mutating func deleteChain(_ name: String, _ operation: Operation) throws(KernelError) {
    let index = try index(ofChain: name, operation)
    if let user = chains.first(where: { $0.rules.contains { $0.targets.contains(name) } }) {
      throw busy(name, user.name, operation)
    }
    chains.remove(at: index)
  }

  private func index(ofChain name: String, _ operation: Operation) throws(KernelError) -> Int {
    guard let index = chains.firstIndex(where: { $0.name == name }) else {
      throw missing("chain \(name)", for: operation)
    }
    return index
  }

  /// Whether everything that the rule names is there.
  private func check(_ rule: Rule, _ operation: Operation) throws(KernelError) {
    for statement in rule.statements {
      switch statement {
      case .lookup(let fields, _, let name):
        guard let set = set(name) else { throw missing("set \(name)", for: operation) }
        guard set.definition.type == fields.map(\.type) else {
          throw operation.refused(.invalid, "set \(name) is of another type (EINVAL)")
        }
      case .counter(let name):
        guard counters.contains(where: { $0.name == name }) else { throw missing("counter \(name)", for: operation) }
      default: continue
      }
    }
    for target in rule.targets {
      guard let chain = chain(target) else { throw missing("chain \(target)", for: operation) }
      guard chain.hook == nil else {
        throw operation.refused(.notSupported, "chain \(target) is a base chain (EOPNOTSUPP)")
      }
    }
  }
}

extension Chain {
  /// Whether a rule counts in the named counter.
  fileprivate func counts(in counter: String) -> Bool {
    rules.contains { $0.statements.contains(.counter(counter)) }
  }
}

/// Puts `item` at its place in a list sorted by name; one of the same name stays as it is.
private func insert<Item>(_ item: Item, into list: inout [Item], by name: (Item) -> String) {
  let index = firstIndex(of: list) { name($0) >= name(item) }
  if index < list.count, name(list[index]) == name(item) { return }
  list.insert(item, at: index)
}

private func missing(_ object: String, for operation: Operation) -> KernelError {
  operation.refused(.noEntry, "\(object) is not there (ENOENT)")
}

private func busy(_ object: String, _ chain: String, _ operation: Operation) -> KernelError {
  operation.refused(.busy, "\(object) is in use by chain \(chain) (EBUSY)")
}
