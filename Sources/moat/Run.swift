import ArgumentParser
import ClusterModel
import EgressAgent
import FoundationEssentials
import Glibc
import ManifestSource
import Nftables
import NftablesKernel

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The daemon: keep the kernel equal to the model.",
    discussion: """
      Watches the manifests, or the cluster by its API server, and this node's interfaces, and commits every change of \
      what this node must enforce. A change that cannot be read, an API server that is away, and a kernel that refuses, \
      leave in force what is; moat status says so. Before the model and the interfaces could be read once, nothing is \
      committed.

      SIGHUP reads the configuration again. SIGTERM and SIGINT end the daemon and leave the kernel as it is: only moat \
      unlock removes the tables.

      Exit status: 0 after SIGTERM or SIGINT, 1 where it cannot start, 3 after moat unlock.
      """)

  @OptionGroup var source: SourceOptions
  @Option(
    name: .long,
    help: ArgumentHelp("The node to enforce. Default: $NODE_NAME, then the host name.", valueName: "name"))
  var node: String?
  @OptionGroup var state: StateOption
  @OptionGroup var socket: SocketOption
  @OptionGroup var hold: HoldOption
  @OptionGroup var cni: CNIOption
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write refused packets as JSON lines to a file, which may be moved away, or to standard output (-).",
      valueName: "path"))
  var flowLog: String?
  @Flag(name: .long, help: "Leave the tables open to changes by others, which are repaired. For tests.")
  var noOwner = false

  /// After `moat unlock`: a service manager must not start the daemon again.
  static let unlockedStatus: Int32 = 3

  func validate() throws {
    if source.manifests.contains("-") { throw ValidationError("--manifests -: standard input cannot be watched") }
  }

  func run() throws {
    SignalWatch.blockSignals()
    umask(0o077)
    let configuration = ConfigurationSource(path: source.configurationPath)
    let model: ModelSource = try source.cluster.map { .cluster($0) } ?? .manifests(source.manifests)
    let loaded = try reportingFailure { () throws(ConfigurationError) in try configuration.load() }
    var settings = AgentSettings(
      version: Version.current, node: nodeName(or: node), source: model, configuration: configuration,
      stateFolder: state.state, socketPath: socket.socket, holdPath: hold.hold,
      environment: ProcessInfo.processInfo.environment)
    settings.cniResults = cni.cniResults
    settings.flowLog = flowLog
    settings.readCounters = { (try? LibnftnlKernel().counters())?.mapValues(\.packets) }
    let access = KernelAccess(ownsTables: !noOwner)
    let agent = Agent(settings, logging: LogThreshold(loaded.configuration)) { (inherited) throws(KernelError) in
      let kernel = try access.open(inheriting: inherited)
      if kernel.ownership == .owned { return OpenedKernel(kernel, owner: kernel.descriptor) }
      return OpenedKernel(kernel, watch: try RulesetWatch(besides: kernel.port))
    }
    makeFolder(state.state)
    let guardian = try reportingFailure { () throws(AgentError) in try SoleDaemon(socketPath: socket.socket) }
    let ending = try reportingFailure { () throws(any Error) in try agent.run(loaded) }
    withExtendedLifetime(guardian) {}
    if ending == .unlocked { throw ExitCode(Self.unlockedStatus) }
  }
}

/// Says on standard error what failed, and ends with status 1.
private func reportingFailure<Result, Failure>(_ body: () throws(Failure) -> Result) throws -> Result {
  do throws(Failure) { return try body() } catch {
    printError("moat: cannot start: \(error)")
    throw ExitCode(1)
  }
}
