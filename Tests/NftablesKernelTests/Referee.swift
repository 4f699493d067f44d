import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// Needs root, and says so.
let asRoot = ConditionTrait.enabled(if: geteuid() == 0, "needs root: network namespaces and nf_tables")

let moat = TableID(.inet, "moat")

/// Runs nft in the calling thread's namespace; its complaint is an issue.
@discardableResult
func nft(_ arguments: String..., input: String = "", location: SourceLocation = #_sourceLocation) throws -> String {
  let result = try runProgram(["nft"] + arguments, input: input)
  #expect(result.status == 0, "nft \(arguments): \(result.output)", sourceLocation: location)
  return result.output
}

/// Everything that makes `ruleset` out of nothing, step by step: no diffing.
func creation(of ruleset: Ruleset) -> Transaction {
  var operations: [Nftables.Operation] = []
  for table in ruleset.tables {
    operations.append(.addTable(table.id))
    operations += table.counters.map { .addCounter(table.id, $0) }
    operations += table.sets.map { .addSet(table.id, $0.definition) }
    operations += table.sets.map { .addElements(table.id, $0.definition, $0.elements) }
    operations += table.chains.map { .addChain(table.id, name: $0.name, hook: $0.hook) }
    for chain in table.chains { operations += chain.rules.map { .addRule(table.id, chain: chain.name, $0) } }
  }
  return Transaction(operations)
}

extension LibnftnlKernel {
  /// Commits at the generation that stands now.
  func commit(_ operations: [Nftables.Operation]) throws {
    try commit(Transaction(operations), at: try generation())
  }
}

/// A ruleset of one table.
func ruleset(sets: [NamedSet] = [], counters: [Counter] = [], chains: [Chain] = []) -> Ruleset {
  Ruleset(tables: [Table(id: moat, counters: counters, sets: sets, chains: chains)])
}

/// A ruleset of one forward chain with these rules.
func ruleset(sets: [NamedSet] = [], counters: [Counter] = [], rules: [[Statement]]) -> Ruleset {
  let chain = Chain("forward", hook: Hook(.forward, priority: 0, policy: .drop), rules: rules.map { Rule($0) })
  return ruleset(sets: sets, counters: counters, chains: [Chain("other", rules: []), chain])
}

/// Both ways at once: our commit is read back as the value and is in the kernel, for nft's eyes, what nft's own loading
/// of `text` is; and nft's own loading is read as the value too.
func expectBothWays(_ wanted: Ruleset, text: String, location: SourceLocation = #_sourceLocation) throws {
  let ours = try inFreshNetworkNamespace {
    let kernel = try LibnftnlKernel()
    try kernel.commit(creation(of: wanted), at: kernel.generation())
    #expect(try kernel.read().0 == wanted, "our commit, read back", sourceLocation: location)
    return try Listing(location)
  }
  let theirs = try inFreshNetworkNamespace {
    try nft("-f", "-", input: text, location: location)
    #expect(try LibnftnlKernel().read().0 == wanted, "nft's loading, read", sourceLocation: location)
    return try Listing(location)
  }
  #expect(ours.text == theirs.text, "the listings", sourceLocation: location)
  #expect(ours.objects == theirs.objects, "the listings in JSON", sourceLocation: location)
  #expect(ours.programs == theirs.programs, "the rules' programs", sourceLocation: location)
}

/// What nft shows of the calling thread's namespace. Order among sets and chains, handles and the step that changes
/// nothing (`byteorder` of one byte) do not matter.
private struct Listing {
  let text: [String]
  let objects: [String]
  let programs: [String]

  init(_ location: SourceLocation) throws {
    text = sorted(try nft("-s", "list", "ruleset", location: location))
    objects = try nft("-s", "-j", "list", "ruleset", location: location)
      .replacing(/"handle": [0-9]+,? ?/, with: "").replacing(/}}(, |]})/, with: "}}\n").split(separator: "\n")
      .map(String.init).sorted()
    programs = try nft("--debug=netlink", "list", "ruleset", location: location).split(separator: "\n")
      .filter { $0.hasPrefix("  [") && !$0.contains("byteorder") }.map(String.init)
  }
}

/// A listing whose sets and chains are in order of their text: nft lists them as they were made.
private func sorted(_ listing: String) -> [String] {
  var blocks: [String] = [""]
  for line in listing.split(separator: "\n") {
    blocks[blocks.count - 1] += line + "\n"
    if line.hasPrefix("\t}") || line.hasPrefix("table") { blocks.append("") }
  }
  return blocks.sorted()
}
