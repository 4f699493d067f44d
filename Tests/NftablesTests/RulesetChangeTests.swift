import Nftables
import Testing

/// What events are put together to.
struct RulesetChangeTests {
  private let inet = TableID(.inet, "moat")
  private let bridge = TableID(.bridge, "moat")

  private func commit(_ generation: UInt32, port: UInt32) -> RulesetEvent {
    .commit(Generation(rawValue: generation), port: port, process: 812, command: "nft")
  }

  private func foreign(_ generation: UInt32, _ tables: [TableID]) -> RulesetChange {
    .commit(
      ForeignCommit(generation: Generation(rawValue: generation), process: 812, command: "nft", tables: tables))
  }

  private func changes(_ events: [RulesetEvent]) -> [RulesetChange] {
    var assembly = ChangeAssembly(ownPort: 7)
    return events.compactMap { assembly.add($0) }
  }

  @Test func ownCommitsAreNoNews() {
    #expect(changes([.change(inet, port: 7), commit(1, port: 7)]) == [])
  }

  @Test func aCommitHasTheTablesToldBeforeIt() {
    let told = changes([
      .change(inet, port: 9), .change(bridge, port: 9), .change(inet, port: 9), commit(1, port: 9), commit(2, port: 9),
    ])
    #expect(told == [foreign(1, [bridge, inet]), foreign(2, [])])
    #expect(told.map(\.concernsUs) == [true, false])
  }

  @Test func othersTablesDoNotConcernUs() {
    let told = changes([.change(TableID(.inet, "kube"), port: 9), commit(1, port: 9)])
    #expect(told == [foreign(1, [])])
  }

  @Test func ownAndForeignChangesAreKeptApart() {
    let told = changes([.change(inet, port: 9), .change(inet, port: 7), commit(1, port: 7), commit(2, port: 9)])
    #expect(told == [foreign(2, [inet])])
  }

  @Test func aLossIsUnknown() {
    let told = changes([.change(inet, port: 9), .loss, commit(1, port: 9)])
    #expect(told == [.unknown, foreign(1, [])])
    #expect(told[0].concernsUs)
  }

  @Test func aCommitSaysWhoAndWhat() {
    let commit = ForeignCommit(
      generation: Generation(rawValue: 3), process: 812, command: "nft", tables: [bridge, inet])
    #expect("\(commit)" == "nft (process 812) changed bridge moat and inet moat")
  }
}
