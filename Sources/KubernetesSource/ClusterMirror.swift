import ClusterModel
import NIOCore

/// A copy of what a node needs of the cluster, kept current by watches.
///
/// Every resource is listed once and watched from then on. Nothing is published before all of them were known once, the
/// pods included that the model asks for; what fails later stays as it was last known, and the rest goes on.
package actor ClusterMirror {
  private let settings: MirrorSettings
  private let listener: MirrorListener
  private let server: APIServer
  private let loop: any EventLoop
  private let executor: any TaskExecutor
  private var tables = ClusterTables()
  private var followers: [Int: Follower] = [:]
  private var nextID = 0

  /// The names of the CustomResourceDefinitions that there are.
  private var definitions: Set<String> = []

  /// The pods that are needed, as far as known.
  private var wanted: Set<PodQuery>
  private var isComplete = false
  private var isPublishing = false
  private var isReporting = false

  /// - Parameter executor: runs tasks on `loop`.
  package init(
    _ settings: MirrorSettings, on loop: any EventLoop, executor: any TaskExecutor, _ listener: MirrorListener
  ) {
    self.settings = settings
    self.listener = listener
    self.loop = loop
    self.executor = executor
    server = APIServer(settings.access, settings.patience, on: loop, executor: executor)
    wanted = [.node(settings.node)]
  }

  /// Works until the task is cancelled.
  package func run() async {
    for subject in Subject.initial + wanted.map({ .pods($0) }) { start(subject) }
    report()
    let end = loop.makePromise(of: Void.self)
    await withTaskCancellationHandler {
      try? await end.futureResult.get()
    } onCancel: {
      end.succeed()
    }
    for id in followers.keys { stop(id) }
    await server.close()
  }

  /// Follows the pods that a model needs from now on. Those that were followed before stay known until all the new ones
  /// are, so that no pod is forgotten in between.
  package func follow(_ queries: Set<PodQuery>) {
    guard isComplete, queries != wanted else { return }
    want(queries)
    retire()
    report()
    publish()
  }
}

extension ClusterMirror {
  private func start(_ subject: Subject) {
    let id = nextID
    nextID += 1
    followers[id] = Follower(subject)
    followers[id]?.task = Task(executorPreference: executor) { await self.follow(id) }
  }

  /// What only this follower told of is not known any more.
  private func stop(_ id: Int) {
    guard let follower = followers.removeValue(forKey: id) else { return }
    follower.task?.cancel()
    if let kind = follower.subject.fixed?.kind { tables.update(kind) { $0.replace(with: [], from: id) } }
  }

  /// Lists and watches, again and again. What the server has is asked at first and after a fault: a watch that has run
  /// its time is followed by another, and by nothing else.
  private func follow(_ id: Int) async {
    var known: ResourceReader?
    while !Task.isCancelled, let subject = followers[id]?.subject {
      let begin = ContinuousClock.now
      do throws(APIError) {
        if known == nil { known = try await server.reader(of: subject) }
        if let reader = known {
          try await follow(id, with: reader)
        } else {
          await waitForAnotherServer(without: id)
        }
      } catch {
        known = nil
        guard !Task.isCancelled, followers[id] != nil else { return }
        followers[id]?.failed(error, after: ContinuousClock.now - begin, isTold: !isComplete)
        report()
        let wish: Duration = if case .busy(let time?) = error.kind { time } else { .zero }
        let refusals = followers[id]?.refusals ?? 0
        try? await pause(settings.backOff.pause(after: refusals, wish: wish), on: loop)
      }
    }
  }

  /// Until the server ends the watch.
  private func follow(_ id: Int, with reader: ResourceReader) async throws(APIError) {
    if followers[id]?.version == nil {
      let follower = followers[id]
      let list = try await reader.list(notBefore: follower?.seen, isExact: follower?.isExact ?? false)
      take(list, reader.kind, of: id)
    }
    guard let version = followers[id]?.version else { return }
    let begin = ContinuousClock.now
    let time = Duration.seconds(Int.random(in: settings.watchTime))
    try await reader.watch(from: version, for: time) { events in await self.take(events, reader.kind, of: id) }
    if ContinuousClock.now - begin < .seconds(1) {
      throw APIError(.busy(nil), "ended at once", on: "watch \(reader.resource)")
    }
  }

  private func take(_ list: ServedList, _ kind: ManifestKind?, of id: Int) {
    guard followers[id] != nil else { return }
    if let kind {
      tables.update(kind) { $0.replace(with: list.objects, from: id) }
    } else {
      definitions = Set(list.objects.map(\.name.name))
    }
    followers[id]?.took(listOf: list.version)
    advance()
    report()
  }

  private func take(_ events: [WatchEvent], _ kind: ManifestKind?, of id: Int) {
    guard let wasFaulty = followers[id].map({ $0.error != nil }) else { return }
    followers[id]?.took(eventsUpTo: events.last?.version)
    if wasFaulty { report() }
    var hasChanges = false
    for event in events {
      switch event {
      case .bookmark: continue
      case .put(let object):
        if let kind { tables.update(kind) { $0.put(object, from: id) } } else { definitions.insert(object.name.name) }
      case .remove(let name, _):
        if let kind { tables.update(kind) { $0.remove(name, from: id) } } else { definitions.remove(name.name) }
      }
      hasChanges = true
    }
    if hasChanges { advance() }
  }

  /// A resource that the server does not have counts as known and empty; another server, after an upgrade, may have it.
  private func waitForAnotherServer(without id: Int) async {
    followers[id]?.isAbsent()
    tables.update(.serviceCIDR) { $0.replace(with: [], from: id) }
    advance()
    report()
    let begin = ContinuousClock.now
    await server.untilDisconnected()
    // Over HTTP/1.1 there is no connection that could end.
    let isOver = ContinuousClock.now - begin > .seconds(1)
    try? await pause(settings.backOff.pause(after: 1, wish: isOver ? .zero : .seconds(600)), on: loop)
  }
}

extension ClusterMirror {
  /// Does what follows from what is known now: follows what has been defined, asks which pods are needed, and publishes.
  private func advance() {
    followDefined()
    if !isComplete {
      guard isSettled else { return }
      want(listener.neededPods(tables.snapshot()))
      guard isSettled else { return }
      isComplete = true
    }
    retire()
    publish()
  }

  /// Whether everything that is followed is known.
  private var isSettled: Bool { followers.values.allSatisfy { $0.progress != .waiting } }

  private func followDefined() {
    guard followers.values.contains(where: { $0.subject == .definitions && $0.progress == .inSync }) else { return }
    for kind in ManifestKind.allCases where kind.isCustom {
      let id = followers.first { $0.value.subject == .kind(kind) }?.key
      let isDefined = definitions.contains("\(kind.plural).\(kind.group)")
      if isDefined, id == nil { start(.kind(kind)) }
      if !isDefined, let id { stop(id) }
      if isDefined != (id != nil) { report() }
    }
  }

  private func want(_ queries: Set<PodQuery>) {
    wanted = queries
    let followed = Set(followers.values.compactMap(\.subject.podQuery))
    for query in queries.subtracting(followed) { start(.pods(query)) }
  }

  /// Lets go of pods that are not needed any more, as soon as all are known that are.
  private func retire() {
    let pods = followers.filter { $0.value.subject.podQuery != nil }
    let needed = pods.filter { wanted.contains($0.value.subject.podQuery ?? .all) }
    let areKnown = needed.values.allSatisfy { $0.progress != .waiting }
    for (id, follower) in pods where needed[id] == nil && (areKnown || follower.progress == .waiting) { stop(id) }
  }

  /// Publishes when what is at hand has been taken in: many events make one state.
  private func publish() {
    guard isComplete, !isPublishing else { return }
    isPublishing = true
    Task(executorPreference: executor) { await self.publishNow() }
  }

  private func publishNow() {
    isPublishing = false
    listener.publish(tables.snapshot(), tables.count)
  }

  /// Reports when what is at hand has been taken in: what befalls a connection befalls all who share it.
  private func report() {
    guard !isReporting else { return }
    isReporting = true
    Task(executorPreference: executor) { await self.reportNow() }
  }

  private func reportNow() {
    isReporting = false
    let resources = followers.values.map { MirrorState.Resource(name: $0.subject.name, progress: $0.progress) }
    listener.report(
      MirrorState(server: server.name, resources: resources.sorted { $0.name < $1.name }, faults: faults))
  }

  /// What is wrong: a sentence for each reason, all that the connection ails as one.
  private var faults: [String] {
    let errors = followers.values.compactMap(\.error).sorted { $0.description < $1.description }
    let lost = errors.first { $0.kind == .unreachable }.map { ["\(server.name): \($0.reason)"] } ?? []
    let others = Dictionary(grouping: errors.filter { $0.kind != .unreachable }, by: \.reason).values.map { same in
      same.count == 1 ? "\(same[0])" : "\(same[0].subject) and \(same.count - 1) more: \(same[0].reason)"
    }
    let consequence = isComplete ? "what was read before stays" : "nothing is derived without it"
    return (lost + others.sorted()).map { "\($0); \(consequence)" }
  }
}
