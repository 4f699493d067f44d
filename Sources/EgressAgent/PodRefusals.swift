import ClusterModel
import KubernetesSource
import Telemetry

/// Refused packets of pods, one for each pod and destination. Bounded: of more than there is room for the later ones are
/// left to `moat flows`.
struct PodRefusals {
  private struct Attempt: Hashable {
    var namespace: String
    var pod: String
    var destination: String
  }

  private var records: [Attempt: FlowRecord] = [:]

  /// How many pods and destinations one round tells of.
  static let limit = 100

  /// Takes records of pods; whether one was new.
  mutating func note(_ new: [FlowRecord]) -> Bool {
    var isNew = false
    for record in new {
      guard let namespace = record.source.namespace, let pod = record.source.pod else { continue }
      let attempt = Attempt(namespace: namespace, pod: pod, destination: record.destinationWords)
      guard records[attempt] == nil, records.count < Self.limit else { continue }
      records[attempt] = record
      isNew = true
    }
    return isNew
  }

  /// Empties it.
  mutating func take() -> PodRefusals {
    defer { self = PodRefusals() }
    return self
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
