import EgressAgent
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// The daemon itself, in a node of its own, judged by real packets.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct RunTests {
  @Test func `A changed manifest changes what packets may do`() async throws {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    let gateway = Probe(from: productpage, to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    let outside = Probe(from: productpage, to: try IPAddress(parsing: "203.0.113.10"), .tcp(443))
    #expect(try await daemon.lab.probe(gateway).outcome == .delivered)
    #expect(try await daemon.lab.probe(outside).outcome == .refused)

    try daemon.replaceModel(withoutPolicies: true)
    try daemon.await { $0.enforced?.allowances.hopA == 0 }
    #expect(try await daemon.lab.probe(gateway).outcome == .refused)
    try daemon.replaceModel()
    try daemon.await { $0.enforced?.allowances.hopA == 2 }
    #expect(try await daemon.lab.probe(gateway).outcome == .delivered)

    try daemon.folder.replace("m/egress.yaml", with: "kind: [")
    try daemon.await { $0.state == .degraded }
    #expect(try daemon.client.status().faults.first?.message.contains("egress.yaml:") == true)
    #expect(try await daemon.lab.probe(gateway).outcome == .delivered)
    running.stop()
    #expect(try running.wait().status == 0)
    #expect(try await daemon.lab.probe(gateway).outcome == .delivered)
    #expect(try await daemon.lab.probe(outside).outcome == .refused)
  }

  @Test func `A restart finds everything in place, also after a kill`() throws {
    let daemon = try DaemonLab()
    for ending in [SIGTERM, SIGKILL, SIGINT] {
      let running = try daemon.start()
      try daemon.await { $0.state == .inSync }
      let counts = try daemon.client.status().counts
      #expect(counts.commits == (ending == SIGTERM ? 1 : 0) && counts.readBacks == 1)
      kill(running.process, ending)
      #expect(try running.wait().status == (ending == SIGKILL ? 128 + SIGKILL : 0))
      #expect(try daemon.tables() == "table inet moat\n")
    }
  }

  @Test func `A hangup rereads the configuration, and keeps the old one where the new is wrong`() throws {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.enforced?.mode == "enforce" }
    let good = try String(contentsOfFile: daemon.folder.path + "/config.yaml", encoding: .utf8)
    try daemon.folder.write(good + "mode: audit\n", to: "config.yaml")
    kill(running.process, SIGHUP)
    try daemon.await { $0.enforced?.mode == "audit" }
    try daemon.folder.write(good + "mode: sometimes\n", to: "config.yaml")
    kill(running.process, SIGHUP)
    try daemon.await { $0.faults.contains { $0.source == "configuration" } }
    #expect(try daemon.client.status().enforced?.mode == "audit")
    try daemon.folder.write(good, to: "config.yaml")
    kill(running.process, SIGHUP)
    try daemon.await { $0.state == .inSync && $0.enforced?.mode == "enforce" }
    running.stop()
  }

  @Test func `The status lists what is wrong with the model`() throws {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    try daemon.folder.write(
      "{ apiVersion: v1, kind: Pod, metadata: { name: stray, namespace: a }, spec: { nodeName: worker-1 }, "
        + "status: { phase: Running, podIP: 192.0.2.9, podIPs: [{ ip: 192.0.2.9 }] } }", to: "m/stray.yaml")
    try daemon.await { $0.enforced?.shownFindings.contains { $0.text.contains("Pod a/stray") } == true }
    let shown = try #require(try daemon.client.status().enforced)
    #expect(shown.shownFindings.count == (shown.findings["warning"] ?? 0) + (shown.findings["error"] ?? 0))
    let told = try daemon.moat(["status", "--socket", daemon.socket]).output
    #expect(told.contains("    warning M007 Pod a/stray"), "\(told)")
    let json = try daemon.moat(["status", "--json", "--socket", daemon.socket]).output
    #expect(json.contains("\"severity\" : \"warning\"") && json.contains("Pod a/stray"), "\(json)")
    running.stop()
  }

  @Test func `Unlock asks the daemon, which removes the tables and ends`() throws {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    #expect(try daemon.moat(["status", "--socket", daemon.socket]).status == 0)
    let unlocked = try daemon.moat(["unlock", "--socket", daemon.socket])
    #expect(unlocked.status == 0 && unlocked.output.contains("removed table inet moat"))
    #expect(try running.wait().status == 3)
    #expect(try daemon.tables() == "")
    #expect(try daemon.moat(["status", "--socket", daemon.socket]).status == 1)
  }

  @Test func `Lock closes a node where nothing stands, from the last good state or the configuration`() async throws {
    let daemon = try DaemonLab()
    let lock = ["lock", "--config", daemon.folder.path + "/config.yaml", "--state", daemon.folder.path + "/state"]
    let outside = Probe(from: productpage, to: try IPAddress(parsing: "203.0.113.10"), .tcp(443))
    #expect(try daemon.moat(lock).output.contains("config.yaml"))
    #expect(try await daemon.lab.probe(outside).outcome != .delivered)
    #expect(try daemon.moat(lock).output.contains("stands already"))
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    #expect(try daemon.moat(["unlock", "--socket", daemon.socket]).status == 0)
    _ = try running.wait()
    #expect(try daemon.moat(lock).output.contains("lock.json"))
    #expect(try await daemon.lab.probe(outside).outcome != .delivered)
  }

  @Test func `A full disk is told, and nothing else suffers`() throws {
    let daemon = try DaemonLab()
    let mount = "mount -t tmpfs -o size=4k,nr_inodes=3 none \(daemon.folder.path)/state; head -c 4096 /dev/zero "
    let fill = "> \(daemon.folder.path)/state/full; exec \"$@\""
    let command = ["unshare", "-m", "sh", "-c", mount + fill, "sh"]
    let running = try daemon.start(through: command)
    try daemon.await { $0.faults.contains { $0.source == "state" } }
    let status = try daemon.client.status()
    #expect(status.isReady && status.faults.first?.message.contains("No space left") == true)
    try daemon.replaceModel(withoutPolicies: true)
    try daemon.await { $0.state == .degraded && $0.enforced?.allowances.hopA == 0 }
    running.stop()
  }

  @Test func `Apply does not end what a daemon judged by interfaces`() throws {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    running.stop()
    let held = try daemon.held()
    let folder = daemon.folder.path
    let apply = ["apply", "--manifests", folder + "/m", "--config", folder + "/config.yaml", "--node", "worker-1"]
    let refused = try daemon.moat(apply)
    #expect(refused.status == 1 && refused.errors.contains("Add --observe-interfaces"), "\(refused.text)")
    #expect(try daemon.held() == held)
    #expect(try daemon.moat(apply + ["--observe-interfaces"]).status == 0)
    #expect(try daemon.held() == held)
    #expect(try daemon.moat(["unlock", "--socket", daemon.socket]).status == 0)
    #expect(try daemon.moat(apply).status == 0)
  }

  @Test func `What cannot start says why`() throws {
    let daemon = try DaemonLab()
    try daemon.folder.write("mode: sometimes\n", to: "config.yaml")
    let ended = try daemon.start().wait()
    #expect(ended.status == 1 && ended.errors.contains("cannot start"))
  }
}
