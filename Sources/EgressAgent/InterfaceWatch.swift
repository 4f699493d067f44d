import ClusterModel
import ManifestSource
import Netlink
import Synchronization

/// The thread that watches the node's interfaces and gives each new state of them to the reconciler.
///
/// What vanished is told at once, whatever else fails. Nothing is told before everything could be read once.
package final class InterfaceWatch: Sendable {
  private struct Orders {
    var isStopped = false
    var looks = false
  }

  private let cniResults: String
  private let schedule: InterfaceSchedule
  private let inbox: ReconcilerInbox
  private let surroundings: ReconcilerSurroundings
  private let orders = Mutex(Orders())
  private let wakeup: Wakeup
  private let open: @Sendable () throws(NetlinkError) -> InterfaceObserver

  /// - Parameters:
  ///   - cniResults: the container runtime's cache of CNI results, `/var/lib/cni/results`.
  ///   - open: is called on the thread, until it does not throw.
  package init(
    cniResults: String, schedule: InterfaceSchedule = InterfaceSchedule(), inbox: ReconcilerInbox,
    surroundings: ReconcilerSurroundings,
    open: @escaping @Sendable () throws(NetlinkError) -> InterfaceObserver = { () throws(NetlinkError) in
      try InterfaceObserver()
    }
  ) throws(AgentError) {
    self.cniResults = cniResults
    self.schedule = schedule
    self.inbox = inbox
    self.surroundings = surroundings
    self.open = open
    wakeup = try Wakeup()
  }

  /// Asks the thread to end.
  package func stop() {
    orders.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// Asks for evidence of who is behind interfaces that lack some: the API has told of pods.
  package func look() {
    orders.withLock { $0.looks = true }
    wakeup.signal()
  }

  /// Works until told to end, in the network namespace of the calling thread.
  package func run() {
    guard let observer = begin() else { return }
    read(into: observer)
    var due = InterfaceDeadlines(schedule, at: .now)
    var published: HostInterfaces?
    while true {
      observe(observer, &due)
      if published != observer.interfaces {
        inbox.publish(observer.interfaces)
        published = observer.interfaces
      }
      if due.retry != nil { _ = awaitInput(on: [wakeup.descriptor], until: .now + schedule.firstPause) }
      _ = awaitInput(on: [wakeup.descriptor, observer.descriptor], until: due.next)
      let current = takeOrders()
      if current.isStopped { return }
      if current.looks { due.look = .now }
    }
  }

  private func takeOrders() -> Orders {
    wakeup.drain()
    return orders.withLock { orders in
      defer { orders.looks = false }
      return orders
    }
  }

  /// Subscribes and looks at everything, again and again until that succeeds; `nil` when told to end. There is one
  /// observer for the thread's life: another one could not tell which interfaces it has not seen before.
  private func begin() -> InterfaceObserver? {
    for failures in 1... {
      do throws(NetlinkError) { return try open() } catch {
        surroundings.report(
          ["\(error); nothing is derived before the interfaces are known, what is enforced stays"], from: "interfaces")
        surroundings.settle()
      }
      _ = awaitInput(on: [wakeup.descriptor], until: .now + schedule.pause(after: failures))
      if takeOrders().isStopped { return nil }
    }
    return nil
  }

  /// Takes in what has happened, and what is due.
  private func observe(_ observer: InterfaceObserver, _ due: inout InterfaceDeadlines) {
    let now = ContinuousClock.now
    do throws(NetlinkError) {
      if due.isPast(\.refresh, at: now) {
        read(into: observer)
        try observer.refresh()
        due.refresh = now + schedule.refresh
      } else {
        try observer.update()
      }
      due.note(observer.interfaces, at: now)
      if due.isPast(\.look, at: now) {
        if observer.interfaces.lackEvidence { read(into: observer) }
        try observer.update()
        due.planLook(isNeeded: observer.interfaces.lackEvidence, at: now)
      }
      due.succeed()
      surroundings.report([], from: "interfaces")
    } catch {
      due.fail(at: now)
      surroundings.report(["\(error); what vanished is withdrawn, the rest stays enforced"], from: "interfaces")
    }
  }

  private func read(into observer: InterfaceObserver) {
    let reading = readCNIResults(in: cniResults)
    observer.cniResults = reading.results
    observer.cniFaults = reading.faults
  }
}

extension HostInterfaces {
  /// Whether something may still be learnt of a pod's interface: a pod's addresses come without an event, and the
  /// runtime writes its result down after the interface is there.
  var lackEvidence: Bool {
    let named = Set(cniResults.flatMap { $0.interfaces.filter { !$0.isInSandbox }.map(\.name) })
    return links.contains { link in
      link.peerNamespace != nil && (link.peerAddresses?.isEmpty != false || !named.contains(link.name))
    }
  }
}
