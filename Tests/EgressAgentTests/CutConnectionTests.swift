import Conntrack
import EgressAgent
import Foundation
import Glibc
import Logging
import NamespaceLab
import NetworkValues
import Nftables
import Synchronization
import Testing

/// S8 in the daemon: what a change of its inputs refuses is cut, both ways and for good.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct CutConnectionTests {
  private let daemon: DaemonLab

  init() throws {
    daemon = try DaemonLab()
    let loose = try daemon.lab.run(
      in: .node("worker-1"), ["cat", "/proc/sys/net/netfilter/nf_conntrack_tcp_loose"])
    try #require(loose.output == "1\n")
  }

  /// Opens a connection that is let through.
  private func open(_ from: LabHost, _ to: String, _ message: Probe.Message) throws -> LabConnection {
    let connection = try daemon.lab.connect(from: from, to: try IPAddress(parsing: to), message)
    try #require(connection.opening.outcome == .delivered && connection.opening.isAnswered)
    return connection
  }

  /// How many tracked connections worker-1 has between its pods and the gateway's listener or a resolver, either way
  /// round.
  private func tracked() throws -> Int {
    let pods = PrefixSet([try Prefix(parsing: "10.1.1.0/24"), try Prefix(parsing: "fd00:10:1:1::/64")])
    return try daemon.lab.inside(.node("worker-1")) {
      try ConntrackTable().entries { connection in
        let ports: Set = [connection.sourcePort, connection.destinationPort]
        return !ports.isDisjoint(with: [8443, 53])
          && (pods.contains(connection.source) || pods.contains(connection.destination))
      }.count
    }
  }

  @Test func `What the manifests and the configuration allow no more ends`() throws {
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    let cut = [
      try open(productpage, "10.1.2.10", .tcp(8443)),
      try open(productpage, "10.96.0.100", .tcp(443)),
      try open(productpage, "fd00:10:96::100", .tcp(443)),
      try open(coredns, "198.51.100.53", .udp(53)),
    ]
    let kept = try open(coredns, "10.1.1.10", .tcp(9080))
    #expect(try tracked() == 4)

    try daemon.replaceModel(withoutPolicies: true)
    try daemon.await { $0.counts.revoked == 3 }
    try daemon.replaceConfiguration { $0.components(separatedBy: "exceptions:")[0] }
    kill(running.process, SIGHUP)
    try daemon.await { $0.counts.revoked == 4 && $0.state == .inSync }
    #expect(try tracked() == 0)
    for connection in cut {
      // The far side first: its next segment must not make a new entry, the wrong way round.
      #expect(connection.receive(expecting: .dropped).outcome != .delivered)
      #expect(try connection.send(expecting: .refused).outcome != .delivered)
      #expect(connection.receive(expecting: .dropped).outcome != .delivered)
    }
    #expect(try tracked() == 0)
    #expect(try kept.send(expecting: .delivered).outcome == .delivered)
    #expect(kept.receive(expecting: .delivered).outcome == .delivered)
    #expect(running.text.contains("revoked 3 connections: tcp "))
    running.stop()
  }

  @Test func `From audit to enforce, and past a kill, what is refused ends`() throws {
    try daemon.replaceConfiguration { $0 + "mode: audit\n" }
    var running = try daemon.start()
    try daemon.await { $0.enforced?.mode == "audit" && $0.state == .inSync }
    let connection = try open(productpage, "198.51.100.53", .udp(53))
    #expect(try tracked() == 1)
    try daemon.replaceConfiguration { $0.replacingOccurrences(of: "mode: audit\n", with: "") }
    kill(running.process, SIGHUP)
    try daemon.await { $0.enforced?.mode == "enforce" && $0.counts.revoked == 1 }
    #expect(connection.receive(expecting: .dropped).outcome == .dropped)

    // What a daemon commits and does not live to cut, the next one cuts.
    let other = try open(coredns, "198.51.100.53", .udp(53))
    kill(running.process, SIGKILL)
    _ = try running.wait()
    try daemon.replaceConfiguration { $0.components(separatedBy: "exceptions:")[0] }
    #expect(try daemon.moat(["apply", "--observe-interfaces"] + daemon.model).status == 0)
    #expect(other.receive(expecting: .delivered).outcome == .delivered)
    running = try daemon.start()
    try daemon.await { $0.counts.revoked == 1 }
    #expect(other.receive(expecting: .dropped).outcome == .dropped)
    running.stop()
  }
}

/// The thread that cuts, without a kernel.
@Suite struct RevocationThreadTests {
  @Test func `What fails is told and tried again, and what piles up is done at once`() throws {
    let board = newBoard()
    let surroundings = ReconcilerSurroundings(board: board, stateFile: nil, manager: nil, logger: quietLogger)
    let calls = Mutex<[Concern]>([])
    let states = Mutex<[Int]>([])
    let thread = try RevocationThread(surroundings: surroundings, logger: quietLogger) { _, concern in
      states.withLock { $0.append(board.current.faults.count) }
      let count = calls.withLock { calls in
        calls.append(concern)
        return calls.count
      }
      if count < 3 { throw AgentError("read tracked connections", code: ENOBUFS) }
      return Revocation(connections: [])
    }
    let first = Concern.addresses(PrefixSet([Prefix(try IPAddress(parsing: "10.1.1.10"))]))
    let second = Concern.addresses(PrefixSet([Prefix(try IPAddress(parsing: "10.1.1.11"))]))
    thread.revoke(refusedBy: Ruleset(tables: []), first)
    thread.revoke(refusedBy: Ruleset(tables: []), .nothing)
    thread.revoke(refusedBy: Ruleset(tables: []), second)
    let done = Atomic(false)
    Thread.detachNewThread {
      thread.run()
      done.store(true, ordering: .relaxed)
    }
    let deadline = ContinuousClock.now + .seconds(10)
    while calls.withLock({ $0.count }) < 3, .now < deadline { usleep(1000) }
    while !board.current.faults.isEmpty, .now < deadline { usleep(1000) }
    #expect(calls.withLock { $0 } == Array(repeating: first.union(second), count: 3))
    #expect(states.withLock { $0 } == [0, 1, 1])
    #expect(board.current.faults.isEmpty)
    thread.stop()
    while !done.load(ordering: .relaxed), .now < deadline { usleep(1000) }
    let isDone = done.load(ordering: .relaxed)
    #expect(isDone)
  }
}
