import Testing

@testable import Nftables

/// Transactions that no kernel takes where the sample ruleset stands.
let refusals: [(name: String, Transaction)] = [
  ("a missing table", [.addCounter(TableID(.inet, "none"), Counter("c"))]),
  ("a missing set", [.deleteSet(moat, name: "none")]),
  ("a missing chain", [.flushChain(moat, name: "none")]),
  ("a missing counter", [.deleteCounter(moat, name: "none")]),
  ("a rule for a missing chain", [.addRule(moat, chain: "none", Rule([.verdict(.drop)]))]),
  ("a way to a missing chain", [.addRule(moat, chain: "output", Rule([.verdict(.goto("none"))]))]),
  ("a way to a base chain", [.addRule(moat, chain: "to-gateway", Rule([.verdict(.goto("output"))]))]),
  ("a lookup in a missing set", [.addRule(moat, chain: "output", Rule([.lookup([.source4], .isIn, set: "none")]))]),
  ("a missing counter in a rule", [.addRule(moat, chain: "output", Rule([.counter("none")]))]),
  ("a set in use", [.deleteSet(moat, name: "inside4")]),
  ("a chain in use", [.flushChain(moat, name: "original"), .deleteChain(moat, name: "original")]),
  ("a counter in use", [.deleteCounter(moat, name: "refused_external")]),
  ("a set of another type", [.addSet(moat, SetDefinition(name: "gateways4", type: [.port], kind: .hash(size: 1024)))]),
  ("another hook", [.addChain(moat, name: "output", hook: Hook(.output, priority: 5, policy: .drop))]),
  ("a missing element", [.deleteElements(moat, gateways, .keys([ElementKey([.address4], [1])]))]),
  ("overlapping intervals", [.addElements(moat, inside, .ranges([range(0x0a01_0000, 0x0b00_0000)]))]),
  ("too many elements", [.addElements(moat, gateways, .keys((1...1024).map { ElementKey([.address4], [$0]) }))]),
  ("a loop", [.addRule(moat, chain: "refuse-external", Rule([.verdict(.jump("original"))]))]),
  ("a way too deep", ways(through: 17)),
].map { ($0.0, Transaction($0.1)) }

/// Adds what stands in the sample ruleset already.
let repetition = Transaction([
  .addTable(moat), .addCounter(moat, Counter("refused_external")), .addSet(moat, gateways),
  .addElements(moat, gateways, .keys([ElementKey([.address4], [address4("10.0.1.5")])])),
  .addElements(moat, inside, .ranges([range(address4("10.0.0.0"), address4("10.255.255.255"))])),
  .addChain(moat, name: "output", hook: Hook(.output, priority: 0, policy: .drop)),
  .addChain(moat, name: "original", hook: nil),
])

private let gateways = SetDefinition(name: "gateways4", type: [.address4], kind: .hash(size: 1024))
private let inside = SetDefinition(name: "inside4", type: [.address4], kind: .interval)

private func range(_ first: UInt128, _ last: UInt128) -> ElementRange {
  ElementRange(first: ElementKey([.address4], [first]), last: ElementKey([.address4], [last]))
}

/// A base chain and others, `count` in all, each leading to the next.
func ways(through count: Int) -> [Nftables.Operation] {
  let names = (0..<count).map { "way\($0)" }
  let hook = Hook(.forward, priority: 0, policy: .accept)
  return names.map { .addChain(moat, name: $0, hook: $0 == "way0" ? hook : nil) }
    + zip(names, names.dropFirst()).map { .addRule(moat, chain: $0, Rule([.verdict(.goto($1))])) }
}

@Suite struct SimulatedKernelTests {
  @Test func aRefusedTransactionChangesNothing() throws {
    for (name, transaction) in refusals {
      let kernel = SimulatedKernel(holding: sampleRuleset)
      let generation = try kernel.read().1
      let operations: [Nftables.Operation] = [.addCounter(moat, Counter("first"))] + transaction.operations
      #expect(throws: KernelError.self, "\(name)") { try kernel.commit(Transaction(operations), at: generation) }
      #expect(try kernel.read().0 == sampleRuleset, "\(name)")
      #expect(try kernel.read().1 == generation, "\(name)")
    }
  }

  @Test func whatTheKernelTakesIsTaken() throws {
    #expect(try repetition.applied(to: sampleRuleset) == sampleRuleset)
    #expect(throws: Never.self) { _ = try Transaction(ways(through: 16)).applied(to: sampleRuleset) }
  }

  @Test func aStaleGenerationIsRefused() throws {
    let kernel = SimulatedKernel(holding: sampleRuleset)
    let generation = try kernel.read().1
    kernel.overwrite(with: nil)
    let error = #expect(throws: KernelError.self) { try kernel.commit(Transaction(), at: generation) }
    #expect(error?.code == 85)
    #expect(kernel.commits == 0)
  }

  @Test func intervalSetsAreNeverDeletedFrom() {
    let transaction = Transaction([
      .deleteElements(moat, inside, .ranges([range(address4("10.0.0.0"), address4("10.255.255.255"))]))
    ])
    let error = #expect(throws: KernelError.self) { try transaction.applied(to: sampleRuleset) }
    #expect(error?.code == 22)
  }

  @Test func anErrorNamesTheOperation() {
    let error = #expect(throws: KernelError.self) {
      try Transaction([.deleteSet(moat, name: "inside4")]).applied(to: sampleRuleset)
    }
    #expect(error?.description == "delete set inet moat inside4: inside4 is in use by chain forward (EBUSY)")
  }
}
