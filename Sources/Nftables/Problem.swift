/// Something in a ruleset that the kernel or nft would refuse, or that would not come back as it was written.
package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where: `inet moat chain forward rule 3`.
  package var place: String

  /// What is wrong, in lower case, without a final stop.
  package var reason: String

  package var description: String { "\(place): \(reason)" }
}

/// Everything wrong with `ruleset`, in its order; empty for a ruleset that can be printed, loaded and committed.
package func problems(in ruleset: Ruleset) -> [Problem] {
  repeated(ruleset.tables.map(\.id.description)).map { Problem(place: "table \($0)", reason: "stands twice") }
    + ruleset.tables.flatMap(problems(in:))
}

private func problems(in table: Table) -> [Problem] {
  nameProblems(in: table)
    + table.sets.flatMap { set in
      elementProblems(in: set).map { Problem(place: "\(table.id) set \(set.name)", reason: $0) }
    }
    + table.chains.flatMap { chain in
      chain.rules.enumerated().flatMap { index, rule in
        ruleProblems(in: rule, of: table).map {
          Problem(place: "\(table.id) chain \(chain.name) rule \(index)", reason: $0)
        }
      }
    } + loopProblems(in: table) + forwardProblems(in: table)
}

private func nameProblems(in table: Table) -> [Problem] {
  let kinds = [
    ("table", [table.id.name]), ("counter", table.counters.map(\.name)), ("set", table.sets.map(\.name)),
    ("chain", table.chains.map(\.name)),
  ]
  return kinds.flatMap { kind, names in
    names.filter { !isIdentifier($0) }.map {
      Problem(
        place: "\(table.id) \(kind) \($0)",
        reason: "is no name for nft: a letter, then letters, digits and /\\_.-, 255 bytes at most")
    } + repeated(names).map { Problem(place: "\(table.id) \(kind) \($0)", reason: "stands twice") }
  }
}

/// Whether nft reads `name` as a name. See: nft's `scanner.l`, NFT_NAME_MAXLEN
private func isIdentifier(_ name: String) -> Bool {
  let letters: (UInt8) -> Bool = { (65...90).contains($0) || (97...122).contains($0) }
  let others = Array("/\\_.-0123456789".utf8)
  guard let first = name.utf8.first, letters(first), name.utf8.count <= 255 else { return false }
  return name.utf8.allSatisfy { letters($0) || others.contains($0) }
}

/// Names that stand more than once in a sorted list, each once.
private func repeated(_ names: [String]) -> [String] {
  names.indices.dropFirst().filter { names[$0] == names[$0 - 1] && ($0 < 2 || names[$0] != names[$0 - 2]) }
    .map { names[$0] }
}

/// Questions about sockets where forwarded packets come, which the kernel refuses (EOPNOTSUPP).
private func forwardProblems(in table: Table) -> [Problem] {
  table.forwardChains.filter { $0.rules.contains(where: \.asksForSocket) }.map {
    Problem(place: "\(table.id) chain \($0.name)", reason: "asks for the socket of forwarded packets")
  }
}

/// Jumps and gotos that lead back to their chain, or deeper than the kernel follows.
private func loopProblems(in table: Table) -> [Problem] {
  switch table.jumpFault {
  case nil: []
  case .loop(let chain)?: [Problem(place: "\(table.id) chain \(chain)", reason: "leads back to itself")]
  case .tooDeep(let chain)?:
    [Problem(place: "\(table.id) chain \(chain)", reason: "leads through more than \(jumpDepthLimit) chains")]
  }
}
