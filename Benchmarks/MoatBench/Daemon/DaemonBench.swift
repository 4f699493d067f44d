import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import ReferenceCluster
import StatusServer
import Telemetry

/// A daemon that can be started, and asked.
struct DaemonProcess {
  /// Where it runs.
  let lab: Lab
  let node: String
  let moat: String

  /// Holds `config.yaml`, and what the daemon leaves behind.
  let folder: URL

  /// Options that say where the cluster's objects are.
  let source: [String]
  let configuration: String

  private var socket: String { folder.path + "/moat.sock" }
  private var client: DaemonClient { DaemonClient(socketPath: socket) }

  /// Starts the daemon and waits until it is ready.
  ///
  /// - Returns: the process, and the seconds from its start until it was ready.
  func start(_ options: [String] = []) throws -> (process: RunningProgram, seconds: Double) {
    let arguments = [
      moat, "run", "--config", configuration, "--node", node, "--state", folder.path, "--socket", socket,
    ]
    let start = ContinuousClock.now
    let process = try lab.start(in: .node(node), arguments + source + options)
    let deadline = start + .seconds(60)
    while ContinuousClock.now < deadline {
      if let status = try? client.status(), status.isReady { return (process, secondsSince(start)) }
      usleep(1000)
    }
    throw BenchError("the daemon is not ready within a minute: \(process.text.suffix(2000))")
  }

  /// What the daemon says of itself.
  func status() throws -> StatusDocument { try client.status() }

  /// What a scrape of the daemon sees: of each value without labels its number.
  func metrics() throws -> [Substring: Double] {
    let lines = try client.metrics().split(separator: "\n").map { $0.split(separator: " ") }
    return Dictionary(
      lines.compactMap { words in words.count == 2 ? Double(words[1]).map { (words[0], $0) } : nil },
      uniquingKeysWith: { first, _ in first })
  }

  /// Has the daemon remove its tables and end.
  func unlock() throws { _ = try client.unlock() }

  /// Thousands of tries must not fill the table that the daemon looks through when it cuts connections.
  func shortenConnections() throws {
    let settings = ["syn_sent", "time_wait", "close"].map { "net.netfilter.nf_conntrack_tcp_timeout_\($0)=1" }
    guard try lab.run(in: .node(node), ["sysctl", "-qw"] + settings).status == 0 else {
      throw BenchError("cannot shorten the lifetimes of connections")
    }
  }

  /// What it tells of refused packets.
  func flows() throws -> FlowsDocument { try client.flows() }
}

/// Two nodes of a cluster in network namespaces with a namespace for each of their pods, among them the client pod on the
/// ordinary node and its gateway pod, and a daemon on one of them that follows a folder with a file for each object.
struct DaemonBench {
  let shape: ReferenceCluster.Shape
  let daemon: DaemonProcess
  let pod: ClientPod

  var lab: Lab { daemon.lab }

  /// - Parameters:
  ///   - node: where the daemon runs: the ordinary or the gateway node.
  ///   - folder: is made.
  init(_ shape: ReferenceCluster.Shape, on node: String, folder: URL, moat: String) throws {
    self.shape = shape
    let cluster = ReferenceCluster(shape, seed: 1)
    let manifests = folder.appending(path: "manifests")
    try FileManager.default.createDirectory(at: manifests, withIntermediateDirectories: true)
    pod = try ClientPod(of: cluster, in: manifests)
    for (number, object) in cluster.objects.enumerated() {
      try Data(object.json.utf8).write(to: manifests.appending(path: "\(number).json"))
    }
    let configuration = folder.appending(path: "config.yaml")
    try Data(cluster.configuration.yaml.utf8).write(to: configuration)
    daemon = DaemonProcess(
      lab: try Lab(.twoNodes(clients: [pod.client], shape)), node: node, moat: moat, folder: folder,
      source: ["--manifests", manifests.path], configuration: configuration.path)
  }

  /// Runs `body` in the client pod's network namespace, with the gateway's listener open.
  func asClient<Value>(_ body: (Connector) throws -> Value) throws -> Value {
    try daemon.shortenConnections()
    let client = pod.client
    let listener = try lab.inside(.pod(client.gatewayName)) { try Listener(port: client.port) }
    return try lab.inside(.pod(client.name)) {
      try body(Connector(to: client.gateway, port: client.port, listener: listener))
    }
  }
}

/// Seconds since a moment.
func secondsSince(_ start: ContinuousClock.Instant) -> Double {
  let time = (ContinuousClock.now - start).components
  return Double(time.seconds) + Double(time.attoseconds) * 1e-18
}

/// The first pod on the ordinary node, whose manifest is changed.
struct ClientPod {
  let client: GatewayClient

  private var file: URL
  private var running: Data
  private var finished: Data

  /// - Parameter folder: where the objects' files will lie, each under its number.
  init(of cluster: ReferenceCluster, in folder: URL) throws {
    client = try GatewayClient(0, of: cluster)
    let json = cluster.objects[client.number].json
    file = folder.appending(path: "\(client.number).json")
    running = Data(json.utf8)
    finished = Data(json.replacing("\"phase\":\"Running\"", with: "\"phase\":\"Succeeded\"").utf8)
    guard running != finished else { throw BenchError("the pod on the ordinary node does not run") }
  }

  /// Puts another version of the pod's manifest into place, as an editor or a controller does: written beside it and
  /// renamed.
  ///
  /// - Returns: the moment before it was renamed.
  func set(isRunning: Bool) throws -> ContinuousClock.Instant {
    let draft = file.deletingLastPathComponent().appending(path: ".draft")
    try (isRunning ? running : finished).write(to: draft)
    let start = ContinuousClock.now
    guard rename(draft.path, file.path) == 0 else { throw BenchError("rename: errno \(errno)") }
    return start
  }
}

extension LabTopology {
  /// The gateway node and the ordinary one with everything that runs on them.
  static func twoNodes(clients: [GatewayClient], _ shape: ReferenceCluster.Shape) throws -> LabTopology {
    let names = [ReferenceCluster.gatewayNode, ReferenceCluster.ordinaryNode]
    let known = Dictionary(
      clients.flatMap { [($0.address, $0.name), ($0.gateway, $0.gatewayName)] }, uniquingKeysWith: { first, _ in first }
    )
    let pods = try names.enumerated().flatMap { number, node in
      try (0..<shape.podsPerNode).map { index in
        let address = try IPAddress(parsing: podAddress(node: number, index: index))
        return Pod(known[address] ?? "bench/\(address)", on: node, addresses: [address])
      }
    }
    let nodes = try names.enumerated().map { number, name in
      Node(
        name, addresses: [try IPAddress(parsing: "172.18.0.\(number + 10)")],
        podNetworks: [try Prefix(parsing: "10.64.\(number).0/24")])
    }
    return LabTopology(nodes: nodes, pods: pods)
  }
}
