import Foundation
import Glibc
import HttpbinLab
import NamespaceLab
import NetworkValues

/// The daemon is killed, somebody flushes the ruleset, and still nothing gets out.
struct LastAct {
  var moat: String
  var manifests: [String]

  private static let node = LabHost.node("worker-1")

  /// Prints what happens; whether nothing got out, and the daemon came back.
  func play(in lab: Lab) async throws -> Bool {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-demo-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["--socket", folder.path + "/moat.sock", "--hold", folder.path + "/hold.sock"]
    print("  The last act, on worker-1:\n")
    let hold = try lab.start(in: Self.node, [moat, "hold"] + files)
    try awaitFile(folder.path + "/hold.sock")
    let daemon = NodeDaemon(moat: moat, node: "worker-1", folder: folder.path, manifests: manifests)
    let first = try daemon.start(in: lab)
    _ = try daemon.awaitSync(in: lab)
    say("moat hold & moat run --node worker-1 … &", "in sync")
    kill(first.process, SIGKILL)
    say("kill -9 \(first.process)", try first.wait().status == 128 + SIGKILL ? "the daemon is dead" : "it had ended")
    var stands = true
    for command in ["delete table inet moat", "flush ruleset"] {
      let result = try lab.run(in: Self.node, ["nft"] + command.split(separator: " ").map(String.init))
      let isThere = try lab.run(in: Self.node, ["nft", "list", "table", "inet", "moat"]).status == 0
      let refusal = result.errors.contains("Operation not permitted") ? "Operation not permitted" : "done"
      say("nft \(command)", refusal + (isThere ? "; moat's table stands" : "; MOAT'S TABLE IS GONE"))
      stands = stands && isThere
    }
    let leaks = try await attempts(in: lab)
    print("    productpage tries TCP, UDP and ICMP, IPv4 and IPv6: \(leaks) of 5 got out")
    let second = try daemon.start(in: lab)
    let commits = try daemon.awaitSync(in: lab)
    say("moat run --node worker-1 … &", "in sync again, after \(commits) commits\n")
    second.stop()
    hold.stop()
    return leaks == 0 && stands
  }

  private func say(_ command: String, _ outcome: String) {
    print("    $ " + command + String(repeating: " ", count: max(1, 44 - command.count)) + outcome)
  }

  /// How many packets of a pod get out.
  private func attempts(in lab: Lab) async throws -> Int {
    let probes = [
      ("203.0.113.10", Probe.Message.tcp(443)), ("203.0.113.10", .udp(443)), ("203.0.113.10", .ping),
      ("2001:db8:113::10", .tcp(443)), ("2001:db8:113::10", .udp(443)),
    ].map { Probe(from: .pod(productpage), to: address($0.0), $0.1, expecting: .refused) }
    return try await lab.probeAll(probes).filter { $0.outcome == .delivered || $0.hasArrived }.count
  }

  private func awaitFile(_ path: String) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while access(path, F_OK) != 0 {
      guard ContinuousClock.now < deadline else { throw LabError.timeout(host: "worker-1", command: "moat hold") }
      usleep(10_000)
    }
  }
}
