import Foundation
import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import Testing

@testable import EgressAgent

/// The table belongs to the daemon, through its death.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct CustodyTests {
  let daemon: DaemonLab

  init() throws { daemon = try DaemonLab() }

  @Test func `Through the service manager's store the table stays owned`() throws {
    let manager = try FakeServiceManager(at: daemon.folder.path + "/notify")
    let first = try manager.start { try daemon.start(through: $0) }
    #expect(try manager.await("FDSTORE=1\nFDPOLL=0\nFDNAME=moat-tables"))
    try daemon.await { $0.state == .inSync }
    #expect(try daemon.client.status().keepers == ["service manager"])
    let owner = try daemon.standing()
    kill(first.process, SIGKILL)
    _ = try first.wait()
    try expectOwned()
    #expect(try daemon.standing() == owner)

    let second = try manager.start { try daemon.start(through: $0) }
    try daemon.await { $0.state == .inSync }
    #expect(try daemon.client.status().counts.commits == 0)
    #expect(manager.stored.count == 1)
    manager.forget()
    #expect(try daemon.standing() == owner)
    try daemon.replaceModel(withoutPolicies: true)
    try daemon.await { $0.enforced?.allowances.hopA == 0 }
    #expect(try daemon.standing() == owner)
    kill(second.process, SIGKILL)
    _ = try second.wait()
    #expect(try daemon.awaitStanding { $0 == .orphaned })
  }

  @Test(arguments: [true, false])
  func `Through moat hold the table stays owned, whoever starts first`(holdIsFirst: Bool) throws {
    var hold = holdIsFirst ? try daemon.startHold() : nil
    if holdIsFirst { try daemon.awaitHold(keepsSocket: false) }
    var running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    if !holdIsFirst { hold = try daemon.startHold() }
    try daemon.awaitHold(keepsSocket: true)
    for _ in 0..<3 {
      kill(running.process, SIGKILL)
      _ = try running.wait()
      try expectOwned()
      running = try daemon.start()
      try daemon.await { $0.state == .inSync }
      #expect(try daemon.client.status().counts.commits == 0)
    }
    #expect(try told().contains("its socket is kept by moat hold\n"))
    hold?.stop()
    #expect(try hold?.wait().status == 0)
    #expect(try told().contains("nobody keeps its socket"))
    hold = try daemon.startHold()
    try daemon.awaitHold(keepsSocket: true)
    try daemon.await { $0.keepers == ["moat hold"] }
    kill(running.process, SIGKILL)
    _ = try running.wait()
    try expectOwned()
    #expect(try daemon.moat(["apply"] + daemon.model).status == 1)
    let unlocked = try daemon.moat(["unlock", "--socket", daemon.socket, "--hold", daemon.holdPath])
    #expect(unlocked.output.contains("removed table inet moat"), "\(unlocked.text)")
    hold?.stop()
  }

  @Test func `Without a holder the table enforces, and the next daemon owns it at once`() throws {
    var times: [Duration] = []
    for round in 0..<6 {
      let running = try daemon.start()
      let began = ContinuousClock.now
      #expect(try daemon.awaitStanding { if case .foreign = $0 { true } else { false } })
      if round > 0 { times.append(.now - began) }
      try daemon.await { $0.state == .inSync }
      kill(running.process, SIGKILL)
      _ = try running.wait()
      #expect(try daemon.awaitStanding { $0 == .orphaned })
      #expect(try daemon.tables() == "table inet moat\n")
    }
    times.sort()
    #expect(times[0] < .milliseconds(100), "owned again after \(times)")
  }

  @Test func `A hold of another user gets nothing and gives nothing`() throws {
    chmod(daemon.folder.path, 0o777)
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    let hold = try daemon.startHold(through: nobody)
    let deadline = ContinuousClock.now + .seconds(10)
    while access(daemon.holdPath, F_OK) != 0, .now < deadline { usleep(1000) }
    let descriptors = try sockets(of: hold.process)
    #expect(descriptors > 0)
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    try daemon.client.handOver()
    #expect(try sockets(of: hold.process) == descriptors)
    #expect(try daemon.client.status().keepers == [])
    running.stop()
    hold.stop()
  }

  @Test func `Nobody but its own user gets or replaces what a hold keeps`() throws {
    chmod(daemon.folder.path, 0o777)
    let hold = try daemon.startHold()
    try daemon.awaitHold(keepsSocket: false)
    let first = try daemon.start()
    try daemon.await { $0.state == .inSync }
    try daemon.awaitHold(keepsSocket: true)
    let owner = try daemon.standing()
    kill(first.process, SIGKILL)
    _ = try first.wait()
    // Whoever may connect is judged by the hold, not by the socket's mode alone.
    chmod(daemon.holdPath, 0o777)
    chmod(daemon.folder.path + "/state", 0o777)
    unlink(daemon.socket + ".lock")
    let foreign = try daemon.start(through: [
      "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+net_admin",
      "--ambient-caps=+net_admin",
    ])
    try daemon.await { $0.state == .degraded && $0.faults.contains { $0.message.contains("is owned by") } }
    #expect(try daemon.client.status().enforced == nil)
    try daemon.client.handOver()
    #expect(try daemon.standing() == owner)
    foreign.stop()
    let second = try daemon.start()
    try daemon.await { $0.state == .inSync }
    #expect(try daemon.standing() == owner)
    second.stop()
    hold.stop()
  }

  @Test func `A hold that never answers delays a daemon, and stops it from nothing else`() throws {
    let hold = try daemon.startHold()
    try daemon.awaitHold(keepsSocket: false)
    kill(hold.process, SIGSTOP)
    let began = ContinuousClock.now
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    #expect(.now - began < .seconds(8))
    // It has the socket after all once it lives again, and can lose it.
    kill(hold.process, SIGCONT)
    try daemon.awaitHold(keepsSocket: true)
    let owner = try daemon.standing()
    kill(running.process, SIGKILL)
    _ = try running.wait()

    // With the socket in such a hold nobody owns the tables but it: the daemon says so, and goes on when it is gone.
    kill(hold.process, SIGSTOP)
    let next = try daemon.start()
    try daemon.await { $0.state == .degraded && $0.faults.contains { $0.message.contains("is owned by") } }
    #expect(try daemon.standing() == owner)
    kill(hold.process, SIGKILL)
    _ = try hold.wait()
    try daemon.await { $0.state == .inSync }
    #expect(try daemon.tables() == "table inet moat\n")
    next.stop()
  }

  @Test func `Descriptors that were passed to another process are not taken`() throws {
    let environment = ["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "other:moat-tables"]
    #expect(storedDescriptors(named: "moat-tables", environment: environment, process: 7) == [4])
    #expect(storedDescriptors(named: "moat-tables", environment: environment, process: 8) == [])
    for (key, value) in [("LISTEN_PID", ""), ("LISTEN_FDS", "-1"), ("LISTEN_FDS", "3"), ("LISTEN_FDNAMES", "x")] {
      let odd = environment.merging([key: value]) { $1 }
      #expect(storedDescriptors(named: "moat-tables", environment: odd, process: 7) == [], "\(key)=\(value)")
    }

    // One that is there by accident, the owner's own socket even, with another's number.
    let manager = try FakeServiceManager(at: daemon.folder.path + "/notify")
    let first = try manager.start { try daemon.start(through: $0) }
    #expect(try manager.await("FDSTORE=1\nFDPOLL=0\nFDNAME=moat-tables"))
    try daemon.await { $0.state == .inSync }
    kill(first.process, SIGKILL)
    _ = try first.wait()
    let second = try manager.start { starter in
      try daemon.start(through: starter.map { $0.replacingOccurrences(of: "LISTEN_PID=$$", with: "LISTEN_PID=1") })
    }
    try daemon.await { $0.state == .degraded && $0.faults.contains { $0.message.contains("is owned by") } }
    second.stop()
  }

  @Test func `A daemon whose tables are open to others says so`() throws {
    let running = try daemon.start(arguments: ["--no-owner"])
    try daemon.await { $0.state == .inSync }
    #expect(try daemon.client.status().keepers == nil)
    #expect(try told().contains("the tables have no owner"))
    running.stop()
  }

  /// What `moat status` prints.
  private func told() throws -> String { try daemon.moat(["status", "--socket", daemon.socket]).output }

  private func sockets(of process: Int32) throws -> Int {
    let folder = "/proc/\(process)/fd"
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"))?.hasPrefix("socket:") ?? false
    }.count
  }

  /// Nobody else can change the table.
  private func expectOwned() throws {
    for command in [
      "delete table inet moat", "flush chain inet moat forward", "add table inet moat { flags dormant; }",
    ] {
      let result = try daemon.lab.run(in: .node("worker-1"), ["nft", command])
      #expect(result.status != 0 && result.errors.contains("Operation not permitted"), "\(command): \(result.text)")
    }
    let flushed = try daemon.lab.run(in: .node("worker-1"), ["nft", "flush", "ruleset"])
    #expect(flushed.status == 0)
    #expect(try daemon.tables() == "table inet moat\n")
  }
}
