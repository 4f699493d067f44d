import ClusterModel

/// An Event of the cluster, on the object that it is about. Its name follows from what it says, so that it is there once
/// however many nodes tell it.
///
/// See: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
package struct ClusterEvent: Hashable, Sendable {
  /// The object; its kind is one that moat reads.
  package var object: ObjectReference

  /// The object's, without which `kubectl describe` does not show the Event.
  package var uid: String?

  /// In one word: `NotExposed`.
  package var reason: String

  /// What is so, and what to do.
  package var message: String

  /// The node that tells it.
  package var node: NodeName

  /// RFC 3339, in whole seconds.
  package var time: String

  package init(
    object: ObjectReference, uid: String?, reason: String, message: String, node: NodeName, time: String
  ) {
    self.object = object
    self.uid = uid
    self.reason = reason
    self.message = message
    self.node = node
    self.time = time
  }

  /// What makes it the same Event, whenever it is told.
  package struct Key: Hashable, Sendable {
    private let object: ObjectReference
    private let reason: String
    private let message: String

    fileprivate init(_ event: ClusterEvent) { (object, reason, message) = (event.object, event.reason, event.message) }
  }

  /// What makes it the same Event, whenever it is told.
  package var key: Key { Key(self) }

  /// Where it belongs: beside its object; those of objects without a namespace are in `default`.
  var namespace: String { object.namespace ?? "default" }

  /// `httpbin.org.moat-00c0ffee00c0ffee`.
  var name: String {
    let hash = stableHash("\(object) \(reason) \(message)")
    let digits = String(hash, radix: 16)
    return "\(object.name.prefix(200)).moat-" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// What is sent.
  var manifest: some Encodable {
    let kind = ManifestKind(rawValue: object.kind)
    let version = kind?.versions.first ?? "v1"
    let group = kind?.group ?? ""
    return EventManifest(
      metadata: .init(name: name, namespace: namespace),
      involvedObject: .init(
        apiVersion: group.isEmpty ? version : "\(group)/\(version)", kind: object.kind, namespace: object.namespace,
        name: object.name, uid: uid),
      reason: reason, message: cut(message, to: 1000), source: .init(host: node.rawValue), firstTimestamp: time,
      lastTimestamp: time, reportingInstance: node.rawValue)
  }
}

/// Not more bytes than a server takes, whole characters of them.
private func cut(_ text: String, to limit: Int) -> String {
  if text.utf8.count <= limit { return text }
  var text = text
  while text.utf8.count > limit - 3 { text.removeLast() }
  return text + "…"
}

private struct EventManifest: Encodable {
  struct Metadata: Encodable {
    var name: String
    var namespace: String
  }

  struct Involved: Encodable {
    var apiVersion: String
    var kind: String
    var namespace: String?
    var name: String
    var uid: String?
  }

  struct Source: Encodable {
    var component = "moat"
    var host: String
  }

  var apiVersion = "v1"
  var kind = "Event"
  var metadata: Metadata
  var involvedObject: Involved
  var type = "Warning"
  var reason: String
  var message: String
  var source: Source
  var firstTimestamp: String
  var lastTimestamp: String
  var count = 1
  var reportingComponent = "moat.dev/moat"
  var reportingInstance: String
}

/// The same for the same text in every process (FNV-1a).
package func stableHash(_ text: String) -> UInt64 {
  text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
