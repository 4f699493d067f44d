import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel

extension Bench {
  /// How soon what a resolver told a gateway pod is open, and what it costs to keep names.
  func naming() throws -> [Row] {
    let seconds = rounds(quick: 30, full: 120)
    let rows = try observing()
    let share = try keeping(5000, for: seconds)
    return rows + [
      Row(
        "5,000 names kept, each for 60 s: share of a core, over \(seconds) s", Samples([share]), unit: .percent,
        target: .atMost(.percent(1)))
    ]
  }

  /// The daemon of the main scenario's gateway node, told one new name at a time.
  private func observing() throws -> [Row] {
    let bench = try NameBench(files.folder.appending(path: "names"), self, names: [])
    let daemon = try bench.daemon.start().process
    defer { daemon.stop() }
    let acceptor = try bench.lab.acceptConnections(
      at: .outside("far"), [try Prefix(parsing: "198.18.0.0/15")], port: 443)
    defer { acceptor.close() }
    let watch = try bench.lab.inside(.node("egress-1")) { try RulesetWatch(besides: 0) }
    let count = rounds(quick: 2000, full: 5000)
    var times: [Double] = []
    var next = ContinuousClock.now
    for number in 0..<count {
      // 500 a second.
      next += .milliseconds(2)
      while ContinuousClock.now < next { usleep(100) }
      _ = try watch.takeChanges()
      try bench.ask("o\(number).wild.example")
      let told = ContinuousClock.now
      guard watch.wait(milliseconds: 2000) else {
        throw BenchError("nothing was committed for o\(number).wild.example")
      }
      times.append(secondsSince(told))
    }
    return [
      Row(
        "answer delivered → address committed, 500 answers a second, p50", Samples(times),
        target: .atMost(.seconds(300e-6))),
      Row("the same, p99", Samples(times), percentile: 99, target: .atMost(.seconds(2e-3))),
      try bench.firstConnections(after: 0, rounds(quick: 20, full: 100), of: 0),
      try bench.firstConnections(after: 1000, rounds(quick: 2000, full: 10_000), of: 0x2000),
    ]
  }

  private func keeping(_ count: Int, for seconds: Int) throws -> Double {
    let bench = try NameBench(
      files.folder.appending(path: "kept"), self, names: (0..<count).map { "k\($0).example" })
    let daemon = try bench.daemon.start().process
    defer { daemon.stop() }
    let deadline = ContinuousClock.now + .seconds(60)
    while try bench.daemon.status().enforced?.allowances.hopB ?? 0 < count {
      guard ContinuousClock.now < deadline else { throw BenchError("the names are not known within a minute") }
      usleep(100_000)
    }
    // Until those that were asked for together are spread.
    sleep(60)
    let before = try processorTime(of: daemon.process)
    sleep(UInt32(seconds))
    return 100 * (try processorTime(of: daemon.process) - before) / Double(seconds)
  }
}

/// The main scenario's two nodes, whose resolver gives every name an address of its own.
private struct NameBench {
  let daemon: DaemonProcess
  let gateway = LabHost.pod(MainPod.gateway)
  private let server: NameServer
  private let resolver: IPAddress

  var lab: Lab { daemon.lab }

  /// - Parameter names: exact hosts, besides `*.wild.example`.
  init(_ folder: URL, _ bench: Bench, names: [String]) throws {
    let manifests = folder.appending(path: "manifests")
    try FileManager.default.createDirectory(at: manifests, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: bench.scenario + "/cluster.yaml", toPath: manifests.appending(path: "cluster.yaml").path)
    try Data(model(names).utf8).write(to: manifests.appending(path: "egress.yaml"))
    let configuration = folder.appending(path: "config.yaml")
    try Data(Self.configuration.utf8).write(to: configuration)
    daemon = DaemonProcess(
      lab: try Lab(
        .mainScenario(
          [MainPod.client: "10.1.1.10", MainPod.resolver: "10.1.1.2"], outside: ("far", "198.18.0.0"))),
      node: "egress-1", moat: bench.moat, folder: folder, source: ["--manifests", manifests.path],
      configuration: configuration.path)
    resolver = try IPAddress(parsing: "10.1.1.2")
    server = try NameServer(at: .pod(MainPod.resolver), of: daemon.lab, resolver) { query in
      let name = query.message.name
      let base: UInt32 = name.hasPrefix("o") ? 0 : name.hasPrefix("c") ? 0x4000 : 0x8000
      let number = name.split(separator: ".").first.flatMap { UInt32($0.dropFirst()) } ?? 0
      return [
        NameMessage(answering: query.message, [IPAddress(v4: 0xc612_0000 + base + number)], seconds: 60).bytes
      ]
    }
  }

  /// What the gateway pod is told.
  @discardableResult
  func ask(_ name: String) throws -> IPAddress {
    let question = NameMessage(.random(in: 0...UInt16.max), name)
    guard let bytes = try lab.ask(question, from: gateway, at: resolver), bytes.count > 4 else {
      throw BenchError("no answer for \(name)")
    }
    return IPAddress(v4: bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// The share of new names to which a connection is open without a retransmission.
  ///
  /// - Parameters:
  ///   - reaction: microseconds between answer and connection.
  ///   - first: where the names' numbers begin.
  func firstConnections(after reaction: UInt32, _ most: Int, of first: Int) throws -> Row {
    var (tries, late) = (0, 0)
    // A machine on which every try is late would take hours.
    let end = ContinuousClock.now + .seconds(most > 2000 ? 300 : 25)
    while tries < most, ContinuousClock.now < end {
      let address = try ask("c\(first + tries).wild.example")
      if reaction > 0 { usleep(reaction) }
      let took = try lab.timeToConnect(from: gateway, to: address, port: 443)
      tries += 1
      late += took.map { $0 < .milliseconds(900) } ?? false ? 0 : 1
    }
    let name = "\(tries) first connections of a wildcard's client, "
    return Row(
      name + (reaction > 0 ? "\(reaction / 1000) ms after the answer" : "at once") + ": no retransmission",
      Samples([100 * Double(tries - late) / Double(tries)]), unit: .percent, target: .atLeast(.percent(99.9)))
  }

  private static let configuration = """
    apiVersion: moat.dev/v1alpha1
    kind: MoatConfiguration
    cluster:
      name: cluster-1
      networks: [10.96.0.0/12, "fd00:10:96::/112"]
      interfaces: { uplinks: [eth0, uplink] }
    names: { resolvers: [10.1.1.2] }

    """
}

/// A gateway that exposes everything, ten names an ExternalService, all of them granted to productpage.
private func model(_ names: [String]) -> String {
  let services = stride(from: 0, to: names.count, by: 10).map { start in
    service("names-\(start)", hosts: names[start..<min(start + 10, names.count)].joined(separator: ", "))
  }
  return ([gatewayAndPolicy, service("wild", hosts: "\"*.wild.example\"")] + services).joined(separator: "---\n")
}

private let gatewayAndPolicy = """
  apiVersion: networking.gloo.solo.io/v2
  kind: VirtualGateway
  metadata: { name: egress-vg, namespace: istio-egress }
  spec:
    workloads: [{ selector: { labels: { istio: egressgateway }, namespace: istio-egress, cluster: cluster-1 } }]
    listeners: [{ port: { number: 443 }, tls: { mode: ISTIO_MUTUAL } }]
  ---
  apiVersion: security.policy.gloo.solo.io/v2
  kind: AccessPolicy
  metadata: { name: all, namespace: istio-egress }
  spec:
    applyToDestinations: [{ kind: EXTERNAL_SERVICE, selector: { namespace: global } }]
    config:
      authz:
        allowedClients: [{ serviceAccountSelector: { namespace: bookinfo, labels: { account: productpage } } }]

  """

private func service(_ name: String, hosts: String) -> String {
  """
  apiVersion: networking.gloo.solo.io/v2
  kind: ExternalService
  metadata: { name: \(name), namespace: global }
  spec:
    hosts: [\(hosts)]
    ports:
    - number: 443
      protocol: HTTPS
      egressGatewayRoutes: { virtualGatewayRefs: [{ name: egress-vg, namespace: istio-egress }] }

  """
}

/// Seconds that a process has used. See: proc_pid_stat(5)
func processorTime(of process: Int32) throws -> Double {
  let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
  let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
  guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
    throw BenchError("/proc/\(process)/stat cannot be read")
  }
  return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
}
