import EgressAgent
import Foundation
import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import SeededRandom
import Synchronization
import Testing

/// A daemon whose tables are open to others, and what others do to them.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct DisturbanceTests {
  @Test func `Whoever tampers with an open table is named and counted, and it is repaired`() throws {
    let daemon = try DaemonLab()
    let running = try daemon.start(arguments: ["--no-owner"])
    try daemon.await { $0.state == .inSync }
    let held = try daemon.held()
    let wicked = [
      "flush ruleset", "delete table inet moat", "flush chain inet moat forward",
      "insert rule inet moat forward accept",
      "add table inet moat { flags dormant; }", "add table bridge moat", "flush set inet moat inside4",
    ]
    for (number, command) in wicked.enumerated() {
      try daemon.shell("nft '\(command)'")
      try daemon.await { $0.counts.tampered == number + 1 && $0.counts.repairs == number + 1 && $0.state == .inSync }
      #expect(try daemon.held() == held, "\(command)")
    }
    let counts = try daemon.client.status().counts
    let mean = counts.repairSeconds / Double(wicked.count)
    #expect(mean > 0 && counts.longestRepairSeconds >= mean && counts.longestRepairSeconds < 5, "\(counts)")
    let told = try daemon.moat(["status", "--socket", daemon.socket]).output
    #expect(told.contains("7 repairs (") && told.contains(" ms on average, "), "\(told)")
    // Other tables are not moat's business.
    try daemon.shell("nft add table inet other; nft delete table inet other")
    running.stop()
    #expect(try running.wait().status == 0)
    #expect(running.text.contains("nft (process ") && running.text.contains(") changed inet moat"))
    #expect(running.text.contains("repaired in "))
    #expect(running.text.contains(" ms what others had changed: "))
  }

  @Test func `Two writers race, and every change of the manifests is enforced`() throws {
    let daemon = try DaemonLab()
    let running = try daemon.start(arguments: ["--no-owner"])
    try daemon.await { $0.state == .inSync }
    let held = try daemon.held()
    let rival = Rival(in: daemon.lab)
    for round in 1...40 {
      try daemon.replaceModel(withoutPolicies: !round.isMultiple(of: 2))
      try daemon.await { $0.enforced?.allowances.hopA == (round.isMultiple(of: 2) ? 2 : 0) }
    }
    let commits = rival.stop()
    // Its last damage may not have been noticed yet.
    try daemon.await { $0.state == .inSync && (try? daemon.held()) == held }
    #expect(commits > 200, "\(commits) commits of the rival")
    let counts = try daemon.client.status().counts
    #expect(counts.tampered > 0 && counts.outruns > 0, "\(counts)")
    running.stop()
  }

  @Test func `Lost events and lost answers are survived`() throws {
    try inFreshNetworkNamespace {
      let input = try scenarioInput()
      let kernel = try LibnftnlKernel()
      let watch = try RulesetWatch(besides: kernel.port, receiveBuffer: 4096)
      let board = newBoard()
      let surroundings = ReconcilerSurroundings(board: board, stateFile: nil, manager: nil, logger: quietLogger)
      var loop = ReconcilerLoop(
        kernel, watch: watch, node: workerNode, surroundings: surroundings, schedule: ReconcilerSchedule(),
        logger: quietLogger)
      let inbox = try ReconcilerInbox()
      inbox.publish(input)
      var size: Int32 = 2304
      setsockopt(kernel.descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
      let (foreign, moat, other) = (try LibnftnlKernel(), TableID(.inet, "moat"), TableID(.inet, "other"))
      for round in 0..<30 {
        for _ in 0..<20 { try foreign.commit(Transaction([.addTable(other)]), at: foreign.generation()) }
        if round > 0 { try foreign.commit(Transaction([.deleteTable(moat)]), at: foreign.generation()) }
        var contents = inbox.wait(until: .now, or: watch)
        #expect(loop.step(contents, at: .now) == nil)
        contents = inbox.wait(until: .now, or: watch)
        #expect(loop.step(contents, at: .now + .seconds(60)) == nil)
        #expect(try kernel.read().0 == wantedRuleset(input), "round \(round)")
      }
      #expect(board.current.state == .inSync)
    }
  }

  @Test func `Nothing is decided by a clock that can be set`() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources")
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.allObjects ?? []
    let settable = [
      "Date()", "Date.now", "gettimeofday", "CLOCK_REALTIME", "SuspendingClock", "DispatchWallTime", "time(nil)",
    ]
    var seen = 0
    for case let file as URL in files where ["swift", "c"].contains(file.pathExtension) {
      seen += 1
      let text = try String(contentsOf: file, encoding: .utf8)
      // Moments for people to read.
      if file.lastPathComponent == "Timestamp.swift" { continue }
      for name in settable { #expect(!text.contains(name), "\(file.lastPathComponent) uses \(name)") }
    }
    #expect(seen > 100)
  }
}

/// Another process's part: commits as fast as it can, now and then to moat's table.
private final class Rival: Sendable {
  private let isStopped = Atomic(false)
  private let commits = Atomic(0)
  private let hasEnded = Atomic(false)

  init(in lab: Lab) {
    Thread.detachNewThread { [self] in
      try? lab.inside(.node("worker-1")) {
        let kernel = try LibnftnlKernel()
        var random = Seeded(3)
        while !isStopped.load(ordering: .relaxed) {
          let table = TableID(.inet, random.oneIn(40) ? "moat" : "other")
          try? kernel.commit(Transaction([.addTable(table), .deleteTable(table)]), at: kernel.generation())
          commits.add(1, ordering: .relaxed)
          usleep(UInt32.random(in: 0..<300, using: &random))
        }
      }
      hasEnded.store(true, ordering: .relaxed)
    }
  }

  /// Ends it and says how often it committed.
  func stop() -> Int {
    isStopped.store(true, ordering: .relaxed)
    while !hasEnded.load(ordering: .relaxed) { usleep(1000) }
    return commits.load(ordering: .relaxed)
  }
}
