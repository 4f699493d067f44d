/// What is wrong with a rule of `table`.
func ruleProblems(in rule: Rule, of table: Table) -> [String] {
  rule.statements.flatMap { statementProblems(in: $0, of: table) + familyProblems(of: $0, in: table.id.family) }
    + conflicts(in: rule) + ambiguities(in: rule)
    + orderProblems(in: rule)
    + textProblems(rule.comment, called: "the comment")
}

private func statementProblems(in statement: Statement, of table: Table) -> [String] {
  switch statement {
  case .lookup(let fields, _, let name): lookupProblems(fields, table.set(name), called: name)
  case .compare(let field, _, let value): compareProblems(field, value)
  case .connectionState(let states): states.nftNames.isEmpty ? ["names no connection state"] : []
  case .tcpFlags(let mask, _, let value):
    mask.isEmpty || mask.rawValue == .max || !value.isSubset(of: mask) ? ["compares TCP flags outside its mask"] : []
  case .counter(let name):
    table.counters.contains { $0.name == name } ? [] : ["counts in \"\(name)\", which is missing"]
  case .limit(let rate, let burst): rate == 0 || burst == 0 ? ["has a limit of nothing"] : []
  case .log(let prefix, _, _): logProblems(prefix)
  case .verdict(.jump(let name)), .verdict(.goto(let name)): targetProblems(table.chain(name), called: name)
  case .connectionDirection, .destinationTranslated, .localAddress, .routingHeader, .reject, .verdict: []
  }
}

/// What the kernel of this family's hooks cannot say. Bridges know no connections, no routes and, on most kernels, no
/// answers; inet hooks see no frames.
private func familyProblems(of statement: Statement, in family: TableID.Family) -> [String] {
  switch (family, statement) {
  case (.bridge, .connectionState), (.bridge, .connectionDirection), (.bridge, .destinationTranslated),
    (.bridge, .localAddress), (.bridge, .reject):
    ["says \"\(statement.nftSyntax)\", which bridges do not know"]
  case (.bridge, _) where statement.fields.contains(where: \.isOfConnections):
    ["asks for a connection in a bridge table"]
  case (.inet, _) where statement.fields.contains(where: \.isOfFrames): ["asks for a frame's field in an inet table"]
  default: []
  }
}

private func lookupProblems(_ fields: [Field], _ set: NamedSet?, called name: String) -> [String] {
  guard let set else { return ["looks into set \(name), which is missing"] }
  return fields.map(\.type) == set.definition.type ? [] : ["looks into set \(name), which is of another type"]
}

private func compareProblems(_ field: Field, _ value: UInt16) -> [String] {
  if field.type.isAddress || field.type == .neighbourTarget { return ["compares an address with a number; use a set"] }
  if field.type == .cgroup { return ["compares a cgroup with a number; use a set"] }
  guard UInt128(value) > field.maximum else { return [] }
  return ["compares \(field.nftExpression) with \(value), which does not fit"]
}

private func targetProblems(_ chain: Chain?, called name: String) -> [String] {
  guard let chain else { return ["leads to chain \(name), which is missing"] }
  return chain.hook == nil ? [] : ["leads to chain \(name), which is a base chain"]
}

/// A `$` would begin a variable in a prefix.
private func logProblems(_ prefix: String) -> [String] {
  textProblems(prefix, called: "the log prefix") + (prefix.contains("$") ? ["the log prefix holds a $"] : [])
}

/// See: NF_LOG_PREFIXLEN, NFTNL_UDATA_COMMENT_MAXLEN
private func textProblems(_ text: String?, called name: String) -> [String] {
  guard let text else { return [] }
  let isLong = text.utf8.count > 127
  let isUnprintable = text.utf8.contains { $0 < 32 || $0 == 127 || $0 == UInt8(ascii: "\"") }
  return (isLong ? ["\(name) is longer than 127 bytes"] : [])
    + (isUnprintable ? ["\(name) holds a quote or a control character"] : [])
}

/// A field that nft reads back as another one: where only TCP packets come, `th dport` is `tcp dport`.
private func ambiguities(in rule: Rule) -> [String] {
  let isAmbiguous = rule.statements.indices.contains { index in
    rule.statements[index].fields.contains(.destinationPort) && rule.impliesTCP(before: index)
  }
  return isAmbiguous ? ["asks for th dport of TCP packets; use tcp dport"] : []
}

/// Fields of both IP versions, which no packet has.
private func conflicts(in rule: Rule) -> [String] {
  let kinds = Set(rule.statements.flatMap(\.headers))
  return kinds.count > 1 ? ["asks for fields of \(kinds.sorted().joined(separator: " and of "))"] : []
}

extension Statement {
  /// The packet fields that the statement reads.
  fileprivate var fields: [Field] {
    switch self {
    case .lookup(let fields, _, _): fields
    case .compare(let field, _, _): [field]
    default: []
    }
  }

  /// The headers that the statement reads and that not every packet has.
  fileprivate var headers: [String] { self == .routingHeader ? ["IPv6"] : fields.compactMap(\.header) }

  /// Whether the rule ends here.
  fileprivate var isFinal: Bool {
    switch self {
    case .verdict, .reject: true
    default: false
    }
  }
}

extension Field {
  /// The header that has the field, where no other has it.
  fileprivate var header: String? {
    switch self {
    case .source4, .destination4, .headerLength4: "IPv4"
    case .source6, .destination6, .hopLimit6: "IPv6"
    case .arpSource4: "ARP"
    default: nil
    }
  }

  /// The largest value that the field can have.
  fileprivate var maximum: UInt128 { self == .headerLength4 ? 15 : type.maximum }

  /// Whether connection tracking has the field.
  fileprivate var isOfConnections: Bool { self == .originalDestination4 || self == .originalDestination6 }

  /// Whether only bridge hooks see the field.
  fileprivate var isOfFrames: Bool { self == .etherType || self == .arpSource4 }
}

/// nft takes nothing after a verdict or a reject.
private func orderProblems(in rule: Rule) -> [String] {
  if rule.statements.isEmpty { return ["says nothing"] }
  return rule.statements.dropLast().contains(where: \.isFinal) ? ["goes on after its verdict"] : []
}
