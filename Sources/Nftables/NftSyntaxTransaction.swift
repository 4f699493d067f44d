extension Transaction {
  /// The transaction as commands that `nft -f` commits in one batch, one operation a line (long element lists take
  /// several).
  package var nftSyntax: String { nftSyntax() }

  /// - Parameter cgroupNames: as for a ruleset.
  package func nftSyntax(cgroupNames: [UInt64: String] = [:]) -> String {
    var buffer = TextBuffer(cgroupNames: cgroupNames)
    for operation in operations {
      buffer.append(operation)
      buffer.newline()
    }
    return buffer.text
  }
}

extension Operation {
  /// The verb and its object, without contents: `add element inet moat clients4`.
  package var summary: String {
    switch self {
    case .addTable(let table): "add table \(table)"
    case .deleteTable(let table): "delete table \(table)"
    case .addCounter(let table, let counter): "add counter \(table) \(counter.name)"
    case .deleteCounter(let table, let name): "delete counter \(table) \(name)"
    case .addSet(let table, let definition): "add set \(table) \(definition.name)"
    case .deleteSet(let table, let name): "delete set \(table) \(name)"
    case .addElements(let table, let definition, _): "add element \(table) \(definition.name)"
    case .deleteElements(let table, let definition, _): "delete element \(table) \(definition.name)"
    case .addChain(let table, let name, _): "add chain \(table) \(name)"
    case .deleteChain(let table, let name): "delete chain \(table) \(name)"
    case .flushChain(let table, let name): "flush chain \(table) \(name)"
    case .addRule(let table, let chain, _): "add rule \(table) \(chain)"
    }
  }
}

extension TextBuffer {
  fileprivate mutating func append(_ operation: Operation) {
    if case .deleteCounter(_, let name) = operation, name.contains(" ") {
      // A stand-in for something that nft has other commands for; only a backend knows which.
      append("# remove what is \(name)")
      return
    }
    append(operation.summary)
    switch operation {
    case .addSet(_, let definition): append(" { \(definition.nftProperties.joined(separator: "; ")); }")
    case .addElements(_, let definition, let elements), .deleteElements(_, let definition, let elements):
      append(UInt8(ascii: " "))
      append(elements, of: definition.type, indentation: "\t", indentationWidth: 8)
    case .addChain(let table, _, let hook?): append(" { \(hook.nftText(in: table.family)) }")
    case .addRule(_, _, let rule): append(" \(rule.nftSyntax)")
    default: break
    }
  }
}
