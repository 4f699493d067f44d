import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// Transactions that the kernel refuses, and what the error says.
@Suite(asRoot)
struct CommitTests {
  private let set = NamedSet(hash: "pods4", of: [.address4], keys: [ElementKey([.address4], [0x0a00_0001])])

  /// A kernel that holds `set`.
  private func prepared() throws -> LibnftnlKernel {
    let kernel = try LibnftnlKernel()
    try kernel.commit(creation(of: ruleset(sets: [set])), at: kernel.generation())
    return kernel
  }

  private func error(_ body: () throws -> Void) throws -> KernelError {
    try #require(#expect(throws: KernelError.self) { try body() })
  }

  @Test func nothingStands() throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      #expect(try kernel.read().0 == nil)
      try kernel.commit([])
      #expect(try kernel.read().0 == nil)
    }
  }

  @Test func oneBadOperationAppliesNothingAndIsNamed() throws {
    try inFreshNetworkNamespace {
      let kernel = try prepared()
      let before = try kernel.read()
      let error = try error {
        try kernel.commit([
          .addCounter(moat, Counter("first")), .deleteSet(moat, name: "missing"), .addCounter(moat, Counter("last")),
        ])
      }
      #expect(error.operation == "delete set inet moat missing")
      #expect(error.code == ENOENT)
      let after = try kernel.read()
      #expect(after.0 == before.0)
      try kernel.commit([.addCounter(moat, Counter("after"))])
    }
  }

  @Test func badOperationAfterThousandsOfElements() throws {
    try inFreshNetworkNamespace {
      let kernel = try prepared()
      let keys = (0..<5000).map { ElementKey([.address4], [UInt128(0x0b00_0000 + $0)]) }
      let large = NamedSet(hash: "large", of: [.address4], keys: keys)
      let error = try error {
        try kernel.commit([
          .addSet(moat, large.definition), .addElements(moat, large.definition, large.elements),
          .deleteElements(moat, large.definition, .keys([ElementKey([.address4], [1])])),
        ])
      }
      #expect(error.operation == "delete 1 elements inet moat large")
      #expect(try kernel.read().0 == ruleset(sets: [set]))
    }
  }

  @Test func staleGeneration() throws {
    try inFreshNetworkNamespace {
      let kernel = try prepared()
      let stale = try kernel.generation()
      try kernel.commit([.addCounter(moat, Counter("first"))])
      let error = try error {
        try kernel.commit(Transaction([.addCounter(moat, Counter("second"))]), at: stale)
      }
      #expect(error.code == ERESTART)
      #expect(try kernel.read().0 == ruleset(sets: [set], counters: [Counter("first")]))
    }
  }

  @Test func fullSet() throws {
    try inFreshNetworkNamespace {
      let kernel = try prepared()
      let keys = (0..<1100).map { ElementKey([.address4], [UInt128(0x0b00_0000 + $0)]) }
      let error = try error { try kernel.commit([.addElements(moat, set.definition, .keys(keys))]) }
      #expect(error.code == ENFILE)
      #expect(error.operation == "add 1100 elements inet moat pods4")
      #expect(error.description.contains("ENFILE"))
      #expect(try kernel.read().0 == ruleset(sets: [set]))
    }
  }

  @Test func setInUse() throws {
    try inFreshNetworkNamespace {
      let kernel = try prepared()
      try kernel.commit([
        .addChain(moat, name: "other", hook: nil),
        .addRule(moat, chain: "other", Rule([.lookup([.source4], .isIn, set: "pods4"), .verdict(.accept)])),
      ])
      let error = try error { try kernel.commit([.deleteSet(moat, name: "pods4")]) }
      #expect(error.code == EBUSY)
      #expect(error.operation == "delete set inet moat pods4")
    }
  }

  @Test func ownedByAnother() throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      let owner = try TableOwner(moat)
      defer { owner.release() }
      let error = try error { try kernel.commit([.addCounter(moat, Counter("mine"))]) }
      #expect(error.code == EPERM)
      #expect(error.operation == "add counter inet moat mine")
    }
  }

  @Test func tooLongComment() throws {
    try inFreshNetworkNamespace {
      let kernel = try prepared()
      let rule = Rule([.verdict(.drop)], comment: String(repeating: "é", count: 64))
      let error = try error {
        try kernel.commit([.addChain(moat, name: "c", hook: nil), .addRule(moat, chain: "c", rule)])
      }
      #expect(error.reason.contains("127 bytes"))
      try kernel.commit([.addCounter(moat, Counter("after"))])
    }
  }

  @Test func twoWritersRace() throws {
    try inFreshNetworkNamespace {
      let (first, second) = (try prepared(), try LibnftnlKernel())
      var refused = 0
      for index in 0..<200 {
        let generation = try first.generation()
        try (index.isMultiple(of: 2) ? first : second)
          .commit(Transaction([.addCounter(moat, Counter("winner\(index)"))]), at: generation)
        let error = try error {
          try (index.isMultiple(of: 2) ? second : first)
            .commit(Transaction([.addCounter(moat, Counter("loser\(index)"))]), at: generation)
        }
        if error.code == ERESTART { refused += 1 }
      }
      #expect(refused == 200)
      let counters = try #require(try second.read().0?[moat]?.counters)
      #expect(counters.count == 200)
      #expect(counters.allSatisfy { $0.name.hasPrefix("winner") })
    }
  }

  @Test func policyChange() throws {
    try inFreshNetworkNamespace {
      let kernel = try prepared()
      let accepting = Hook(.forward, priority: 0, policy: .accept)
      let dropping = Hook(.forward, priority: 0, policy: .drop)
      try kernel.commit([.addChain(moat, name: "forward", hook: accepting)])
      try kernel.commit([.addChain(moat, name: "forward", hook: dropping)])
      #expect(try kernel.read().0?[moat]?.chain("forward")?.hook == dropping)
    }
  }
}
