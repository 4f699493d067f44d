import Foundation
import NamespaceLab

/// The main scenario's daemon on a node: `moat run` in the node's namespace.
package struct NodeDaemon {
  /// The executable.
  package let moat: String
  package let node: String

  /// Holds its sockets and its state.
  package let folder: String

  /// Options that say what to enforce.
  package let manifests: [String]

  private var files: [String] { ["--socket", folder + "/moat.sock", "--hold", folder + "/hold.sock"] }

  package init(moat: String, node: String, folder: String, manifests: [String]) {
    (self.moat, self.node, self.folder, self.manifests) = (moat, node, folder, manifests)
  }

  /// Starts it.
  package func start(in lab: Lab) throws -> RunningProgram {
    try lab.start(in: .node(node), [moat, "run", "--node", node, "--state", folder] + manifests + files)
  }

  /// Waits until `moat status` says that all is well; how often the daemon has committed by then.
  package func awaitSync(in lab: Lab) throws -> Int {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      let answer = try ask(["status", "--json"], in: lab)
      if answer.status == 0 {
        return try JSONDecoder().decode(Status.self, from: Data(answer.output.utf8)).counts.commits
      }
      guard ContinuousClock.now < deadline else { throw LabError.timeout(host: node, command: "moat run") }
      usleep(10_000)
    }
  }

  /// One of moat's commands that ask the daemon.
  package func ask(_ arguments: [String], in lab: Lab) throws -> ProgramOutput {
    try lab.run(in: .node(node), [moat] + arguments + files.prefix(2))
  }

  private struct Status: Decodable {
    struct Counts: Decodable { var commits: Int }
    var counts: Counts
  }
}
