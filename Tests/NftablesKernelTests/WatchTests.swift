import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// What is told of others' changes.
@Suite(asRoot)
struct WatchTests {
  private let wanted = ruleset(
    sets: [NamedSet(hash: "pods4", of: [.address4], keys: (0..<100).map { ElementKey([.address4], [$0]) })],
    counters: [Counter("seen")], rules: [[.lookup([.source4], .isIn, set: "pods4"), .verdict(.accept)]])

  /// A kernel that holds `wanted`, and its watch.
  private func prepared() throws -> (LibnftnlKernel, RulesetWatch) {
    let kernel = try LibnftnlKernel()
    let watch = try RulesetWatch(besides: kernel.port)
    _ = try enforce(wanted, in: kernel)
    return (kernel, watch)
  }

  @Test func ownCommitsAreNotTold() throws {
    try inFreshNetworkNamespace {
      let (_, watch) = try prepared()
      #expect(try watch.wait(milliseconds: 0) && watch.takeChanges() == [])
      #expect(!watch.wait(milliseconds: 0))
    }
  }

  @Test(arguments: [
    ("add element inet moat pods4 { 10.0.0.1 }", ["inet moat"]), ("delete table inet moat", ["inet moat"]),
    ("insert rule inet moat forward accept", ["inet moat"]), ("flush ruleset", ["inet moat"]),
    ("add chain inet moat forward { policy accept; }", ["inet moat"]), ("add table bridge moat", ["bridge moat"]),
    ("add table inet other; add set inet other s { type mark; }", []), ("add table ip moat", []),
  ])
  func othersAreNamed(command: String, tables: [String]) throws {
    try inFreshNetworkNamespace {
      let (kernel, watch) = try prepared()
      _ = try watch.takeChanges()
      try nft(command)
      #expect(watch.wait(milliseconds: 1000))
      let changes = try watch.takeChanges()
      guard case .commit(let commit)? = changes.first, changes.count == 1 else {
        Issue.record("\(changes)")
        return
      }
      #expect(commit.tables.map(\.description) == tables)
      #expect(commit.command == "nft" && commit.process > 0)
      #expect(try commit.generation == kernel.generation())
      #expect(try enforce(wanted, in: kernel).transaction.isEmpty == tables.isEmpty)
      #expect(try kernel.read().0 == wanted && watch.takeChanges() == [])
    }
  }

  @Test func lostEventsAreUnknown() throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      let watch = try RulesetWatch(besides: kernel.port, receiveBuffer: 4096)
      let foreign = try LibnftnlKernel()
      for count in 0..<50 { try foreign.commit(creation(of: ruleset(counters: [Counter("c\(count)")])).operations) }
      #expect(try watch.takeChanges().contains(.unknown))
      _ = try watch.takeChanges()
      try foreign.commit([.addCounter(moat, Counter("after"))])
      let changes = try watch.takeChanges()
      #expect(changes.count == 1 && changes.allSatisfy(\.concernsUs))
    }
  }

  @Test func foreignChangesAreRepairedAtOnce() throws {
    try inFreshNetworkNamespace {
      let (kernel, watch) = try prepared()
      let foreign = try LibnftnlKernel()
      var times: [Duration] = []
      for round in 0..<100 {
        let wicked: [Nftables.Operation] =
          round.isMultiple(of: 2) ? [.flushChain(moat, name: "forward")] : [.deleteTable(moat)]
        try foreign.commit(wicked)
        let began = ContinuousClock.now
        try #require(watch.wait(milliseconds: 1000))
        guard try watch.takeChanges().contains(where: \.concernsUs) else { continue }
        let done = try enforce(wanted, in: kernel)
        times.append(ContinuousClock.now - began)
        #expect(!done.transaction.isEmpty)
        _ = try watch.takeChanges()
      }
      times.sort()
      #expect(times.count == 100 && times[50] < .milliseconds(20), "median \(times[50]), p99 \(times[98])")
    }
  }
}
