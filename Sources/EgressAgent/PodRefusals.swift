import ClusterModel
import KubernetesSource
import Telemetry

/// Refused packets of pods that are to be told of: of each pod and destination one a minute, of one pod and of all no
/// more than a few. The rest is left to `moat flows`: a pod that tries every address must not fill the API server.
struct PodRefusals {
  private struct Attempt: Hashable {
    var namespace: String
    var pod: String
    var destination: String
  }

  /// What was not told yet.
  private var records: [Attempt: FlowRecord] = [:]

  /// What was noted in this minute, told or not.
  private var noted: Set<Attempt> = []
  private var minute: ContinuousClock.Instant?

  /// How many pods and destinations, and how many destinations of one pod, are told of in a minute.
  static let limit = 60
  static let limitPerPod = 5

  /// Takes records of pods; whether one is to be told of.
  mutating func note(_ new: [FlowRecord], at now: ContinuousClock.Instant) -> Bool {
    if minute.map({ $0 + .seconds(60) <= now }) ?? true {
      minute = now
      noted = []
    }
    var isNew = false
    for record in new {
      guard noted.count < Self.limit, let namespace = record.source.namespace, let pod = record.source.pod else {
        continue
      }
      let attempt = Attempt(namespace: namespace, pod: pod, destination: record.destinationWords)
      let known = noted.count { $0.pod == pod && $0.namespace == namespace }
      guard known < Self.limitPerPod, noted.insert(attempt).inserted else { continue }
      records[attempt] = record
      isNew = true
    }
    return isNew
  }

  /// Takes out what is to be told.
  mutating func take() -> PodRefusals {
    var taken = PodRefusals()
    swap(&taken.records, &records)
    return taken
  }

  /// Events on the pods, sorted. What they say names no time and no sender's port, so that the same attempt is the same
  /// Event, which is told once in an Event's life.
  func events(in snapshot: ClusterSnapshot, on node: NodeName, at time: String) -> [ClusterEvent] {
    let reference = { (attempt: Attempt) in
      ObjectReference(kind: "Pod", namespace: attempt.namespace, name: attempt.pod)
    }
    let uids = snapshot.uids(of: Set(records.keys.map(reference)))
    return records.map { attempt, record in
      let isAudit = record.verdict == .wouldDeny
      return ClusterEvent(
        object: reference(attempt), uid: uids[reference(attempt)],
        reason: isAudit ? "EgressWouldBeRefused" : "EgressRefused",
        message: "\(record.rule): \(attempt.destination). \(record.hint)", node: node, time: time)
    }.sorted { ("\($0.object)", $0.message) < ("\($1.object)", $1.message) }
  }
}

extension FlowRecord {
  /// `httpbin.org 203.0.113.10 tcp 443`.
  fileprivate var destinationWords: String {
    let words = [
      destination.host ?? destination.gateway, destination.ip, self.protocol, destination.port.map { "\($0)" },
    ]
    return words.compactMap { $0 }.joined(separator: " ")
  }
}
