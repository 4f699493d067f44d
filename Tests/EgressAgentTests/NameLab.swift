import ClusterModel
import EgressAgent
import EgressPolicy
import Foundation
import Glibc
import ManifestSource
import NameResolution
import NamespaceLab
import NetworkValues
import StatusServer
import Telemetry
import Testing

/// The main scenario without fixed answers: a resolver outside knows the names, the cluster's own resolver passes
/// questions on to it, and the gateway pod may also reach what is below wild.example.
final class NameLab {
  let daemon: DaemonLab
  private var running: [RunningProgram] = []

  var lab: Lab { daemon.lab }

  /// The ClusterIP of kube-system/kube-dns, and the pod behind it.
  let clusterResolver: IPAddress
  let resolverPod: IPAddress

  /// Whom moat itself asks.
  let upstream: IPAddress

  /// Hosts of `outside` have these addresses, and every one of 198.18.0.0/15.
  static let addresses = ["203.0.113.30", "203.0.113.31", "203.0.113.32", "203.0.113.33", "2001:db8:113::30"]

  /// - Parameter names: what the configuration has in `names`.
  init(names: String = "{ resolvers: [198.51.100.53] }") throws {
    clusterResolver = try ip("10.96.0.10")
    resolverPod = try ip("10.1.1.2")
    upstream = try ip("198.51.100.53")
    var topology = try LabTopology.twoNodes()
    topology.outside.append(LabTopology.OutsideHost("another", addresses: [try ip("203.0.113.20")]))
    topology.outside.append(LabTopology.OutsideHost("wild", addresses: try Self.addresses.map(ip)))
    for transport in [TransportProtocol.udp, .tcp] {
      topology.translations.append(
        LabTopology.Translation(.address(clusterResolver), transport, 53, to: resolverPod, 53))
    }
    daemon = try DaemonLab(topology)
    let configuration = try String(contentsOfFile: scenarioFolder + "/config.yaml", encoding: .utf8)
    try daemon.replaceConfiguration { _ in
      unnamed(configuration, names).replacing(
        "\ncluster:\n", with: "\ncluster:\n  interfaces: { uplinks: [eth0, uplink] }\n")
    }
    try daemon.folder.replace("m/egress.yaml", with: wildModel())
  }

  var socket: String { daemon.socket(on: "egress-1") }
  var client: DaemonClient { DaemonClient(socketPath: socket) }

  /// Starts the daemon of the gateway's node, and waits until it enforces.
  func start(isInSync: Bool = true) throws {
    running.append(try daemon.start(on: "egress-1"))
    try daemon.await(on: "egress-1") { $0.isReady && (!isInSync || $0.state == .inSync) }
  }

  /// Ends what was started last.
  func stopLast() throws {
    let program = running.removeLast()
    program.stop()
    _ = try program.wait()
  }

  /// Starts dnsmasq at a host, with its defaults and nothing of the machine's.
  func startServer(at host: LabHost, _ address: IPAddress, _ arguments: [String]) throws {
    let own = [
      "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-daemon",
      "--user=root",
      "--pid-file=", "--bind-interfaces", "--except-interface=lo", "--listen-address=\(address)", "--port=53",
    ]
    running.insert(try lab.start(in: host, own + arguments), at: 0)
    try awaitAnswer(at: address, from: host)
  }

  /// A cluster resolver of the test's own.
  func serve(_ answer: @escaping NameServer.Answer) throws -> NameServer {
    try NameServer(at: coredns, of: lab, resolverPod, answer)
  }

  /// The upstream resolver of the test's own.
  func serveUpstream(_ answer: @escaping NameServer.Answer) throws -> NameServer {
    try NameServer(at: .outside("resolver"), of: lab, upstream, answer)
  }

  private func awaitAnswer(at address: IPAddress, from host: LabHost) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      if try lab.ask(NameMessage(1, "localhost"), from: host, at: address, patience: .milliseconds(50)) != nil {
        return
      }
    }
    Issue.record("no server answers at \(address): \(running.first?.text ?? "")")
  }

  /// What a pod is told of a name; empty if nothing.
  func ask(
    _ name: String, type: UInt16 = NameMessage.a, from: LabHost = gateway, at server: IPAddress? = nil,
    overTCP isStream: Bool = false, transaction: UInt16 = .random(in: 0...UInt16.max)
  ) throws -> [IPAddress] {
    let bytes = try lab.ask(
      NameMessage(transaction, name, type), from: from, at: server ?? clusterResolver, overTCP: isStream)
    return bytes.flatMap { DNSMessage($0) }?.answers.map(\.address) ?? []
  }

  /// How a connection of the gateway pod's to port 443 fares.
  func connect(
    _ address: String, from: LabHost = gateway, expecting: ProbeOutcome = .delivered
  ) async throws -> ProbeResult {
    try await lab.probe(Probe(from: from, to: try ip(address), .tcp(443), expecting: expecting))
  }

  /// Waits until the daemon knows these addresses of a name, ten seconds at most.
  ///
  /// - Parameter client: the pod that was told; `nil` for what moat asked itself.
  func await(
    _ name: String, for client: String? = nil, patience: Duration = .seconds(10),
    sourceLocation: SourceLocation = #_sourceLocation, _ isReached: (Set<String>) -> Bool
  ) throws {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if let known = try? known(name, for: client), isReached(known) { return }
      usleep(5000)
    }
    let document = try? self.client.names()
    Issue.record(
      "\(name) is not known as demanded: \(document.map { "\($0)" } ?? "no daemon")", sourceLocation: sourceLocation)
  }

  /// The addresses of a name that the daemon knows.
  func known(_ name: String, for client: String? = nil) throws -> Set<String> {
    let entries = try self.client.names().entries.filter { $0.name == name && $0.client == client }
    return Set(entries.flatMap { $0.addresses.map(\.address) })
  }

  /// What the kernel's set of names holds.
  func held(_ family: IPFamily = .v4) throws -> String {
    let name = family == .v4 ? "external_names4" : "external_names6"
    return try lab.run(in: .node("egress-1"), ["nft", "list", "set", "inet", "moat", name]).text
  }
}

/// The main scenario's configuration without fixed answers.
private func unnamed(_ configuration: String, _ names: String) -> String {
  configuration.replacing(
    "names:\n  hosts:\n    httpbin.org: [203.0.113.10, \"2001:db8:113::10\"]\n", with: "names: \(names)\n")
}

/// The main scenario's model, whose gateway and policy have *.wild.example, too.
private func wildModel() throws -> String {
  var model = try String(contentsOfFile: scenarioFolder + "/egress.yaml", encoding: .utf8)
  model.replace("    - host: httpbin.org\n", with: "    - host: httpbin.org\n    - host: \"*.wild.example\"\n")
  model.replace("cluster: cluster-1, name: httpbin.org, namespace: global", with: "namespace: global")
  let parts = model.components(separatedBy: "\n---\n")
  let wild = try #require(parts.first { $0.contains("kind: ExternalService") })
    .replacing("name: httpbin.org", with: "name: wild").replacing("[httpbin.org]", with: "[\"*.wild.example\"]")
  return (parts + [wild]).joined(separator: "\n---\n")
}

/// The same as values.
func wildInput(names: String = "{ resolvers: [198.51.100.53] }") throws -> PolicyInput {
  let folder = try TemporaryFolder()
  let configuration = try String(contentsOfFile: scenarioFolder + "/config.yaml", encoding: .utf8)
  try folder.write(unnamed(configuration, names), to: "config.yaml")
  try folder.write(wildModel(), to: "egress.yaml")
  let paths = [scenarioFolder + "/cluster.yaml", folder.path + "/egress.yaml"]
  return PolicyInput(
    snapshot: loadManifests(paths: paths).snapshot,
    configuration: try loadConfiguration(path: folder.path + "/config.yaml"))
}

let egressNode = NodeName(rawValue: "egress-1")

/// What the gateway's node has to know.
func nameDemand(_ input: PolicyInput) -> NameDemand {
  let model = EgressModel(input.snapshot, under: input.configuration)
  let openings = NodeFlows(model, on: egressNode).nameOpenings
  return NameDemand(model, on: egressNode, openings: openings, under: input.configuration.names)
}
