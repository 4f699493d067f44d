import Glibc
import NamespaceLab
import NetworkValues

/// Where an API server runs.
package enum ServerPlace: Sendable {
  /// This process's own network namespace, on loopback and ports that are free.
  case loopback

  /// A node of a lab, on its first address.
  case node(String, of: Lab)

  /// The address that clients elsewhere use.
  var address: String {
    switch self {
    case .loopback: "127.0.0.1"
    case .node(let name, let lab):
      lab.topology.nodes.first { $0.name == name }?.addresses.first?.description ?? "missing"
    }
  }

  /// Starts a program there.
  package func start(_ arguments: [String]) throws -> RunningProgram {
    switch self {
    case .loopback: try startProgram(arguments)
    case .node(let name, let lab): try lab.start(in: .node(name), arguments)
    }
  }

  /// Runs `body` there, on the calling thread.
  package func inside<Result>(_ body: () throws -> Result) throws -> Result {
    switch self {
    case .loopback: try body()
    case .node(let name, let lab): try lab.inside(.node(name), body)
    }
  }

  /// Ports that nobody has there now.
  func freePorts(_ count: Int) throws -> [UInt16] {
    let sockets = try inside { try (0..<count).map { _ in try PlainSocket(listeningOn: "127.0.0.1", port: 0) } }
    return sockets.map(\.port)
  }
}
