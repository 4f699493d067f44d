import ClusterModel
import EgressPolicy
import FlowLog
import Netlink
import NetworkValues
import Synchronization
import Telemetry

/// The thread that hears of refused packets and says who attempted what, and what to change.
///
/// Nothing waits for it: where it is too slow, the kernel drops records and counts them, and verdicts stay as they are.
package final class FlowWatch: Sendable {
  private struct Orders {
    /// The model that the kernel holds, to explain with; `nil` while that did not change.
    var model: EgressModel?

    /// What the kernel holds as a graph; asked for, and answered by the thread.
    var held: EgressModel?
    var graphQuestions: [@Sendable (EgressGraph?) -> Void] = []
    var isStopped = false
  }

  private let node: NodeName
  private let ring: FlowRing
  private let path: String?
  private let surroundings: ReconcilerSurroundings
  private let orders = Mutex(Orders())
  private let wakeup: Wakeup

  /// - Parameters:
  ///   - ring: gets every record.
  ///   - path: a file that gets them, too; `-` is standard output.
  package init(
    on node: NodeName, into ring: FlowRing, writingTo path: String? = nil, surroundings: ReconcilerSurroundings
  ) throws(AgentError) {
    self.node = node
    self.ring = ring
    self.path = path
    self.surroundings = surroundings
    wakeup = try Wakeup()
  }

  /// Says what the kernel holds from now on; from any thread. Wakes nobody: it is looked at with the next packet.
  package func follow(_ model: EgressModel) {
    orders.withLock { orders in
      orders.model = model
      orders.held = model
    }
  }

  /// Asks for a graph of what the kernel holds; `nil` before something was derived, and when the thread has ended.
  package func askGraph(_ reply: @escaping @Sendable (EgressGraph?) -> Void) {
    let isStopped = orders.withLock { orders in
      if !orders.isStopped { orders.graphQuestions.append(reply) }
      return orders.isStopped
    }
    if isStopped { reply(nil) } else { wakeup.signal() }
  }

  /// Asks the thread to end.
  package func stop() {
    orders.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// Works until told to end, in the network namespace of the calling thread.
  ///
  /// - Parameter tell: hears of new records, and is waited for.
  package func run(telling tell: (@Sendable ([FlowRecord]) -> Void)? = nil) {
    let work = FlowWork(on: node, into: ring, writingTo: path.map { FlowOutput($0) }, surroundings)
    var graph: EgressGraph?
    while true {
      work.wait(for: wakeup)
      wakeup.drain()
      let isStopped = orders.withLock { $0.isStopped }
      let records = work.turn(isLast: isStopped) { orders.withLock { orders in orders.model.take() } }
      if let tell, !records.isEmpty { tell(records) }
      answerGraphs(&graph)
      if isStopped { return }
    }
  }
}

extension FlowWatch {
  /// Draws only for who asks, and a model once.
  private func answerGraphs(_ graph: inout EgressGraph?) {
    let (questions, model) = orders.withLock { orders in
      let questions = orders.graphQuestions
      orders.graphQuestions = []
      return (questions, questions.isEmpty ? nil : orders.held.take())
    }
    if let model { graph = model.graph(on: node) }
    for reply in questions { reply(graph) }
  }
}

/// What the thread works with.
private final class FlowWork {
  private let node: NodeName
  private let ring: FlowRing
  private let output: FlowOutput?
  private let surroundings: ReconcilerSurroundings
  private var log: PacketLog?
  private var nextLog = ContinuousClock.now
  private var fold = RefusalFold()
  private var explainer: AttemptExplainer?
  private var counts = FlowCounts()

  /// Of logs that were closed.
  private var lostBefore: UInt64 = 0

  init(on node: NodeName, into ring: FlowRing, writingTo output: FlowOutput?, _ surroundings: ReconcilerSurroundings) {
    self.node = node
    self.ring = ring
    self.output = output
    self.surroundings = surroundings
  }

  /// Waits for something to do.
  func wait(for wakeup: Wakeup) {
    let readable = [wakeup.descriptor] + (log.map { [$0.descriptor] } ?? [])
    _ = awaitInput(on: readable, until: [fold.deadline, log == nil ? nextLog : nil].compactMap { $0 }.min())
  }

  /// Does what is due.
  ///
  /// - Parameters:
  ///   - isLast: tells of everything.
  ///   - newModel: is asked for a model that came in since the last time, only where there is something to explain.
  /// - Returns: the new records.
  func turn(isLast: Bool, newModel: () -> EgressModel?) -> [FlowRecord] {
    let told = listen() + fold.flush(at: .now, isLast: isLast)
    if !told.isEmpty, let model = newModel() { explainer = AttemptExplainer(model, on: node) }
    let records = told.map { record($0) }
    for record in records { counts.folded += record.count - 1 }
    counts.records += UInt64(records.count)
    counts.waiting = fold.waiting
    counts.overflowed = fold.overflowed
    counts.lost = lostBefore + (log?.lost ?? 0)
    counts.handed = counts.records + counts.folded + counts.waiting + counts.overflowed + counts.lost + counts.foreign
    write(records)
    ring.append(records, counts: counts)
    return records
  }

  /// Takes the packets that wait; not all where they come faster than that, so that the window's end is not missed.
  private func listen() -> [RefusalFold.Told] {
    guard log != nil || nextLog <= .now else { return [] }
    var told: [RefusalFold.Told] = []
    do throws(NetlinkError) {
      if log == nil { log = try PacketLog(.refusals) }
      try log?.receive { packet in
        guard let refusal = Refusal(rawValue: packet.prefix) else {
          counts.foreign += 1
          return
        }
        let time = packet.microseconds ?? Timestamp.now.milliseconds * 1000
        if let first = fold.take(refusal, RefusedPacket(packet), microseconds: time, at: .now) { told.append(first) }
      }
      surroundings.report([], from: "refused packets")
    } catch {
      lostBefore += log?.lost ?? 0
      log = nil
      nextLog = .now + .seconds(5)
      surroundings.report(
        ["\(error); packets are refused as before, but moat flows cannot tell of them"], from: "refused packets")
    }
    return told
  }

  private func write(_ records: [FlowRecord]) {
    guard let output, !records.isEmpty else { return }
    do throws(AgentError) {
      try output.write(records)
      surroundings.report([], from: "flow log")
    } catch {
      counts.unwritten += UInt64(records.count)
      surroundings.report(["\(error); moat flows still tells of the newest refused packets"], from: "flow log")
    }
  }

  private func record(_ told: RefusalFold.Told) -> FlowRecord {
    let packet = told.packet
    let explained = explainer?.explain(Attempt(told.refusal, packet))
    let isAudit = explainer?.isAudit ?? false
    return FlowRecord(
      time: rfc3339(microseconds: told.microseconds), node: node.rawValue, verdict: isAudit ? .wouldDeny : .refused,
      reason: told.refusal.rawValue, rule: explained?.rule ?? told.refusal.rule, protocol: packet.content.description,
      source: FlowRecord.Source(
        ip: packet.source?.description, port: packet.sourcePort, namespace: explained?.pod?.namespace,
        pod: explained?.pod?.name, serviceAccount: explained?.account?.name, interface: explained?.interface),
      destination: FlowRecord.Destination(
        ip: packet.destination?.description, port: packet.destinationPort, host: explained?.host,
        gateway: explained?.gateway.map { ($0.namespace.map { $0 + "/" } ?? "") + $0.name }),
      count: told.count,
      hint: explained?.hint ?? "Nothing was derived yet when this was refused: see moat status.",
      pending: explained.flatMap { $0.pending.isEmpty ? nil : $0.pending.map { FlowRecord.Pending($0) } })
  }
}

extension FlowRecord.Pending {
  fileprivate init(_ verdict: PendingVerdict) {
    self.init(
      policy: (verdict.policy.namespace.map { $0 + "/" } ?? "") + verdict.policy.name,
      verdict: verdict.allows ? "would-allow" : "would-deny")
  }
}

extension Attempt {
  /// As far as the packet's headers tell.
  fileprivate init(_ reason: Refusal, _ packet: RefusedPacket) {
    let transport: TransportProtocol? = if case .transport(let transport) = packet.content { transport } else { nil }
    self.init(
      reason, transport, from: packet.source, to: packet.destination, port: packet.destinationPort,
      icmpType: packet.icmpType, interface: packet.interface)
  }
}
