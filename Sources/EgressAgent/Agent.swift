import ClusterModel
import EgressPolicy
import Glibc
import KubernetesSource
import Logging
import ManifestSource
import Nftables
import ServiceLifecycle
import StatusPage
import StatusServer
import Synchronization
import Telemetry

/// Where the model comes from.
package enum ModelSource: Sendable {
  /// Files and folders.
  case manifests([String])

  /// An API server.
  case cluster(ClusterAccess)
}

/// What `moat run` was told.
package struct AgentSettings: Sendable {
  /// moat's version, for the status.
  package var version: String

  /// The node that is enforced.
  package var node: NodeName

  /// Where the model comes from.
  package var source: ModelSource

  /// Where the configuration comes from.
  package var configuration: ConfigurationSource

  /// Where the last good ruleset is kept: `/var/lib/moat`.
  package var stateFolder: String

  /// Where `moat status` and `moat unlock` ask: `/run/moat/moat.sock`.
  package var socketPath: String

  /// Where `moat hold` listens: `/run/moat/hold.sock`.
  package var holdPath: String

  /// The container runtime's cache of CNI results.
  package var cniResults = "/var/lib/cni/results"

  /// Where records of refused packets go as JSON lines, besides `moat flows`: a file, or `-` for standard output.
  package var flowLog: String?

  /// What the named counters of moat's table have counted, in packets; `nil` where the kernel cannot be read. May be
  /// called from any thread.
  package var readCounters: @Sendable () -> [String: UInt64]? = { nil }

  /// The process's environment: where the service manager tells of itself.
  package var environment: [String: String]

  package init(
    version: String, node: NodeName, source: ModelSource, configuration: ConfigurationSource, stateFolder: String,
    socketPath: String, holdPath: String, environment: [String: String]
  ) {
    self.version = version
    self.node = node
    self.source = source
    self.configuration = configuration
    self.stateFolder = stateFolder
    self.socketPath = socketPath
    self.holdPath = holdPath
    self.environment = environment
  }
}

/// A kernel, and who tells what others do to it.
package struct OpenedKernel<Backend: NftablesBackend> {
  /// The kernel itself.
  package var backend: Backend

  /// Absent where others cannot change moat's tables.
  package var watch: (any RulesetWatching)?

  /// The descriptor of the socket that owns moat's tables, where one does.
  package var owner: Int32?

  package init(_ backend: Backend, watch: (any RulesetWatching)? = nil, owner: Int32? = nil) {
    self.backend = backend
    self.watch = watch
    self.owner = owner
  }
}

/// The daemon: watches, reconciles and answers questions until it is told to end.
package struct Agent<Backend: NftablesBackend & SendableMetatype> {
  private let settings: AgentSettings
  private let openKernel: @Sendable (_ inherited: [Int32]) throws(KernelError) -> OpenedKernel<Backend>
  private let threshold: LogThreshold
  private let logger: Logger

  /// - Parameters:
  ///   - threshold: where to log, and from which level on.
  ///   - openKernel: called once, on the thread that alone will use the kernel, with the sockets that were kept for it,
  ///     which it must close.
  package init(
    _ settings: AgentSettings, logging threshold: LogThreshold,
    openKernel: @escaping @Sendable (_ inherited: [Int32]) throws(KernelError) -> OpenedKernel<Backend>
  ) {
    self.settings = settings
    self.threshold = threshold
    logger = threshold.logger
    self.openKernel = openKernel
  }

  /// Works on other threads until SIGTERM, SIGINT or `moat unlock`; the calling one waits. `SignalWatch.blockSignals`
  /// must have been called.
  ///
  /// - Parameter loaded: the configuration as `settings.configuration` has it now.
  /// - Throws: `KernelError` or `AgentError` where the daemon cannot start.
  package func run(_ loaded: LoadedConfiguration) throws -> ReconcilerLoop<Backend>.Ending {
    let done = try Wakeup()
    let result = Mutex<Result<ReconcilerLoop<Backend>.Ending, any Error>?>(nil)
    Task(executorPreference: EventLoopExecutor.shared) {
      do {
        let ending = try await serve(loaded)
        result.withLock { $0 = .success(ending) }
      } catch {
        result.withLock { $0 = .failure(error) }
      }
      done.signal()
    }
    while true {
      _ = awaitInput(on: [done.descriptor], until: nil)
      if let result = result.withLock({ $0 }) { return try result.get() }
    }
  }

  private func serve(_ loaded: LoadedConfiguration) async throws -> ReconcilerLoop<Backend>.Ending {
    let inbox = try ReconcilerInbox()
    let board = StatusBoard(
      StatusDocument(version: settings.version, node: settings.node.rawValue, process: getpid(), started: .now))
    let manager = ServiceManagerLink(environment: settings.environment)
    let surroundings = ReconcilerSurroundings(
      board: board, stateFile: LockStateFile(in: settings.stateFolder), manager: manager, logger: logger)
    let custody = SocketCustody(manager: manager, environment: settings.environment, holdPath: settings.holdPath)
    let keepers = { @Sendable in custody.keepers }
    let names = try NameWatch(inbox: inbox, surroundings: surroundings)
    let ring = FlowRing()
    let metrics = { @Sendable [readCounters = settings.readCounters] in
      MetricsSample(
        status: board.current, counters: readCounters(), timings: board.timings.values, flows: ring.counts,
        names: await names.document()
      ).text
    }
    let flows = try FlowWatch(
      on: settings.node, into: ring, writingTo: settings.flowLog, surroundings: surroundings)
    let newest = { @Sendable in ring.document(after: $0, newest: $1) }
    let page = { @Sendable [readCounters = settings.readCounters] in
      var status = board.current
      status.keepers = custody.keepers
      return StatusDisplay(
        Page(status: status, flows: ring.document(), counters: readCounters(), graph: await flows.graph()))
    }
    let unlocking = StatusAnswers(
      board: board, keepers: keepers, names: names.document, flows: newest, page: page,
      metrics: metrics, handOver: custody.handOverToHold
    ) {
      await inbox.unlock()
    }
    let local = LastingListener(.unix(settings.socketPath), answers: unlocking, surroundings: surroundings)
    let open = LastingListener(
      .tcp(loaded.configuration.listen),
      answers: StatusAnswers(board: board, keepers: keepers, flows: newest, page: page, metrics: metrics),
      surroundings: surroundings)
    let interfaces = try InterfaceWatch(cniResults: settings.cniResults, inbox: inbox, surroundings: surroundings)
    let watch = try InputWatch(
      settings, loaded, inbox: inbox, surroundings: surroundings,
      hasReloaded: { [threshold] configuration in
        threshold.follow(configuration)
        open.move(to: .tcp(configuration.listen))
      })
    var schedule = ReconcilerSchedule()
    schedule.heartbeat = manager?.heartbeat
    let revocations = try RevocationThread(surroundings: surroundings, logger: logger)
    let result = Mutex<Result<ReconcilerLoop<Backend>.Ending, KernelError>?>(nil)
    let followers = Followers(
      revocations: revocations, names: names, flows: flows, interfaces: interfaces, podsNeeded: watch.podsNeeded,
      findings: watch.findings)
    let reconciling = reconcilerService(inbox, surroundings, custody, followers, schedule) { ending in
      result.withLock { $0 = ending }
    }
    let revoking = ThreadService(name: "revocation", isPatient: true, work: revocations.run, stop: revocations.stop)
    let observing = ThreadService(name: "interfaces", work: interfaces.run, stop: interfaces.stop)
    let naming = ThreadService(name: "names", work: names.run, stop: names.stop)
    let refusals = ThreadService(
      name: "flows", isPatient: true, work: { flows.run(telling: watch.refusals) }, stop: flows.stop)
    let services: [ServiceGroupConfiguration.ServiceConfiguration] =
      [.init(service: reconciling, successTerminationBehavior: .gracefullyShutdownGroup)]
      + (watch.services + [observing, revoking, naming, refusals]).map { .init(service: $0) }
      + [.init(service: signalService(reload: watch.reload), successTerminationBehavior: .gracefullyShutdownGroup)]
      + [local, open].map { .init(service: $0) }
    try await ServiceGroup(configuration: .init(services: services, logger: logger)).run()
    manager?.send("STOPPING=1")
    return try result.withLock { $0 }?.get() ?? .stopped
  }

  private func signalService(reload: @escaping @Sendable () -> Void) -> ThreadService {
    let signals = SignalWatch(reload: reload)
    return ThreadService(name: "signals", work: signals.run, stop: signals.stop)
  }

  /// Who hears of the reconciler what follows from a derivation.
  private struct Followers {
    var revocations: RevocationThread
    var names: NameWatch
    var flows: FlowWatch
    var interfaces: InterfaceWatch
    var podsNeeded: (@Sendable (Set<PodQuery>) -> Void)?
    var findings: (@Sendable ([Finding]) -> Void)?
  }

  /// The reconciler on a thread of its own; `finish` hears how it ended.
  private func reconcilerService(
    _ inbox: ReconcilerInbox, _ surroundings: ReconcilerSurroundings, _ custody: SocketCustody,
    _ followers: Followers, _ schedule: ReconcilerSchedule,
    finish: @escaping @Sendable (Result<ReconcilerLoop<Backend>.Ending, KernelError>) -> Void
  ) -> ThreadService {
    ThreadService(
      name: "netlink",
      work: {
        do throws(KernelError) {
          let kernel = try openKernel(custody.takeBack())
          if let owner = kernel.owner { custody.handOver(owner) }
          var loop = ReconcilerLoop(
            kernel.backend, watch: kernel.watch, revocations: followers.revocations, names: followers.names,
            flows: followers.flows, interfaces: followers.interfaces, podsNeeded: followers.podsNeeded,
            findings: followers.findings, node: settings.node, surroundings: surroundings, schedule: schedule,
            awaitingInterfaces: true, logger: logger)
          finish(.success(loop.run(inbox)))
        } catch {
          finish(.failure(error))
        }
      }, stop: inbox.stop)
  }
}

extension NameWatch {
  /// Asks what is known and waits for the answer.
  fileprivate func document() async -> NamesDocument {
    await withCheckedContinuation { continuation in ask { continuation.resume(returning: $0) } }
  }
}

extension FlowWatch {
  /// Asks for the graph and waits for it.
  fileprivate func graph() async -> EgressGraph? {
    await withCheckedContinuation { continuation in askGraph { continuation.resume(returning: $0) } }
  }
}

extension StatusDisplay {
  /// The page with a nonce of its own.
  fileprivate init(_ page: Page) {
    let nonce = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
    self.init(html: page.html(nonce: nonce), policy: Page.policy(nonce: nonce))
  }
}

extension ReconcilerInbox {
  /// Asks for the tables to be removed and waits until they are.
  fileprivate func unlock() async -> UnlockAnswer {
    await withCheckedContinuation { continuation in
      unlock { result in
        switch result {
        case .success(let tables): continuation.resume(returning: UnlockAnswer(removed: tables.map(\.description)))
        case .failure(let error): continuation.resume(returning: UnlockAnswer(removed: [], error: "\(error)"))
        }
      }
    }
  }
}
