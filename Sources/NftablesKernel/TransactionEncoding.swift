import CNetfilter
import Netlink
import Nftables

extension NetlinkBatch {
  /// Fills the batch with `transaction`, each operation being a step.
  ///
  /// - Parameters:
  ///   - sequence: the first of `operations.count + 2` sequence numbers.
  ///   - flags: of every table that is made, NFT_TABLE_F_*.
  ///   - replaced: tables that are deleted and made anew before the first operation, as parts of its step.
  mutating func encode(
    _ transaction: Transaction, at generation: Generation?, sequence: UInt32, flags: UInt32 = 0,
    replacing replaced: Set<TableID> = []
  ) throws(KernelError) {
    begin(subsystem: UInt16(NFNL_SUBSYS_NFTABLES), generation: generation?.rawValue, sequence: sequence)
    for table in replaced.sorted() where !transaction.isEmpty {
      appendName(NFT_MSG_DELTABLE, table, step: 0) { _ in }
      try addTable(table, flags: flags, step: 0)
    }
    for (step, operation) in transaction.operations.enumerated() {
      do {
        try append(operation, step: step, flags: flags)
      } catch {
        throw KernelError(operation: operation.summary, code: error.code, reason: error.reason)
      }
    }
    end()
  }

  private mutating func append(_ operation: Operation, step: Int, flags: UInt32) throws(KernelError) {
    switch operation {
    case .addTable(let table): try addTable(table, flags: flags, step: step)
    case .addCounter(let table, let counter): try addCounter(table, counter.name, step: step)
    case .addSet(let table, let set): try addSet(table, set, step: step)
    case .addChain(let table, let name, let hook): try addChain(table, name: name, hook: hook, step: step)
    case .addRule(let table, let chain, let rule): try addRule(table, chain: chain, rule, step: step)
    case .addElements(let table, let set, let elements):
      try appendElements(NFT_MSG_NEWSETELEM, flags: NLM_F_CREATE, table, set, elements, step: step)
    case .deleteElements(let table, let set, let elements):
      try appendElements(NFT_MSG_DELSETELEM, flags: 0, table, set, elements, step: step)
    case .deleteCounter(let table, let name): try deleteCounter(table, name: name, step: step)
    case .deleteTable, .deleteSet, .deleteChain, .flushChain: appendDeletion(operation, step: step)
    }
  }

  private mutating func appendDeletion(_ operation: Operation, step: Int) {
    switch operation {
    case .deleteTable(let table): appendName(NFT_MSG_DELTABLE, table, step: step) { _ in }
    case .deleteSet(let table, let name):
      appendName(NFT_MSG_DELSET, table, step: step) { $0.putAttribute(UInt16(NFTA_SET_NAME.rawValue), text: name) }
    case .deleteChain(let table, let name):
      appendName(NFT_MSG_DELCHAIN, table, step: step) { $0.putAttribute(UInt16(NFTA_CHAIN_NAME.rawValue), text: name) }
    case .flushChain(let table, let name):
      appendName(NFT_MSG_DELRULE, table, step: step) { $0.putAttribute(UInt16(NFTA_RULE_CHAIN.rawValue), text: name) }
    default: break
    }
  }
}

extension Operation {
  /// The operation as nft says it, without the object's contents: `add set inet moat clients4`.
  var summary: String {
    switch self {
    case .addTable(let table): "add table \(table)"
    case .deleteTable(let table): "delete table \(table)"
    case .addCounter(let table, let counter): "add counter \(table) \(counter.name)"
    case .deleteCounter(let table, let name): "delete counter \(table) \(name)"
    case .addSet(let table, let set): "add set \(table) \(set.name)"
    case .deleteSet(let table, let name): "delete set \(table) \(name)"
    case .addElements(let table, let set, let elements): "add \(elements.count) elements \(table) \(set.name)"
    case .deleteElements(let table, let set, let elements): "delete \(elements.count) elements \(table) \(set.name)"
    case .addChain(let table, let name, _): "add chain \(table) \(name)"
    case .deleteChain(let table, let name): "delete chain \(table) \(name)"
    case .flushChain(let table, let name): "flush chain \(table) \(name)"
    case .addRule(let table, let chain, let rule):
      "add rule \(table) \(chain)" + (rule.comment.map { " \"\($0)\"" } ?? "")
    }
  }
}
