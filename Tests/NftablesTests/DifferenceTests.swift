import NetworkValues
import SeededRandom
import Testing

@testable import Nftables

@Suite struct DifferenceTests {
  @Test(arguments: 0..<40) func differenceLeadsFromAnyRulesetToAnyOther(batch: Int) throws {
    for seed in 0..<50 {
      var random = Seeded(UInt64(batch * 50 + seed))
      let (old, new) = (random.ruleset(), random.ruleset())
      #expect(problems(in: old).isEmpty && problems(in: new).isEmpty)
      let result = try difference(from: old, to: new).applied(to: old)
      #expect(serves(result, as: new), "seed \(batch * 50 + seed)")
    }
  }

  @Test func aLongHistoryEndsWhereAFreshStartEnds() throws {
    let kernel = SimulatedKernel()
    var random = Seeded(7)
    for step in 0..<300 {
      let wanted = random.ruleset()
      let (actual, generation) = try kernel.read()
      try kernel.commit(difference(from: actual, to: wanted), at: generation)
      #expect(serves(try kernel.read().0, as: wanted), "step \(step)")
    }
  }

  @Test func equalRulesetsDifferInNothing() {
    for seed in 0..<200 {
      var random = Seeded(UInt64(seed))
      let ruleset = random.ruleset()
      #expect(difference(from: ruleset, to: ruleset).isEmpty)
    }
  }

  @Test func whatIsEqualIsLeftAlone() {
    for seed in 0..<500 {
      var random = Seeded(UInt64(seed))
      let (old, new) = (random.ruleset(), random.ruleset())
      for operation in difference(from: old, to: new).operations {
        expectNeeded(operation, from: old, to: new)
      }
    }
  }

  @Test func keysAreDeletedBeforeOthersAreAdded() {
    let old = table(sets: [NamedSet("s", [.port], keys: [[1], [2], [3]])])
    let new = table(sets: [NamedSet("s", [.port], keys: [[2], [4]])])
    let definition = new.tables[0].sets[0].definition
    #expect(
      difference(from: old, to: new).operations == [
        .deleteElements(moat, definition, keys([1, 3])), .addElements(moat, definition, keys([4])),
      ])
  }

  @Test func aLargerSetStaysAndAFullOneIsReplaced() {
    let user = Chain("c", rules: [Rule([.lookup([.tcpDestinationPort], .isIn, set: "s"), .verdict(.accept)])])
    let new = NamedSet("s", [.port], keys: (0..<100).map { [$0] })
    let sized = { (size: UInt32, count: Int) in
      NamedSet(
        definition: SetDefinition(name: "s", type: [.port], kind: .hash(size: size)),
        elements: keys((0..<count).map { UInt128($0) }))
    }
    let wanted = table(sets: [new], chains: [user])
    #expect(difference(from: table(sets: [sized(4096, 100)], chains: [user]), to: wanted).isEmpty)
    #expect(
      difference(from: table(sets: [sized(64, 40)], chains: [user]), to: wanted).operations == [
        .flushChain(moat, name: "c"), .deleteSet(moat, name: "s"), .addSet(moat, new.definition),
        .addElements(moat, new.definition, new.elements), .addRule(moat, chain: "c", user.rules[0]),
      ])
  }

  @Test func anIntervalSetIsReplacedWithItsRules() {
    let user = Chain("c", rules: [Rule([.lookup([.destination4], .isIn, set: "s"), .verdict(.accept)])])
    let other = Chain("other", rules: [Rule([.verdict(.drop)])])
    let old = table(sets: [NamedSet("s", .v4, prefixes: ["10.0.0.0/8"])], chains: [user, other])
    let new = table(sets: [NamedSet("s", .v4, prefixes: ["10.0.0.0/9"])], chains: [user, other])
    let summaries = difference(from: old, to: new).operations.map(\.summary)
    #expect(
      summaries == [
        "flush chain inet moat c", "delete set inet moat s", "add set inet moat s", "add element inet moat s",
        "add rule inet moat c",
      ])
  }

  @Test func aNewPolicyIsSetAndANewHookIsAnotherChain() {
    let chain = { (hook: Hook) in table(chains: [Chain("c", hook: hook, rules: [Rule([.verdict(.drop)])])]) }
    let old = Hook(.forward, priority: 0, policy: .accept)
    let policy = Hook(.forward, priority: 0, policy: .drop)
    let moved = Hook(.forward, priority: 1, policy: .drop)
    #expect(
      difference(from: chain(old), to: chain(policy)).operations == [.addChain(moat, name: "c", hook: policy)])
    #expect(
      difference(from: chain(policy), to: chain(moved)).operations.map(\.summary) == [
        "flush chain inet moat c", "delete chain inet moat c", "add chain inet moat c", "add rule inet moat c",
      ])
  }

  @Test func tablesThatAreNotWantedGo() {
    #expect(difference(from: sampleRuleset, to: Ruleset(tables: [])).operations == [.deleteTable(moat)])
    #expect(difference(from: nil, to: Ruleset(tables: [])).isEmpty)
    #expect(difference(from: nil, to: sampleRuleset).operations.first == .addTable(moat))
  }
}

private func keys(_ values: [UInt128]) -> SetElements { .keys(values.map { ElementKey([.port], [$0]) }) }

private func table(sets: [NamedSet] = [], chains: [Chain] = []) -> Ruleset {
  Ruleset(tables: [Table(id: moat, counters: [], sets: sets, chains: chains)])
}

/// Whether `actual` is `wanted` but for the sizes of hash sets, all of which hold their elements.
func serves(_ actual: Ruleset?, as wanted: Ruleset) -> Bool {
  let actual = actual ?? Ruleset(tables: [])
  return problems(in: actual).isEmpty && sizeless(actual) == sizeless(wanted)
    && difference(from: actual, to: wanted).isEmpty
}

private func sizeless(_ ruleset: Ruleset) -> Ruleset {
  var ruleset = ruleset
  for index in ruleset.tables.indices {
    ruleset.tables[index].sets = ruleset.tables[index].sets.map { set in
      guard case .hash = set.definition.kind else { return set }
      var definition = set.definition
      definition.kind = .hash(size: 1)
      return NamedSet(definition: definition, elements: set.elements)
    }
  }
  return ruleset
}

/// Counters and chains' existence change only if one side lacks them; elements only if they differ.
private func expectNeeded(_ operation: Nftables.Operation, from old: Ruleset, to new: Ruleset) {
  let (before, after) = (old[operation.table], new[operation.table])
  switch operation {
  case .addTable: #expect(before == nil && after != nil)
  case .deleteTable: #expect(before != nil && after == nil)
  case .addCounter(_, let counter): #expect(before?.counters.contains(counter) != true)
  case .deleteCounter(_, let name): #expect(after?.counters.contains(Counter(name)) != true)
  case .addSet(_, let set): #expect(before?.set(set.name) != after?.set(set.name))
  case .deleteSet(_, let name): #expect(before?.set(name) != after?.set(name))
  case .addElements(_, let set, _), .deleteElements(_, let set, _):
    #expect(
      before?.set(set.name)?.elements != after?.set(set.name)?.elements || before?.set(set.name) == nil
        || before?.set(set.name)?.definition != after?.set(set.name)?.definition)
  case .addChain(_, let name, _):
    #expect(before?.chain(name)?.hook != after?.chain(name)?.hook || before?.chain(name) == nil)
  case .deleteChain(_, let name):
    #expect(before?.chain(name)?.hook != after?.chain(name)?.hook || after?.chain(name) == nil)
  case .flushChain, .addRule: break
  }
}
