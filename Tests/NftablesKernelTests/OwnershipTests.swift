import CNetfilter
import Glibc
import NamespaceLab
import Netlink
import Nftables
import NftablesKernel
import Testing

/// Tables that are owned: what others can do to them, and what becomes of them when the owner is killed.
@Suite(asRoot)
struct OwnershipTests {
  /// What `Tests/TableOwner` commits.
  private let owned = ruleset(
    counters: [Counter("dropped")],
    chains: [
      Chain(
        "output", hook: Hook(.output, priority: 0, policy: .accept),
        rules: [Rule([.compare(.udpDestinationPort, .equal, 9), .counter("dropped"), .verdict(.drop)])])
    ])

  /// The same with more, base chains included.
  private var larger: Ruleset {
    var tables = owned.tables
    tables[0].chains.insert(Chain("forward", hook: Hook(.forward, priority: 0, policy: .drop), rules: []), at: 0)
    return Ruleset(tables: tables)
  }

  private func standing() throws -> TableStanding { try LibnftnlKernel().standing(of: moat) }

  @Test func othersCannotTouchAnOwnedTable() throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel(ownership: .owned)
      try #require(kernel.ownership == .owned)
      _ = try enforce(owned, in: kernel)
      #expect(try kernel.standing(of: moat) == .own)
      for command in [
        "add counter inet moat mine", "flush chain inet moat output", "delete table inet moat",
        "add rule inet moat output accept",
      ] {
        let result = try runProgram(["nft", command])
        #expect(result.status != 0 && result.output.contains("Operation not permitted"), "\(command): \(result)")
      }
      try nft("flush ruleset")
      #expect(try kernel.read().0 == owned)
      #expect(try enforce(larger, in: kernel).transaction.operations.count == 1)
    }
  }

  @Test func theOwnerIsNamed() throws {
    try inFreshNetworkNamespace {
      let owner = try OwnerProcess()
      defer { owner.kill() }
      close(owner.descriptor)
      let name = "process \(owner.process) (table-owner)"
      for ownership in [TableOwnership.none, .owned] {
        let kernel = try LibnftnlKernel(ownership: ownership)
        let error = try #require(throws: KernelError.self) { try kernel.adopt() }
        #expect(error.code == EPERM && error.description.contains(name), "\(error)")
      }
      let error = try #require(throws: KernelError.self) {
        try LibnftnlKernel().commit([.addCounter(moat, Counter("mine"))])
      }
      #expect(error.operation == "add counter inet moat mine" && error.reason.contains(name), "\(error)")
    }
  }

  @Test func killedOwnerLeavesAnEnforcingOrphanThatIsAdopted() throws {
    try inFreshNetworkNamespace {
      let traffic = try LoopbackTraffic()
      let owner = try OwnerProcess()
      close(owner.descriptor)
      #expect(!traffic.passes)
      owner.kill()
      #expect(try standing() == .orphaned)
      #expect(!traffic.passes)
      let kernel = try LibnftnlKernel(ownership: .owned)
      #expect(try kernel.adopt()[moat] == .orphaned)
      #expect(try standing() == .foreign(port: kernel.port))
      #expect(!traffic.passes)
      #expect(try kernel.read().0 == owned)
      #expect(try enforce(larger, in: kernel).transaction.operations.count == 1)
      try nft("flush ruleset")
      #expect(try kernel.read().0 == larger)
    }
  }

  @Test func takenOverSocketStaysTheOwner() throws {
    try inFreshNetworkNamespace {
      let owner = try OwnerProcess()
      owner.kill()
      #expect(try standing() == .foreign(port: UInt32(owner.process)))
      try nft("flush ruleset")
      let kernel = try LibnftnlKernel(adopting: owner.descriptor)
      #expect(kernel.port == UInt32(owner.process))
      #expect(try kernel.adopt()[moat] == .own)
      #expect(try kernel.read().0 == owned)
      #expect(try enforce(larger, in: kernel).transaction.operations.count == 1)
      #expect(fcntl(kernel.descriptor, F_GETFD) == FD_CLOEXEC)
      let reason = try #require(throws: KernelError.self) { try LibnftnlKernel().adopt() }.reason
      #expect(reason.contains("process \(getpid()) ("))
    }
  }

  @Test func onlyABoundNetfilterSocketIsTakenOver() throws {
    let descriptors = [
      open("/dev/null", O_RDONLY | O_CLOEXEC), socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), NETLINK_ROUTE),
      socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), NETLINK_NETFILTER),
    ]
    for descriptor in descriptors {
      #expect(throws: KernelError.self) { try LibnftnlKernel(adopting: descriptor) }
      #expect(close(descriptor) == 0)
    }
    #expect(throws: KernelError.self) { try LibnftnlKernel(adopting: 9999) }
  }

  @Test func plainTableIsTakenOverWithoutAGap() throws {
    try inFreshNetworkNamespace {
      let traffic = try LoopbackTraffic()
      #expect(traffic.passes && traffic.received == 1)
      let plain = try LibnftnlKernel()
      try plain.commit(creation(of: owned), at: plain.generation())
      #expect(!traffic.passes)
      let flood = traffic.flood()
      let deadline = ContinuousClock.now + .seconds(60)
      var round = 0
      while round < 50 || (flood.count < 1000 && .now < deadline) {
        round += 1
        try takeOver(wanting: round.isMultiple(of: 2) ? owned : larger)
        // A program that another test starts at this moment holds the socket until its exec.
        while try standing() != .orphaned, .now < deadline {}
        #expect(try standing() == .orphaned)
        let back = Transaction([.deleteTable(moat)] + creation(of: owned).operations)
        try plain.commit(back, at: plain.generation())
      }
      let sent = flood.stop()
      #expect(traffic.received == 0 && sent >= 1000, "\(traffic.received) of \(sent) passed")
    }
  }

  /// Owns a plain table until it returns.
  private func takeOver(wanting wanted: Ruleset) throws {
    let kernel = try LibnftnlKernel(ownership: .owned)
    #expect(try kernel.adopt()[moat] == .plain)
    #expect(try kernel.read().0 == ruleset())
    _ = try enforce(wanted, in: kernel)
    #expect(try kernel.standing(of: moat) == .own)
    #expect(try kernel.read().0 == wanted)
  }

  @Test func plainTableThatIsNotWantedIsDeleted() throws {
    try inFreshNetworkNamespace {
      try nft("add table bridge moat")
      let kernel = try LibnftnlKernel(ownership: .owned)
      _ = try enforce(owned, in: kernel)
      #expect(try kernel.standing(of: TableID(.bridge, "moat")) == .absent)
    }
  }

  @Test func onlyChangesOfOwnTablesDisturb() throws {
    try inFreshNetworkNamespace {
      for ownership in [TableOwnership.none, .owned] {
        let kernel = try LibnftnlKernel(ownership: ownership)
        let generation = try enforce(owned, in: kernel).generation
        #expect(try kernel.isUndisturbed(since: generation))
        try nft("add table inet other\(ownership)")
        #expect(try kernel.isUndisturbed(since: generation) == (ownership == .owned))
      }
    }
  }
}
