import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// The units as a real systemd runs them, with real packets.
@Suite(.enabled(if: geteuid() == 0, "needs root: systemd is process 1 in namespaces of its own"), .serialized)
struct SystemdTests {
  let systemd: SystemdLab

  init() throws { systemd = try SystemdLab() }

  private var daemon: DaemonLab { systemd.daemon }

  @Test func `Booted, the node is locked first, and then the daemon is ready`() async throws {
    #expect(try systemd.property("Result", of: "moat-lock") == "success")
    #expect(try systemd.property("StatusText") == "in sync")
    #expect(try systemd.property("NFileDescriptorStore") == "1")
    let status = try systemd.client.status()
    #expect(status.state == .inSync && status.enforced?.allowances.hopA == 2 && status.keepers == ["service manager"])
    try await expectEnforced()

    // A boot: nothing stands, then the lock alone does, from what the daemon has left.
    try systemd.systemctl("stop moat moat-lock")
    try daemon.shell("nft delete table inet moat")
    try systemd.systemctl("start moat-lock")
    #expect(try daemon.tables() == "table inet moat\n")
    try await expectClosed()
    try systemd.systemctl("start moat")
    try await expectEnforced()
  }

  @Test func `The daemon is confined as its unit says`() throws {
    let process = try systemd.process()
    let status = try String(contentsOfFile: process + "/status", encoding: .utf8)
    let fields = status.split(separator: "\n").map { $0.split { $0.isWhitespace } }
    let value = { (name: String) in fields.first { $0.first == "\(name):" }?.dropFirst().first.map(String.init) }
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
      #expect(value(set) == "0000000000001000", "\(set): CAP_NET_ADMIN alone")
    }
    #expect(value("NoNewPrivs") == "1" && value("Seccomp") == "2")
    let user = try systemd.run("id", "-u", "moat").output.filter(\.isNumber)
    #expect(value("Uid") == user && user != "0")
    for path in ["/proc/sys", "/proc/meminfo", "/dev/mem", "/dev/kmsg"] {
      #expect(access("\(process)/root\(path)", F_OK) != 0, "\(path)")
    }
    for path in ["/etc/moat", "/usr/local/bin"] {
      #expect(mkdir("\(process)/root\(path)/written", 0o700) != 0 && errno == EROFS, "\(path) can be written")
    }
    #expect(access("\(process)/root/var/lib/moat/lock.json", F_OK) == 0)
  }

  @Test func `Killed again and again, it comes back, and nobody else ever has the table`() async throws {
    let owner = try daemon.standing()
    guard case .foreign = owner else { return #expect(owner == .foreign(port: 0), "the table is not owned") }
    let thief = try daemon.lab.start(
      in: .node("worker-1"),
      [
        "sh", "-c",
        "while :; do nft delete table inet moat && echo taken; nft flush table inet moat && echo taken; done",
      ])
    let hammer = Hammer(from: productpage, in: daemon.lab)
    hammer.awaitMore(100)
    let capture = try daemon.lab.capture(at: .outside("httpbin"))
    // More often than systemd forgives by default.
    for number in 1...8 {
      try systemd.systemctl("kill --kill-who=main --signal=SIGKILL moat")
      #expect(try daemon.standing() == owner)
      try systemd.waitUntil("NRestarts") { $0 == "\(number)" }
      try systemd.waitUntil("ActiveState") { $0 == "active" }
    }
    #expect(try daemon.standing() == owner)
    #expect(try systemd.property("NFileDescriptorStore") == "1")
    hammer.stop()
    thief.stop()
    #expect(!thief.text.contains("taken"))
    #expect(Hammer.leaks(in: capture).isEmpty)
    try await expectEnforced()
  }

  @Test func `Hung, it is ended by the watchdog and started again`() throws {
    try systemd.edit("[Service]\nWatchdogSec=3s\nTimeoutAbortSec=1s\n")
    try systemd.systemctl("restart moat")
    let owner = try daemon.standing()
    let first = try systemd.property("MainPID")
    try systemd.systemctl("kill --kill-who=main --signal=SIGSTOP moat")
    try systemd.waitUntil("MainPID", within: .seconds(20)) { $0 != first && $0 != "0" }
    try systemd.waitUntil("ActiveState") { $0 == "active" }
    #expect(try systemd.property("NRestarts") == "1")
    #expect(try daemon.standing() == owner)
    #expect(try systemd.client.status().state == .inSync)
  }

  @Test func `Reloaded, stopped, started, unlocked`() async throws {
    try systemd.run("sed", "-i", "1a mode: audit", "/etc/moat/config.yaml").expectSuccess()
    try systemd.systemctl("reload moat")
    let deadline = ContinuousClock.now + .seconds(10)
    while try systemd.client.status().enforced?.mode != "audit", .now < deadline { usleep(10_000) }
    #expect(try systemd.client.status().enforced?.mode == "audit")
    try systemd.run("sed", "-i", "2d", "/etc/moat/config.yaml").expectSuccess()

    try systemd.systemctl("restart moat")
    try systemd.systemctl("stop moat")
    #expect(try systemd.property("Result") == "success")
    #expect(try daemon.tables() == "table inet moat\n")
    try await expectClosed()
    try systemd.systemctl("start moat")
    try await expectEnforced()

    let unlocked = try systemd.run("moat", "unlock")
    #expect(unlocked.output.contains("removed table inet moat"), "\(unlocked.text)")
    try systemd.waitUntil("ExecMainStatus") { $0 == "3" }
    try systemd.waitUntil("ActiveState") { $0 != "active" }
    // It would have been started again by now.
    try await Task.sleep(for: .seconds(1))
    #expect(try systemd.property("ActiveState") == "failed")
    #expect(try daemon.tables() == "")
  }

  /// A pod does not reach the outside.
  private func expectClosed() async throws {
    let far = Probe(from: productpage, to: try ip("203.0.113.10"), .tcp(443), expecting: .refused)
    for result in try await daemon.lab.probeAll([far]) { #expect(result.outcome == .refused) }
  }

  /// The table is owned, identities are known, and packets fare as the model says.
  private func expectEnforced() async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try systemd.client.status().state != .inSync, .now < deadline { usleep(10_000) }
    guard case .foreign = try daemon.standing() else { return #expect(Bool(false), "the table is not owned") }
    let own = try daemon.held()?.tables.first?.set("pods4")?.elements
    #expect(own?.count == 3, "worker-1's pods are bound")
    let probes = [
      Probe(from: productpage, to: try ip("10.96.0.100"), .tcp(443), expecting: .delivered),
      Probe(from: productpage, to: try ip("203.0.113.10"), .tcp(443), expecting: .refused),
      Probe(from: reviews, to: try ip("10.96.0.100"), .tcp(443), expecting: .refused),
    ]
    for (probe, result) in zip(probes, try await daemon.lab.probeAll(probes)) {
      #expect(result.outcome == probe.expecting, "\(probe): \(result), \(systemd.log)")
    }
  }
}

extension ProgramOutput {
  fileprivate func expectSuccess() { #expect(status == 0, "\(text)") }
}
