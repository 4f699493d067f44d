import APIServerLab
import Foundation
import NamespaceLab
import NetworkValues
import ReferenceCluster

/// The reference cluster in a real API server on a node of its own, and the ordinary node with a daemon that knows only
/// where that is, under moat's own account.
struct ServedBench {
  let server: APIServer
  let daemon: DaemonProcess
  let clients: [ServedClient]

  private static let controlPlane = "control-1"
  private static let address = "172.18.0.200"

  /// Builds everything, and loads the cluster, which takes most of a minute.
  ///
  /// - Parameters:
  ///   - count: how many pods can be changed.
  ///   - folder: is made.
  init(clients count: Int, folder: URL, moat: String) throws {
    let cluster = ReferenceCluster(seed: 1)
    clients = try (0..<count).map { try ServedClient($0, of: cluster) }
    var topology = try LabTopology.twoNodes(clients: clients.map(\.pod), cluster.shape)
    topology.nodes.append(
      LabTopology.Node(Self.controlPlane, addresses: [try IPAddress(parsing: Self.address)]))
    let lab = try Lab(topology)
    server = try APIServer(at: .node(Self.controlPlane, of: lab))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    daemon = DaemonProcess(
      lab: lab, node: ReferenceCluster.ordinaryNode, moat: moat, folder: folder,
      source: ["--kubeconfig", folder.path + "/kubeconfig"], configuration: folder.path + "/config.yaml")
    let start = ContinuousClock.now
    try load(cluster)
    say("    took \(threeDigits(secondsSince(start))) s")
    try write(cluster.configuration.yaml, to: "config.yaml")
    try write(try server.token(), to: "token")
    try write(server.kubeconfig(user: ["tokenFile": folder.path + "/token"]), to: "kubeconfig")
  }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: daemon.folder.appending(path: name))
  }

  private func load(_ cluster: ReferenceCluster) throws {
    try server.defineGloo()
    try server.makeAccount()
    let itself: Tree = [
      "apiVersion": "v1", "kind": "Node", "metadata": ["name": .text(Self.controlPlane)],
      "status": ["addresses": [["type": "InternalIP", "address": .text(Self.address)]]],
    ]
    var objects: [Upload?] = try cluster.objects.map {
      // Where the API server is it says itself.
      $0["kind"]?.text == "Endpoints" || $0["kind"]?.text == "Namespace" ? nil : try Upload($0)
    }
    for client in clients {
      let account = cluster.objects[client.pod.number]["spec"]?["serviceAccountName"]?.text ?? ""
      objects[client.pod.number] = objects[client.pod.number]?.replacing(
        "\"serviceAccountName\":\"\(account)\"", with: "\"serviceAccountName\":\"\(client.name)\"")
    }
    try Upload.send(try cluster.objects.filter { $0["kind"]?.text == "Namespace" }.map { try Upload($0) }, to: server)
    let others = try ([itself] + clients.flatMap(\.objects)).map { try Upload($0) }
    try Upload.send(others + objects.compactMap { $0 }, to: server)
  }
}
