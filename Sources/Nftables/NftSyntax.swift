extension Ruleset {
  /// A file that `nft -f` loads into a namespace without these tables, in the form in which nft would list it.
  ///
  /// Loaded, it is what a commit of this value makes: the same objects in the same order. See: nft(8)
  package var nftSyntax: String { nftSyntax() }

  /// - Parameter cgroupNames: the paths below /sys/fs/cgroup of the cgroups in it, which nft takes instead of numbers.
  ///   A cgroup without a path is written so that nft refuses it.
  package func nftSyntax(cgroupNames: [UInt64: String] = [:]) -> String {
    var buffer = TextBuffer(cgroupNames: cgroupNames)
    for table in tables { buffer.append(table) }
    return buffer.text
  }
}

extension Table {
  /// One `table … { … }` block.
  package var nftSyntax: String {
    var buffer = TextBuffer()
    buffer.append(self)
    return buffer.text
  }
}

extension TextBuffer {
  /// Chains may be named before they stand: nft sends all chains of a block before the first rule.
  fileprivate mutating func append(_ table: Table) {
    line("table \(table.id) {")
    var isFirst = true
    for counter in table.counters {
      separate(&isFirst)
      append(counter)
    }
    for set in table.sets {
      separate(&isFirst)
      append(set)
    }
    for chain in table.chains {
      separate(&isFirst)
      append(chain, in: table.id.family)
    }
    line("}")
  }

  private mutating func separate(_ isFirst: inout Bool) {
    if !isFirst { newline() }
    isFirst = false
  }

  private mutating func append(_ counter: Counter) {
    line("\tcounter \(counter.name) {")
    line("\t\tpackets 0 bytes 0")
    line("\t}")
  }

  private mutating func append(_ set: NamedSet) {
    line("\tset \(set.name) {")
    for property in set.definition.nftProperties { line("\t\t\(property)") }
    if set.elements.count > 0 {
      append("\t\telements = ")
      append(set.elements, of: set.definition.type, indentation: "\t\t\t     ", indentationWidth: 29)
      newline()
    }
    line("\t}")
  }

  private mutating func append(_ chain: Chain, in family: TableID.Family) {
    line("\tchain \(chain.name) {")
    if let hook = chain.hook { line("\t\t\(hook.nftText(in: family))") }
    for rule in chain.rules { line("\t\t\(rule.nftSyntax)") }
    line("\t}")
  }

  private mutating func line(_ text: String) {
    append(text)
    newline()
  }
}

extension SetDefinition {
  /// The lines of the definition: type, and size, timeout or flags.
  var nftProperties: [String] {
    let names = type.contains(.neighbourTarget) ? type.map(\.nftExample) : type.map(\.nftName)
    let type = "\(type.contains(.neighbourTarget) ? "typeof" : "type") \(names.joined(separator: " . "))"
    return switch kind {
    case .hash(let size): [type, "size \(size)"] + (timeout.map { ["timeout \($0)s"] } ?? [])
    case .interval: [type, "flags interval"]
    }
  }
}

extension FieldType {
  /// An expression of this type, for `typeof`; the only way to say the types that have no name.
  fileprivate var nftExample: String {
    switch self {
    case .interface: "iif"
    case .neighbourTarget: "@th,64,128"
    default: nftName
    }
  }
}

extension Hook {
  /// `type filter hook forward priority filter; policy drop;`.
  func nftText(in family: TableID.Family) -> String {
    "type filter hook \(point.rawValue) priority \(nftPriority(in: family)); policy \(policy.rawValue);"
  }
}
