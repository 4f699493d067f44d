import ArgumentParser
import ClusterModel
import EgressAgent
import EgressPolicy
import StatusServer

/// Where names without fixed answers get their addresses.
struct NameOptions: ParsableArguments {
  enum Source: String, ExpressibleByArgument, CaseIterable {
    case dns
    case daemon
  }

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where names without fixed answers (names.hosts) get their addresses: dns asks the resolvers now, daemon asks the "
        + "one on this node. Default: nowhere; they stay closed, and a finding says so.", valueName: "dns|daemon"))
  var names: Source?

  @OptionGroup var socket: SocketOption

  /// - Throws: `ExitCode(1)` where the daemon does not answer.
  func resolve(_ model: EgressModel) throws -> ResolvedNames? {
    switch names {
    case nil: return nil
    case .dns:
      let needed = model.nodeNames.reduce(into: Set<String>()) { $0.formUnion(model.neededNames(on: $1)) }
      return resolveOnce(needed, from: model.ownResolvers)
    case .daemon:
      return try askingDaemon { () throws(DaemonClient.Failure) in
        try DaemonClient(socketPath: socket.socket).names()
      }.resolved
    }
  }
}
