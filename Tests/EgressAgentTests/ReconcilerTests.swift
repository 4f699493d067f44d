import ClusterModel
import EgressAgent
import Nftables
import SeededRandom
import Testing

@Suite struct ReconcilerTests {
  let input: PolicyInput
  let wanted: Ruleset

  init() throws {
    input = try scenarioInput()
    wanted = wantedRuleset(input)
  }

  @Test func `The kernel is read the first time and not again while nothing goes wrong`() throws {
    let kernel = FaultyKernel()
    var reconciler = Reconciler(kernel)
    #expect(try reconciler.enforce(wanted).isReadBack)
    let reads = kernel.reads
    for other in [wantedRuleset(input.without(clients: true)), wanted, wanted] {
      #expect(try !reconciler.enforce(other).isReadBack)
      #expect(try kernel.kernel.read().0 == other)
    }
    #expect(kernel.reads == reads)
  }

  @Test func `A kernel that is equal already gets no commit`() throws {
    let kernel = FaultyKernel(holding: wanted)
    var reconciler = Reconciler(kernel)
    let done = try reconciler.enforce(wanted)
    #expect(done.transaction.isEmpty && done.isReadBack && kernel.kernel.commits == 0)
  }

  @Test func `What was seen ahead counts only while nothing changed`() throws {
    let kernel = FaultyKernel(holding: wanted)
    var reconciler = Reconciler(kernel)
    try reconciler.look()
    let done = try reconciler.enforce(wanted)
    #expect(done.isReadBack && done.concern == .everything && kernel.reads == 1)
    reconciler = Reconciler(kernel)
    try reconciler.look()
    kernel.kernel.overwrite(with: nil)
    #expect(try reconciler.enforce(wanted).isReadBack)
    #expect(try kernel.kernel.read().0 == wanted)
  }

  @Test func `After an error nothing is believed`() throws {
    let kernel = FaultyKernel()
    var reconciler = Reconciler(kernel)
    _ = try reconciler.enforce(wantedRuleset(input.without(clients: true)))
    kernel.accidents = [.lostAnswer]
    let done = try reconciler.enforce(wanted)
    #expect(done.isReadBack && done.disturbance?.code == 105)
    #expect(try kernel.kernel.read().0 == wanted)
  }

  @Test func `A table that an intruder emptied is repaired`() throws {
    let kernel = FaultyKernel()
    var reconciler = Reconciler(kernel)
    _ = try reconciler.enforce(wantedRuleset(input.without(clients: true)))
    kernel.accidents = [.intruder(nil)]
    let done = try reconciler.enforce(wanted)
    #expect(done.disturbance?.isOutrun == true)
    #expect(try kernel.kernel.read().0 == wanted)
    kernel.kernel.overwrite(with: nil)
    #expect(try !reconciler.verify(wanted).transaction.isEmpty)
    #expect(try kernel.kernel.read().0 == wanted)
  }

  @Test func `Nobody keeps the tables open by being quick`() throws {
    let kernel = FaultyKernel()
    var reconciler = Reconciler(kernel)
    // Reads and commits take turns: before each of ten commits somebody else has been there.
    kernel.accidents = (0..<10).flatMap { _ in [nil, .intruder(nil)] }
    _ = try reconciler.verify(wanted)
    #expect(try kernel.kernel.read().0 == wanted && kernel.kernel.commits == 1)
    kernel.kernel.overwrite(with: wantedRuleset(input.without(clients: true)))
    kernel.accidents = (0..<10).flatMap { _ in [nil, .intruder(wantedRuleset(input.without(clients: true)))] }
    _ = try reconciler.verify(wanted)
    #expect(try kernel.kernel.read().0 == wanted)
  }

  @Test func `Sizes that the kernel kept are remembered`() throws {
    let kernel = FaultyKernel()
    var reconciler = Reconciler(kernel)
    for count in [10, 600, 1000, 1100, 3] {
      let ruleset = hashRuleset(count)
      let done = try reconciler.enforce(ruleset)
      #expect(done.disturbance == nil, "\(count) keys")
      #expect(difference(from: try kernel.kernel.read().0, to: ruleset).isEmpty)
    }
  }

  /// Any sequence of inputs and accidents ends where a fresh start with the last input ends.
  @Test(arguments: 0..<60)
  func `Every sequence ends where a fresh start ends`(seed: Int) throws {
    var random = Seeded(UInt64(seed))
    let kernel = FaultyKernel()
    var reconciler = Reconciler(kernel)
    for _ in 0..<25 {
      let next = wantedRuleset(input.shuffledPart(&random))
      kernel.accidents = random.oneIn(2) ? [] : accidents(&random)
      do { _ = try reconciler.enforce(next) } catch { continue }
      #expect(difference(from: try kernel.kernel.read().0, to: next).isEmpty)
    }
    kernel.accidents = []
    let last = wantedRuleset(input.shuffledPart(&random))
    _ = try reconciler.enforce(last)
    let fresh = SimulatedKernel()
    _ = try enforce(last, in: fresh)
    #expect(difference(from: try kernel.kernel.read().0, to: last).isEmpty)
    #expect(difference(from: try fresh.read().0, to: last).isEmpty)
  }

  private func accidents(_ random: inout Seeded) -> [FaultyKernel.Accident?] {
    (0..<4).map { _ in
      random.pick([
        nil, .refusal, .lostAnswer, .intruder(nil), .intruder(wantedRuleset(input.shuffledPart(&random))),
      ])
    }
  }
}

/// A ruleset with one hash set of so many keys.
private func hashRuleset(_ count: Int) -> Ruleset {
  let keys = (0..<count).map { ElementKey([.port], [UInt128($0)]) }
  let table = Table(
    id: TableID(.inet, "moat"), counters: [], sets: [NamedSet(hash: "ports", of: [.port], keys: keys)], chains: [])
  return Ruleset(tables: [table])
}

extension PolicyInput {
  /// The same without the objects that make clients.
  func without(clients: Bool) -> PolicyInput {
    var copy = self
    if clients { copy.snapshot.accessPolicies = [] }
    return copy
  }

  /// Some of the objects, in another order; the nodes are always there.
  func shuffledPart(_ random: inout Seeded) -> PolicyInput {
    var copy = self
    copy.snapshot.nodes.shuffle(using: &random)
    copy.snapshot.pods = random.some(of: snapshot.pods.shuffled(using: &random), butOneIn: 4)
    copy.snapshot.services.shuffle(using: &random)
    copy.snapshot.accessPolicies = random.some(of: snapshot.accessPolicies, butOneIn: 4)
    copy.snapshot.externalServices = random.some(of: snapshot.externalServices, butOneIn: 6)
    return copy
  }
}
