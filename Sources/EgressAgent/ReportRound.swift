import ClusterModel
import KubernetesSource
import Telemetry

/// What has been written to the cluster, and writes what is new.
struct ReportRound {
  /// What asks for another round.
  enum Timer: Hashable, Sendable {
    /// What was not written is tried again.
    case retry

    /// What still holds is told again.
    case renewal

    var time: Duration { self == .retry ? .seconds(30) : ReportRound.life }
  }

  /// Between two rounds: what changes often is written seldom.
  static let pause = Duration.seconds(2)

  /// API servers keep Events for an hour, if not told otherwise.
  static let life = Duration.seconds(3900)

  /// The condition of a Node that tells how its firewall is.
  static let conditionType = "EgressFirewallReady"

  /// The taint with which a node may join until its firewall stands.
  static let taint = NodeTaint(key: "moat.dev/not-ready", effect: "NoSchedule")

  let writer: ClusterWriter
  let node: NodeName

  /// What the last round could not write: a sentence for each.
  private(set) var faults: [String] = []

  /// Whether a daemon that has just begun may be ready soon, and its Node's condition can wait for that.
  private var isWaiting = false

  private var condition: (standing: Standing, at: ContinuousClock.Instant)?
  private var isUntainted = false
  private var told: [ClusterEvent.Key: ContinuousClock.Instant] = [:]
  private var notBefore = ContinuousClock.now

  init(writer: ClusterWriter, node: NodeName) {
    self.writer = writer
    self.node = node
  }

  /// Whether the last round left nothing to be done.
  var isWhole: Bool { faults.isEmpty && !isWaiting }

  /// Whether it is time for a round: after one that failed, not at once.
  var isDue: Bool { ContinuousClock.now >= notBefore }

  /// Writes what is wanted and not written yet, and closes the connection.
  mutating func write(_ wishes: Configuration.Kubernetes, _ status: StatusDocument, _ events: [ClusterEvent]) async {
    guard isDue else { return }
    faults = []
    if wishes.nodeCondition { await attempt("the Node's condition") { try await $0.writeCondition(of: status) } }
    if wishes.removeTaint { await attempt("the Node's taint") { try await $0.removeTaint(status.isReady) } }
    if wishes.events || wishes.refusals { await attempt("Events") { try await $0.tell(events) } }
    await writer.rest()
    if !faults.isEmpty { notBefore = .now + Timer.retry.time / 2 }
  }

  private mutating func attempt(
    _ what: String, _ body: (inout ReportRound) async throws -> Void
  ) async {
    do { try await body(&self) } catch {
      faults.append("\(what) cannot be written: \(error); tried again every \(Int(Timer.retry.time.seconds)) seconds")
    }
  }

  private mutating func writeCondition(of status: StatusDocument) async throws(APIError) {
    isWaiting = status.enforced == nil && Timestamp.now < status.started.adding(Timer.retry.time)
    if isWaiting { return }
    let standing = Standing(status)
    let now = ContinuousClock.now
    if let condition, condition.standing == standing, condition.at + Self.life > now { return }
    let known: NodeCondition.Status?
    if let condition {
      known = condition.standing.status
    } else {
      known = try await writer.status(ofCondition: Self.conditionType, of: node)
    }
    let time = "\(Timestamp.now)"
    try await writer.set(
      NodeCondition(
        type: Self.conditionType, status: standing.status, reason: standing.reason, message: standing.message,
        lastHeartbeatTime: time, lastTransitionTime: known == standing.status ? nil : time), of: node)
    condition = (standing, now)
  }

  private mutating func removeTaint(_ isReady: Bool) async throws(APIError) {
    guard isReady else { return isUntainted = false }
    guard !isUntainted else { return }
    _ = try await writer.remove(Self.taint, from: node)
    isUntainted = true
  }

  private mutating func tell(_ events: [ClusterEvent]) async throws(APIError) {
    let now = ContinuousClock.now
    told = told.filter { $0.value + Self.life > now }
    var failures: [APIError] = []
    for event in events where told[event.key] == nil {
      do throws(APIError) {
        try await writer.record(event)
        told[event.key] = now
      } catch {
        // One namespace may be going away; where three fail, all would.
        failures.append(error)
        if failures.count == 3 || error.kind == .unreachable { break }
      }
    }
    if let first = failures.first { throw first }
  }
}

/// How a node's firewall is, for its condition.
private struct Standing: Hashable {
  var status: NodeCondition.Status
  var reason: String
  var message: String

  init(_ document: StatusDocument) {
    status = document.isReady ? .yes : .no
    let fault = document.faults.first.map { "\($0.source): \($0.message)" }
    switch document.enforced {
    case nil:
      reason = document.state == .unlocked ? "Unlocked" : "Starting"
      message = fault ?? "nothing has been enforced yet by the daemon that runs now"
    case let enforced?:
      let isAudit = enforced.mode == "audit"
      reason = !document.isReady ? "KernelRefuses" : fault != nil ? "Degraded" : isAudit ? "Auditing" : "InSync"
      message =
        fault ?? (isAudit ? "what would be refused is counted, and passes" : "the kernel holds what the model demands")
    }
  }
}
