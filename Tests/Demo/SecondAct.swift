import Foundation
import HttpbinLab
import NamespaceLab

/// What daemons tell of refused attempts: who, which rule, and what to change.
struct SecondAct {
  var moat: String
  var manifests: [String]

  /// Prints each node's records; whether every attempt that was refused on the way has one.
  func play(_ attempts: [Attempt], in lab: Lab) async throws -> Bool {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-demo-flows-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    print("  The second act, with moat run on both nodes: the same attempts, and what moat flows tells of them.\n")
    var daemons: [(daemon: NodeDaemon, process: RunningProgram)] = []
    for node in ["worker-1", "egress-1"] {
      let place = folder.appendingPathComponent(node)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      let daemon = NodeDaemon(moat: moat, node: node, folder: place.path, manifests: manifests)
      daemons.append((daemon, try daemon.start(in: lab)))
      _ = try daemon.awaitSync(in: lab)
    }
    _ = try await lab.probeAll(attempts.map(\.probe))
    var isTold = true
    for (daemon, process) in daemons {
      let expected = attempts.count { $0.isRefused(on: daemon.node, in: lab) }
      let records = try text(of: daemon, holding: expected, in: lab)
      print("    $ moat flows                                on \(daemon.node)")
      print(records.split(separator: "\n").map { "    \($0)\n" }.joined())
      isTold = isTold && records.split(separator: "\n").count { $0.contains("refused S") } >= expected
      process.stop()
      _ = try process.wait()
    }
    return isTold
  }

  /// The text of `moat flows` once it has so many records, or what there is after five seconds.
  private func text(of daemon: NodeDaemon, holding count: Int, in lab: Lab) throws -> String {
    let deadline = ContinuousClock.now + .seconds(5)
    while true {
      let text = try daemon.ask(["flows", "--color", "never"], in: lab).output
      if text.split(separator: "\n").count(where: { $0.contains("refused S") }) >= count { return text }
      guard ContinuousClock.now < deadline else { return text }
      usleep(50_000)
    }
  }
}

extension Attempt {
  /// Whether that node's daemon has to tell of it: it is where the attempt starts.
  fileprivate func isRefused(on node: String, in lab: Lab) -> Bool {
    switch probe.from {
    case .node(let name): name == node
    case .pod(let name): lab.topology.pods.contains { $0.name == name && $0.node == node }
    default: false
    }
  }
}
