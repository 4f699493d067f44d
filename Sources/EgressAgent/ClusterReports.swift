import ClusterModel
import EgressPolicy
import KubernetesSource
import ServiceLifecycle
import StatusServer
import Synchronization
import Telemetry

import protocol ServiceLifecycle.Service

/// Speaks back to the cluster: findings as Events, this Node's condition, and the end of its taint.
///
/// It hears what the others do and is waited for by nobody. What cannot be written is tried again later, and `moat
/// status` says why; it is no fault of what is enforced.
final class ClusterReports: Service {
  private struct Heard {
    var wishes: Configuration.Kubernetes
    var findings: [Finding] = []
    var snapshot = ClusterSnapshot()

    /// What was refused since the last round.
    var refusals = PodRefusals()
  }

  private let node: NodeName
  private let surroundings: ReconcilerSurroundings
  private let writer: ClusterWriter
  private let heard: Mutex<Heard>
  private let news: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  init(
    _ access: ClusterAccess, _ wishes: Configuration.Kubernetes, on node: NodeName,
    surroundings: ReconcilerSurroundings
  ) {
    self.node = node
    self.surroundings = surroundings
    writer = ClusterWriter(access, on: EventLoopExecutor.shared.loop, executor: EventLoopExecutor.shared)
    heard = Mutex(Heard(wishes: wishes))
    (news, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    surroundings.board.observe { [signal] in signal.yield() }
    signal.yield()
  }

  /// Takes the findings of the newest derivation; from any thread.
  func take(_ findings: [Finding]) {
    let isNew = heard.withLock { heard in
      defer { heard.findings = findings }
      return heard.findings != findings
    }
    if isNew { signal.yield() }
  }

  /// Takes refused packets; from any thread.
  func take(_ records: [FlowRecord]) {
    let isNew = heard.withLock { $0.wishes.refusals && $0.refusals.note(records, at: .now) }
    if isNew { signal.yield() }
  }

  /// Takes the newest state of the cluster; from any thread.
  func take(_ snapshot: ClusterSnapshot) { heard.withLock { $0.snapshot = snapshot } }

  /// Takes what a configuration that was read again wants; from any thread.
  func take(_ wishes: Configuration.Kubernetes) {
    heard.withLock { $0.wishes = wishes }
    signal.yield()
  }

  /// Works until graceful shutdown, which waits for nothing that is being written.
  func run() async {
    let work = Task(executorPreference: EventLoopExecutor.shared) { await self.work() }
    let (shutdown, end) = AsyncStream<Void>.makeStream()
    await withGracefulShutdownHandler {
      for await _ in shutdown {}
    } onGracefulShutdown: {
      end.finish()
    }
    work.cancel()
  }

  private func work() async {
    var round = ReportRound(writer: writer, node: node)
    let timers = Timers(signal)
    for await _ in news {
      if Task.isCancelled { return }
      let isDue = round.isDue
      let (wishes, findings, snapshot, refusals) = heard.withLock { heard in
        (heard.wishes, heard.findings, heard.snapshot, isDue ? heard.refusals.take() : PodRefusals())
      }
      let time = "\(Timestamp.now)"
      let due =
        (wishes.events && isDue ? events(of: findings, in: snapshot, on: node, at: time) : [])
        + (wishes.refusals ? refusals.events(in: snapshot, on: node, at: time) : [])
      await round.write(wishes, surroundings.board.current, due)
      note(round.faults)
      timers.plan(round.isWhole ? .renewal : .retry)
      await pause(for: ReportRound.pause)
    }
  }

  /// Says what could not be written, once for as long as it stays so.
  private func note(_ faults: [String]) {
    let before = surroundings.board.current.cluster?.unwritten ?? []
    guard faults != before else { return }
    for fault in faults { surroundings.logger.warning("\(fault)", metadata: ["source": "reports"]) }
    surroundings.board.update { document, _ in document.cluster?.unwritten = faults.isEmpty ? nil : faults }
  }
}

/// Sees to rounds that nothing else asks for: of each kind one at a time.
private final class Timers: Sendable {
  private let signal: AsyncStream<Void>.Continuation
  private let planned = Mutex<Set<ReportRound.Timer>>([])

  init(_ signal: AsyncStream<Void>.Continuation) { self.signal = signal }

  func plan(_ timer: ReportRound.Timer) {
    guard planned.withLock({ $0.insert(timer).inserted }) else { return }
    Task(executorPreference: EventLoopExecutor.shared) { [self] in
      await EventLoopExecutor.shared.pause(for: timer.time).wait()
      planned.withLock { _ = $0.remove(timer) }
      signal.yield()
    }
  }
}

/// Waits, not longer than the daemon runs.
private func pause(for time: Duration) async {
  let pause = EventLoopExecutor.shared.pause(for: time)
  await withTaskCancellationOrGracefulShutdownHandler {
    await pause.wait()
  } onCancelOrGracefulShutdown: {
    pause.end()
  }
}
