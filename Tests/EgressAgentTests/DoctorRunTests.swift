import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Testing

/// `moat doctor` and the end of `moat plan` on a real node, with a folder that stands for its files.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct DoctorRunTests {
  private let daemon: DaemonLab

  init() throws { daemon = try DaemonLab() }

  private var inputs: [String] {
    [
      "--manifests", daemon.folder.path + "/m", "--config", daemon.folder.path + "/config.yaml", "--node", "worker-1",
    ]
  }

  private func doctor(_ more: String...) throws -> ProgramOutput {
    try daemon.moat(["doctor"] + inputs + ["--root", daemon.folder.path + "/root"] + more)
  }

  /// A root with settings that nobody minds.
  private func makeRoot() throws {
    for folder in ["proc/sys/net/ipv4", "sys/class/net/eth0/device", "etc/systemd/system/sysinit.target.wants"] {
      try daemon.folder.makeFolder("root/" + folder)
    }
    try daemon.folder.write("1\n", to: "root/proc/sys/net/ipv4/ip_forward")
  }

  @Test func `The kernel here has all that moat needs, and asking leaves nothing behind`() throws {
    try makeRoot()
    let found = try doctor("--json")
    #expect(!found.output.contains("M061") && !found.output.contains("M062"), "\(found.text)")
    let tables = try daemon.lab.run(in: .node("worker-1"), ["nft", "list", "tables"]).output
    #expect(!tables.contains("moat"))
  }

  @Test func `Files that disturb are named; without a root they are findings, not crashes`() throws {
    let unreadable = try doctor()
    #expect(unreadable.status == 2 && unreadable.output.contains("M061"), "\(unreadable.text)")
    try makeRoot()
    #expect(try !doctor().output.contains("M066"))
    try daemon.folder.write("#!/usr/sbin/nft -f\nflush  ruleset;\n", to: "root/etc/nftables.conf")
    #expect(try !doctor().output.contains("M066"))
    try daemon.folder.link("root/etc/systemd/system/sysinit.target.wants/nftables.service", to: "/lib/nftables.service")
    let flushing = try doctor()
    #expect(flushing.status == 2 && flushing.output.contains("M066"), "\(flushing.text)")
    try daemon.folder.write("# flush ruleset\n", to: "root/etc/nftables.conf")
    #expect(try !doctor().output.contains("M066"))
    try daemon.folder.write("4\n", to: "root/sys/class/net/eth0/device/sriov_numvfs")
    #expect(try doctor().output.contains("M067"))
  }

  @Test func `Hooks for programs and rules that masquerade are seen`() throws {
    try makeRoot()
    #expect(try !doctor().output.contains("M068"))
    let added = try daemon.lab.run(
      in: .node("worker-1"), ["tc", "qdisc", "add", "dev", LabTopology.uplinkInterface, "clsact"])
    try #require(added.status == 0, "\(added.text)")
    let rules = "table ip nat { chain p { type nat hook postrouting priority 100; oifname \"none\" masquerade; }; }"
    #expect(try daemon.lab.run(in: .node("worker-1"), ["nft", "-f", "-"], input: rules).status == 0)
    let found = try doctor()
    #expect(found.output.contains("M068") && found.output.contains("M071 table ip nat"), "\(found.text)")
  }

  @Test func `Connections that enforcement would cut are told with what would keep them`() throws {
    try makeRoot()
    let far = try IPAddress(parsing: "203.0.113.10")
    let host = try daemon.lab.connect(from: .node("worker-1"), to: far, .tcp(8443))
    let pod = try daemon.lab.connect(
      from: .pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q"), to: far, .tcp(9443))
    let found = try doctor()
    #expect(found.status == 2 && found.output.contains("M072 host: has a connection open to 203.0.113.10:8443/tcp"))
    #expect(
      found.output.contains("#     - name: open-1\n#       to: [{ cidr: \"203.0.113.10/32\" }]\n"), "\(found.text)")
    #expect(found.output.contains("serviceAccount: bookinfo-productpage"))
    let plan = try daemon.moat(["plan"] + inputs)
    #expect(plan.status == 2 && plan.output.contains("# open now and cut by enforcement"))
    #expect(try daemon.lab.run(in: .node("worker-1"), ["nft", "-c", "-f", "-"], input: plan.output).status == 0)

    // What it advises works: the lines, put into the configuration, leave nothing to be cut.
    let lines = found.output.split(separator: "\n").filter { $0.hasPrefix("#   ") }.map { $0.dropFirst(4) }
    let text = "apiVersion: moat.dev/v1alpha1\nkind: MoatConfiguration\ncluster: { networks: [10.96.0.0/12] }\n"
    try daemon.folder.write(text + lines.joined(separator: "\n") + "\n", to: "config.yaml")
    let after = try doctor()
    #expect(!after.output.contains("M072") && !after.output.contains("# open now"), "\(after.text)")
    withExtendedLifetime((host, pod)) {}
  }
}
