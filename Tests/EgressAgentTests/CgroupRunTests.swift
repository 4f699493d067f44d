import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// The daemon and real processes in real cgroups, judged by what arrives outside.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces and cgroups"))
struct CgroupRunTests {
  private let far: IPAddress
  private let group: LabCgroup
  private let daemon: DaemonLab

  init() throws {
    far = try IPAddress(parsing: "203.0.113.10")
    group = try LabCgroup()
    daemon = try DaemonLab()
  }

  /// The main scenario's configuration with these lines in `host`.
  private func configure(_ lines: String) throws {
    let text = try String(contentsOfFile: scenarioFolder + "/config.yaml", encoding: .utf8)
    let parts = text.components(separatedBy: "  mode: restricted\n")
    #expect(parts.count == 2)
    try daemon.folder.write(parts.joined(separator: lines), to: "config.yaml")
  }

  /// Whether a process in the cgroup, or in none of ours, gets a packet to the outside.
  private func reachesOutside(in unit: String?, port: UInt16) throws -> Bool {
    let capture = try daemon.lab.capture(at: .outside("httpbin"))
    let connect = ["timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/\(far)/\(port)"]
    let command = (unit.map { group.entering($0) } ?? []) + connect
    _ = try daemon.lab.run(in: .node("worker-1"), command)
    return capture.packets().contains { $0.destination == far && $0.destinationPort == port }
  }

  @Test func `A unit's allowance follows its restart, and is withdrawn while it is absent`() throws {
    try configure("  mode: restricted\n")
    let allowance = "  - name: unit\n    to: [{ cidr: \(far)/32 }]\n    ports: [{ protocol: TCP, port: 443 }]\n"
    let unit = "\(group.path)/a.service"
    let text = try String(contentsOfFile: daemon.folder.path + "/config.yaml", encoding: .utf8)
    try daemon.folder.write(text + allowance + "    cgroup: \(unit)\n", to: "config.yaml")
    _ = try group.make("b.service")
    let first = try group.make("a.service")
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    let warnings = try daemon.client.status().enforced?.findings["warning"] ?? 0
    #expect(try reachesOutside(in: "a.service", port: 443))
    #expect(try !reachesOutside(in: "a.service", port: 80))
    #expect(try !reachesOutside(in: "b.service", port: 443))
    #expect(try !reachesOutside(in: nil, port: 443))

    group.remove(below: "a.service")
    try daemon.await { $0.enforced.map { $0.findings["warning", default: 0] } == warnings + 1 }
    #expect(try units() == 0)
    let second = try group.make("a.service")
    #expect(second != first)
    try daemon.await { $0.enforced.map { $0.findings["warning", default: 0] } == warnings }
    #expect(try units() == 1)
    #expect(try reachesOutside(in: "a.service", port: 443))
    #expect(try !reachesOutside(in: "b.service", port: 443))

    // Also while the manifests cannot be read.
    try daemon.folder.replace("m/egress.yaml", with: "kind: [")
    try daemon.await { $0.state == .degraded }
    _ = try group.make("a.service/kubepods")
    try daemon.await { $0.enforced.map { $0.findings["warning", default: 0] } == warnings + 1 }
    #expect(try !reachesOutside(in: "a.service", port: 443))
    #expect(try !reachesOutside(in: "a.service/kubepods", port: 443))
    running.stop()
  }

  @Test func `Unrestricted passes the named cgroups alone`() throws {
    try configure("  mode: unrestricted\n  cgroups: [\(group.path)/system.slice]\n")
    _ = try group.make("system.slice")
    _ = try group.make("system.slice/deep.service")
    _ = try group.make("other.slice")
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    #expect(try reachesOutside(in: "system.slice", port: 80))
    #expect(try reachesOutside(in: "system.slice/deep.service", port: 8080))
    #expect(try !reachesOutside(in: "other.slice", port: 80))
    #expect(try !reachesOutside(in: nil, port: 80))
    running.stop()
    #expect(try running.wait().status == 0)
    #expect(try !reachesOutside(in: "other.slice", port: 80))
  }

  @Test func `What render prints for cgroups nft loads, and it is what apply commits`() throws {
    try configure("  mode: unrestricted\n  cgroups: [\(group.path)/system.slice]\n")
    _ = try group.make("system.slice")
    let inputs = [
      "--manifests", daemon.folder.path + "/m", "--config", daemon.folder.path + "/config.yaml", "--node", "worker-1",
    ]
    let rendered = try daemon.moat(["render"] + inputs)
    #expect(rendered.status == 0)
    #expect(try daemon.lab.run(in: .node("worker-1"), ["nft", "-f", "-"], input: rendered.output).status == 0)
    let plan = try daemon.moat(["plan"] + inputs)
    #expect(plan.status == 0 && plan.output == "", "\(plan.text)")
  }

  /// How many cgroups are in the first unit's set.
  private func units() throws -> Int {
    let listing = try daemon.lab.run(in: .node("worker-1"), ["nft", "list", "set", "inet", "moat", "unit1"]).output
    return listing.components(separatedBy: "a.service\"").count - 1
  }
}
