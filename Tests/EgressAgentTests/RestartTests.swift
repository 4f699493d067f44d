import Foundation
import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import SeededRandom
import Testing

/// A daemon that ends and begins, however it does, opens nothing: zero packets of a pod that never stops trying.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"), .serialized)
struct RestartTests {
  let daemon: DaemonLab
  let hammer: Hammer

  init() throws {
    daemon = try DaemonLab()
    hammer = Hammer(from: productpage, in: daemon.lab)
  }

  /// What gets out while nothing stands must be seen, or seeing nothing afterwards means nothing.
  private func expectOpen() throws {
    let capture = try daemon.lab.capture(at: .outside("httpbin"))
    for target in Hammer.targets {
      #expect(capture.waitFor(.seconds(10)) { $0.destination == target } != nil, "\(target)")
    }
  }

  /// Packets on their way when the rules came have arrived when this returns.
  private func captureFromNowOn() throws -> Capture {
    hammer.awaitMore(100)
    return try daemon.lab.capture(at: .outside("httpbin"))
  }

  @Test func `Two hundred restarts let nothing out`() throws {
    try expectOpen()
    let manager = try FakeServiceManager(at: daemon.folder.path + "/notify")
    let environment = ["env", "NOTIFY_SOCKET=\(manager.path)"]
    let first = try daemon.start(through: environment)
    try #require(try manager.await("READY=1"))
    let capture = try captureFromNowOn()
    first.stop()
    let began = hammer.count
    for _ in 0..<200 {
      let running = try daemon.start(through: environment)
      try #require(try manager.await("READY=1"))
      manager.forget()
      kill(running.process, SIGTERM)
      try #require(try running.wait().status == 0)
    }
    hammer.stop()
    #expect(Hammer.leaks(in: capture).isEmpty)
    #expect(hammer.count > began + 2000)
    #expect(try daemon.tables() == "table inet moat\n")
  }

  @Test func `Killed at any moment of three hundred commits, nothing gets out`() throws {
    try expectOpen()
    var running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    let capture = try captureFromNowOn()
    var random = Seeded(20_260_101)
    var (kills, flips) = (0, 0)
    let first = try daemon.generation()
    // Besides its commits, a start changes the generation twice: it asks what the kernel can do, and owns the table.
    let deadline = ContinuousClock.now + .seconds(60)
    while try Int(daemon.generation() - first) < 300 + 2 * kills, ContinuousClock.now < deadline {
      flips += 1
      try daemon.replaceModel(withoutPolicies: flips.isMultiple(of: 2))
      usleep(UInt32.random(in: 0..<12_000, using: &random))
      guard random.oneIn(8) else { continue }
      kill(running.process, SIGKILL)
      _ = try running.wait()
      kills += 1
      running = try daemon.start(arguments: random.oneIn(4) ? ["--no-owner"] : [])
      usleep(UInt32.random(in: 0..<150_000, using: &random))
    }
    #expect(ContinuousClock.now < deadline && kills > 10, "\(kills) kills, \(flips) changes")
    try daemon.replaceModel()
    try daemon.await { $0.state == .inSync && $0.enforced?.allowances.hopA == 2 }
    hammer.stop()
    running.stop()
    #expect(Hammer.leaks(in: capture).isEmpty)
  }

  @Test func `From a boot with a torn state to the daemon, nothing gets out`() throws {
    try expectOpen()
    let lock = ["lock", "--config", daemon.folder.path + "/config.yaml", "--state", daemon.folder.path + "/state"]
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    let capture = try captureFromNowOn()
    let path = daemon.folder.path + "/state/lock.json"
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    running.stop()
    for torn in [whole.prefix(whole.count / 2), Data(), Data("moat lock state 1, crc32 00000000\n{}".utf8)] {
      // A reboot: the table is gone. The new one comes in the same batch, so that the hammer never meets none.
      try torn.write(to: URL(fileURLWithPath: path))
      try daemon.reboot()
      let locked = try daemon.moat(lock)
      #expect(locked.status == 1 && locked.output.contains("locked, from"), "\(locked.text)")
      #expect(locked.output.contains("config.yaml") && locked.errors.contains("lock.json"))
      try daemon.endReboot()
      let next = try daemon.start()
      try daemon.await { $0.state == .inSync }
      next.stop()
    }
    hammer.stop()
    #expect(Hammer.leaks(in: capture).isEmpty)
  }
}
