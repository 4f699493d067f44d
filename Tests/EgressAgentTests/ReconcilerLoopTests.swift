import ClusterModel
import EgressAgent
import Nftables
import Synchronization
import Telemetry
import Testing

@Suite struct ReconcilerLoopTests {
  let input: PolicyInput
  let kernel = FaultyKernel()
  let board = newBoard()
  var loop: ReconcilerLoop<FaultyKernel>
  var now = ContinuousClock.now

  init() throws {
    input = try scenarioInput()
    let surroundings = ReconcilerSurroundings(board: board, stateFile: nil, manager: nil, logger: quietLogger)
    loop = ReconcilerLoop(
      kernel, node: workerNode, surroundings: surroundings, schedule: ReconcilerSchedule(), logger: quietLogger)
  }

  @Test mutating func `An input is enforced, and the status says so`() throws {
    #expect(board.current.state == .starting && !board.current.isReady)
    publish(input)
    #expect(try kernel.kernel.read().0 == wantedRuleset(input))
    let status = board.current
    #expect(status.state == .inSync && status.isReady && status.counts.commits == 1)
    #expect(status.enforced?.allowances.hopA == 2)
  }

  @Test mutating func `A refusal degrades, is tried again, and heals`() throws {
    kernel.accidents = [.refusal]
    publish(input)
    #expect(board.current.state == .degraded && !board.current.isReady)
    #expect(board.current.faults.map(\.source) == ["kernel"])
    pass(.milliseconds(50))
    #expect(board.current.state == .degraded)
    pass(.milliseconds(60))
    #expect(board.current.state == .inSync)
    #expect(try kernel.kernel.read().0 == wantedRuleset(input))
  }

  @Test mutating func `A snapshot without the node keeps what is enforced`() throws {
    publish(input)
    var other = input
    other.snapshot.nodes = []
    publish(other)
    #expect(board.current.state == .degraded && board.current.isReady)
    #expect(board.current.faults.first?.message.contains("there is no Node worker-1") == true)
    #expect(try kernel.kernel.read().0 == wantedRuleset(input))
    publish(input)
    #expect(board.current.state == .inSync)
  }

  @Test mutating func `How long it takes from an event to the kernel counts only events that reach it`() throws {
    var contents = ReconcilerInbox.Contents()
    // Nothing that has to be enforced: a repair minutes later is not its doing.
    publish(input)
    contents.since = .now - .seconds(100)
    #expect(loop.step(contents, at: now) == nil)
    kernel.kernel.overwrite(with: nil)
    pass(.seconds(301))
    #expect(board.current.counts.repairs == 1)
    #expect(board.timings.values.eventToKernel.count == 0)
    // A kernel that refuses at first.
    kernel.accidents = [.refusal]
    contents.since = .now - .seconds(10)
    contents.input = input.without(clients: true)
    #expect(loop.step(contents, at: now) == nil)
    pass(.seconds(1))
    #expect(board.current.state == .inSync)
    #expect(board.timings.values.eventToKernel.count == 1 && board.timings.values.eventToKernel.sum > 9)
  }

  @Test mutating func `What others change is found when the kernel is read after minutes`() throws {
    publish(input)
    kernel.kernel.overwrite(with: nil)
    pass(.seconds(299))
    #expect(try kernel.kernel.read().0 == nil)
    pass(.seconds(2))
    #expect(try kernel.kernel.read().0 == wantedRuleset(input))
    #expect(board.current.counts.repairs == 1)
  }

  @Test mutating func `Told changes of our tables are repaired at once, those of others are not read`() throws {
    publish(input)
    kernel.kernel.overwrite(with: nil)
    let reads = kernel.reads
    let generation = Generation(rawValue: 7)
    tell(ForeignCommit(generation: generation, process: 8, command: "nft", tables: []))
    #expect(kernel.reads == reads)
    tell(ForeignCommit(generation: generation, process: 8, command: "nft", tables: [TableID(.inet, "moat")]))
    #expect(try kernel.kernel.read().0 == wantedRuleset(input))
  }

  @Test mutating func `Stopping leaves the kernel, unlocking empties it`() throws {
    publish(input)
    var contents = ReconcilerInbox.Contents()
    contents.isStopped = true
    #expect(loop.step(contents, at: now) == .stopped)
    #expect(try kernel.kernel.read().0 == wantedRuleset(input))
    let removed = Mutex<[TableID]>([])
    contents.unlocks = [{ result in removed.withLock { $0 = (try? result.get()) ?? [] } }]
    #expect(loop.step(contents, at: now) == .unlocked)
    #expect(try kernel.kernel.read().0 == nil)
    #expect(removed.withLock { $0 } == [TableID(.inet, "moat")])
    #expect(board.current.state == .unlocked && !board.current.isReady)
  }

  @Test func `A clock that jumps decides nothing`() throws {
    let jumps = Mutex<[Int64]>([])
    let board = StatusBoard(newBoard().current) {
      // Back by years, ahead by decades, to the beginning.
      Timestamp(milliseconds: jumps.withLock { $0.isEmpty ? 0 : $0.removeFirst() })
    }
    let surroundings = ReconcilerSurroundings(board: board, stateFile: nil, manager: nil, logger: quietLogger)
    var loop = ReconcilerLoop(
      kernel, node: workerNode, surroundings: surroundings, schedule: ReconcilerSchedule(), logger: quietLogger)
    var contents = ReconcilerInbox.Contents()
    var now = ContinuousClock.now
    for round in 0..<20 {
      jumps.withLock { $0 = [1_767_323_045_678, 4, 2_000_000_000_000, 86_400_000] }
      contents.input = round.isMultiple(of: 2) ? input : input.without(clients: true)
      kernel.accidents = round.isMultiple(of: 3) ? [.refusal] : []
      #expect(loop.step(contents, at: now) == nil)
      now += .seconds(1)
      #expect(loop.step(ReconcilerInbox.Contents(), at: now) == nil)
      #expect(board.current.state == .inSync && board.current.faults.isEmpty, "round \(round)")
      #expect(try contents.input.map { try kernel.kernel.read().0 == wantedRuleset($0) } == true)
    }
    // A node that slept for a year reads the kernel once when it wakes.
    let reads = kernel.reads
    kernel.kernel.overwrite(with: nil)
    now += .seconds(365 * 86_400)
    for _ in 0..<3 { #expect(loop.step(ReconcilerInbox.Contents(), at: now) == nil) }
    #expect(kernel.reads == reads + 2, "read, and read back after the repair")
    #expect(board.current.counts.repairs == 1)
  }

  @Test func `Of several inputs the newest wins`() throws {
    let inbox = try ReconcilerInbox()
    var first = input
    first.snapshot.pods = []
    inbox.publish(first)
    inbox.publish(input)
    let contents = inbox.wait(until: .now)
    #expect(contents.input?.snapshot == input.snapshot)
    #expect(inbox.wait(until: .now).input == nil)
  }

  private mutating func publish(_ input: PolicyInput) {
    var contents = ReconcilerInbox.Contents()
    contents.input = input
    #expect(loop.step(contents, at: now) == nil)
  }

  private mutating func tell(_ commit: ForeignCommit) {
    var contents = ReconcilerInbox.Contents()
    contents.changes = [.commit(commit)]
    #expect(loop.step(contents, at: now) == nil)
  }

  private mutating func pass(_ time: Duration) {
    now += time
    #expect(loop.step(ReconcilerInbox.Contents(), at: now) == nil)
  }
}
