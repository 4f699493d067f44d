import ClusterModel
import Conntrack
import EgressPolicy
import EgressRuleset
import NameResolution
import Netlink
import NetworkValues
import Synchronization
import Telemetry

/// The thread that knows names: asks DNS for those that are needed, hears what resolvers tell gateway pods, and gives
/// both to the reconciler; what a pod was just told at once, since the pod is about to connect.
package final class NameWatch: Sendable {
  /// How a daemon deals with names.
  package struct Schedule: Hashable, Sendable {
    /// How often a new state is published at most: a derivation may take long.
    package var publication = Duration.milliseconds(500)

    /// The pause between tries to read the log.
    package var retry = Duration.seconds(5)

    package init() {}
  }

  private struct Orders {
    var demand: NameDemand?
    var questions: [@Sendable (NamesDocument) -> Void] = []
    var isStopped = false
  }

  private let schedule: Schedule
  private let inbox: ReconcilerInbox
  private let surroundings: ReconcilerSurroundings
  private let orders = Mutex(Orders())
  private let wakeup: Wakeup

  package init(
    schedule: Schedule = Schedule(), inbox: ReconcilerInbox, surroundings: ReconcilerSurroundings
  ) throws(AgentError) {
    self.schedule = schedule
    self.inbox = inbox
    self.surroundings = surroundings
    wakeup = try Wakeup()
  }

  /// Says what is needed from now on; from any thread.
  package func want(_ demand: NameDemand) {
    orders.withLock { $0.demand = demand }
    wakeup.signal()
  }

  /// Asks what is known; from any thread. `reply` is called once, on this one, or at once where it was told to end: then
  /// nothing is known.
  package func ask(_ reply: @escaping @Sendable (NamesDocument) -> Void) {
    let isStopped = orders.withLock { orders in
      if !orders.isStopped { orders.questions.append(reply) }
      return orders.isStopped
    }
    if isStopped { reply(NamesDocument(resolvers: [], entries: [])) } else { wakeup.signal() }
  }

  /// Asks the thread to end.
  package func stop() {
    orders.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// Works until told to end, in the network namespace of the calling thread.
  package func run() {
    let work = NameWork(schedule: schedule, inbox: inbox, surroundings: surroundings)
    while true {
      work.wait(for: wakeup)
      let current = takeOrders()
      if !current.isStopped {
        if let demand = current.demand { work.want(demand) }
        work.turn()
      }
      for reply in current.questions { reply(work.document) }
      if current.isStopped { return }
    }
  }

  private func takeOrders() -> Orders {
    wakeup.drain()
    return orders.withLock { orders in
      defer {
        orders.demand = nil
        orders.questions = []
      }
      return orders
    }
  }
}

/// What the thread works with.
private final class NameWork {
  private let schedule: NameWatch.Schedule
  private let inbox: ReconcilerInbox
  private let surroundings: ReconcilerSurroundings
  private let questions = NameQuestions()
  private var keeper = NameKeeper()
  private var log: PacketLog?
  private var nextLog = ContinuousClock.now
  private var nextPublication = ContinuousClock.now

  init(schedule: NameWatch.Schedule, inbox: ReconcilerInbox, surroundings: ReconcilerSurroundings) {
    self.schedule = schedule
    self.inbox = inbox
    self.surroundings = surroundings
  }

  /// Waits for something to do.
  func wait(for wakeup: Wakeup) {
    let now = ContinuousClock.now
    let sockets = questions.descriptors
    let readable = [wakeup.descriptor] + (log.map { [$0.descriptor] } ?? []) + sockets.readable
    let deadlines = [
      keeper.next, questions.deadline(after: now), keeper.hasChanged ? nextPublication : nil,
      keeper.demand.openings != nil && log == nil ? nextLog : nil,
    ]
    _ = awaitInput(on: readable, writing: sockets.writable, until: deadlines.compactMap { $0 }.min())
  }

  func want(_ demand: NameDemand) {
    guard demand != keeper.demand else { return }
    keeper.want(demand, at: .now)
    if !demand.names.isEmpty { questions.use(demand.resolvers) }
    if demand.openings == nil { log = nil }
  }

  /// Does what is due. What pods were told comes first.
  func turn() {
    listen()
    let now = ContinuousClock.now
    questions.ask(keeper.takeDue(at: now))
    for outcome in questions.process() { keeper.take(outcome, at: now) }
    if keeper.mayExpire(at: now) { expire(at: now) }
    if keeper.hasChanged, nextPublication <= now {
      inbox.publish(keeper.publish())
      nextPublication = now + schedule.publication
    }
    surroundings.report(keeper.faults, from: "names")
  }

  private func listen() {
    guard keeper.demand.openings != nil, log != nil || nextLog <= .now else { return }
    do throws(NetlinkError) {
      if log == nil { log = try PacketLog(.answers) }
      var told: [ObservedName] = []
      try log?.receive { packet in told += keeper.take(Array(packet.payload), at: .now) }
      if !told.isEmpty { inbox.open(told) }
      for refused in keeper.takeRefused() {
        surroundings.logger.warning(
          "a resolver told \(refused.client) that \(refused.name) is \(refused.address): inside the cluster or special, stays closed (E5)"
        )
      }
      surroundings.report([], from: "resolvers' answers")
    } catch {
      log = nil
      nextLog = .now + schedule.retry
      surroundings.report(
        ["\(error); what resolvers tell gateway pods is not heard, names open by moat's own questions alone"],
        from: "resolvers' answers")
    }
  }

  /// Connections are looked through once, where an address may go.
  private func expire(at now: ContinuousClock.Instant) {
    var open: Set<IPAddress>?
    keeper.expire(at: now) { address in
      let known = open ?? openDestinations()
      open = known
      return known.contains(address)
    }
  }

  /// Where tracked connections go to; everything where they cannot be read, so that nothing in use is cut.
  private func openDestinations() -> Set<IPAddress> {
    do throws(NetlinkError) {
      var found: Set<IPAddress> = []
      _ = try ConntrackTable().entries { connection in
        found.insert(connection.destination)
        return false
      }
      return found
    } catch {
      return Set(keeper.addresses)
    }
  }

  var document: NamesDocument { keeper.document(at: .now) }
}
