import APIServerLab
import EgressAgent
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// What an operator applies, `deploy/`, at a real API server.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct DeployTests {
  @Test func `The API server takes every object as it is written`() throws {
    let server = try APIServer(at: .loopback)
    try server.defineGloo()
    // A dry run makes no namespace for what follows.
    try server.apply("\(deployFolder)/namespace.yaml", "\(deployFolder)/examples/httpbin/namespaces.yaml")
    let folders = ["", "/examples/httpbin", "/unlock"].map { deployFolder + $0 }
    for folder in folders {
      try server.kubectl(["apply", "-k", folder, "--dry-run=server"])
      try server.kubectl(["apply", "-k", folder])
      // What the server made of it is what was asked for: nothing was dropped, and nothing is left to be done.
      try server.kubectl(["diff", "-k", folder])
      let again = try server.kubectl(["apply", "-k", folder])
      #expect(!again.isEmpty && again.split(separator: "\n").allSatisfy { $0.hasSuffix(" unchanged") }, "\(again)")
    }
    let daemons = try server.get("/apis/apps/v1/namespaces/moat-system/daemonsets/moat").text
    let map = try server.kubectl(["get", "configmap", "-n", "moat-system", "-o", "name"])
    #expect(daemons.contains(map.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst("configmap/".count)))
    #expect(daemons.contains("registry.example.com/moat:0.1.0"))
    for folder in folders.reversed() { try server.kubectl(["delete", "-k", folder, "--wait=false"]) }
  }

  @Test func `The example is the main scenario's model`() throws {
    let example = try String(contentsOfFile: "\(deployFolder)/examples/httpbin/egress.yaml", encoding: .utf8)
    #expect(try example == String(contentsOfFile: "\(scenarioFolder)/egress.yaml", encoding: .utf8))
  }

  @Test func `The configuration that comes with it lets everything pass, until its mode is enforce`() throws {
    let input = try scenarioInput()
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: "\(deployFolder)/config.yaml", encoding: .utf8)
    try folder.write(text, to: "config.yaml")
    for (mode, isRefused) in [("audit", false), ("enforce", true)] {
      try folder.write(text.replacing("mode: audit", with: "mode: \(mode)"), to: "config.yaml")
      let configuration = try ConfigurationSource(path: folder.path + "/config.yaml").load().configuration
      let ruleset = wantedRuleset(PolicyInput(snapshot: input.snapshot, configuration: configuration))
      #expect("\(ruleset)".contains("reject") == isRefused)
    }
  }

  @Test func `The image is made of nothing that a checkout lacks`() throws {
    let folder = URL(fileURLWithPath: deployFolder).deletingLastPathComponent().path
    let ignored = Set(try String(contentsOfFile: folder + "/.gitignore", encoding: .utf8).split(separator: "\n"))
    let lines = try String(contentsOfFile: folder + "/Dockerfile", encoding: .utf8).split(separator: "\n")
    let copied = lines.filter { $0.hasPrefix("COPY ") && !$0.contains("--from=") }
      .flatMap { $0.split(separator: " ").dropFirst().dropLast() }
    #expect(!copied.isEmpty)
    for path in copied {
      #expect(!ignored.contains(path) && FileManager.default.fileExists(atPath: folder + "/" + path))
    }
  }

  @Test func `The image has the libraries that the binary needs, and no other of moat's`() throws {
    let file = URL(fileURLWithPath: deployFolder).deletingLastPathComponent().path + "/Dockerfile"
    let stage = try #require(try String(contentsOfFile: file, encoding: .utf8).components(separatedBy: "\nFROM ").last)
    let packages = """
      ldd \(moatPath) | sed -nE 's/.*=> (.*(nftnl|mnl|cares|yaml)[^ ]*) .*/\\1/p' | xargs -n1 realpath \
        | xargs -n1 basename | sed 's,^,*/,' | xargs dpkg -S | cut -d: -f1 | sort -u | xargs
      """
    let needed = try startProgram(["sh", "-ec", packages]).wait().output.split(whereSeparator: \.isWhitespace)
    let line = try #require(stage.split(separator: "\n").first { $0.contains("--no-install-recommends ") })
    let installed = line.split(separator: " ").filter { $0.hasPrefix("lib") }
    #expect(needed.count == 4 && installed.sorted() == needed.sorted(), "\(needed)")
  }

  @Test func `With its account, its mounts and its one capability the daemon guards both nodes`() async throws {
    let cluster = try ClusterLab()
    try cluster.deploy()
    let pods = try ["worker-1", "egress-1"].map { try PodSandbox("moat", on: $0, of: cluster) }
    for pod in pods { #expect(try pod.initialize("lock").output == "locked, from /etc/moat/config.yaml\n") }
    let gateway = Probe(from: productpage, to: try IPAddress(parsing: "10.1.2.10"), .tcp(8443))
    #expect(try await cluster.lab.probe(gateway).outcome == .refused)
    let holds = try pods.map { try $0.start("hold") }
    var daemons = try pods.map { try $0.start("moat") }
    for pod in pods { try pod.await { $0.state == .inSync && $0.keepers == ["moat hold"] } }
    for (row, verdict) in zip(try httpbinRows(), try await cluster.lab.probeAll(httpbinRows().map(\.probe))) {
      #expect(verdict.outcome == row.expected, "\(row.probe): \(verdict)")
      #expect(row.expected == .delivered || !verdict.hasArrived, "\(row.probe): \(verdict)")
    }
    // An operator's commands, elsewhere, with the configuration as it comes.
    let elsewhere = cluster.daemon.source + ["--config", "\(deployFolder)/config.yaml", "--node", "egress-1"]
    let check = try cluster.daemon.moat(["check"] + elsewhere)
    #expect(check.status == 0, "\(check.text)")
    let path = ["--from", "bookinfo/productpage-v1", "--to", "httpbin.org"]
    let explanation = try cluster.daemon.moat(["explain"] + elsewhere + path)
    #expect(explanation.output.contains("egress-1  forward  allowed  S2"), "\(explanation.text)")
    for path in ["/healthz", "/readyz"] {
      let request = ["curl", "-sf", "http://127.0.0.1:9470\(path)"]
      #expect(try cluster.lab.run(in: .node("worker-1"), request).status == 0)
    }

    // The kubelet starts a killed container again; its init containers it does not.
    kill(daemons[0].process, SIGKILL)
    _ = try daemons[0].wait()
    #expect(try cluster.lab.run(in: .node("worker-1"), ["nft", "delete", "table", "inet", "moat"]).status != 0)
    daemons[0] = try pods[0].start("moat")
    try pods[0].await { $0.state == .inSync && $0.counts.commits == 0 }
    #expect(try pods[0].initialize("lock").output == "a table of moat's stands already; nothing was changed\n")

    // The pods are deleted; only deploy/unlock opens the nodes.
    for program in daemons + holds { program.stop() }
    #expect(try cluster.daemon.tables() != "")
    try cluster.server.kubectl(["apply", "-k", "\(deployFolder)/unlock"])
    for node in ["worker-1", "egress-1"] {
      let output = try PodSandbox("moat-unlock", on: node, of: cluster).initialize("unlock")
      #expect(output.output.hasPrefix("removed table inet moat"), "\(output.text)")
    }
    #expect(try cluster.daemon.tables() == "")
  }
}

extension ClusterLab {
  /// Applies `deploy/` with the scenario's configuration in the place of its own, as an operator edits it.
  func deploy() throws {
    let copy = daemon.folder.path + "/deploy"
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: deployFolder) where name.hasSuffix(".yaml") {
      try FileManager.default.copyItem(atPath: "\(deployFolder)/\(name)", toPath: "\(copy)/\(name)")
    }
    var text = try String(contentsOfFile: daemon.folder.path + "/config.yaml", encoding: .utf8)
    // A node that was never in sync reaches its API server by this alone.
    text.replace("\ncluster:\n", with: "\ncluster:\n  nodeNetworks: [172.18.0.0/16, \"fd00:172:18::/64\"]\n")
    try daemon.folder.write(text, to: "deploy/config.yaml")
    try server.kubectl(["apply", "-k", copy])
  }
}

extension PodSandbox {
  /// Waits until the daemon's status is as demanded, twenty seconds at most.
  func await(_ isReached: (StatusDocument) -> Bool) throws {
    let client = DaemonClient(socketPath: hostPath("/run/moat/moat.sock"))
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      if let status = try? client.status(), isReached(status) { return }
      usleep(10_000)
    }
    let status = try? client.status()
    Issue.record("\(node): the daemon's status is not reached: \(status.map { "\($0)" } ?? "no daemon")")
  }
}
