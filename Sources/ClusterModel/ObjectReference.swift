/// Names one object of the cluster: kind, namespace (absent for cluster-scoped kinds) and name.
package struct ObjectReference: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The kind as manifests spell it: `AccessPolicy`.
  package let kind: String

  /// Absent for cluster-scoped kinds.
  package let namespace: String?

  /// `metadata.name`.
  package let name: String

  package init(kind: String, namespace: String?, name: String) {
    self.kind = kind
    self.namespace = namespace
    self.name = name
  }

  package static func < (left: ObjectReference, right: ObjectReference) -> Bool {
    if left.kind != right.kind { return left.kind < right.kind }
    if left.namespace != right.namespace { return left.namespace ?? "" < right.namespace ?? "" }
    return left.name < right.name
  }

  /// `AccessPolicy istio-egress/egress-access-policy`, `Node worker-1`.
  package var description: String { "\(kind) " + (namespace.map { "\($0)/" } ?? "") + name }
}

/// The part of `metadata` that moat reads. Unknown metadata is ignored (S11).
package struct Metadata: Hashable, Sendable {
  /// The object's name.
  package var name: String

  /// Empty for cluster-scoped kinds; manifests without one are in `default`.
  package var namespace: String

  /// Absent in hand-written manifests.
  package var uid: String?

  /// What selectors select by.
  package var labels: [String: String]

  package init(name: String, namespace: String = "", uid: String? = nil, labels: [String: String] = [:]) {
    self.name = name
    self.namespace = namespace
    self.uid = uid
    self.labels = labels
  }
}

/// A node's name, as `spec.nodeName` and `--node` give it.
package struct NodeName: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The Node's name as written.
  package let rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }
  package static func < (left: NodeName, right: NodeName) -> Bool { left.rawValue < right.rawValue }
  package var description: String { rawValue }
}

/// What `kubectl` calls `namespace/name` of a ServiceAccount: the identity that policies select.
package struct ServiceAccountName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The namespace.
  package let namespace: String

  /// The name.
  package let name: String

  /// Equal for equal names: identities are the keys of most of what is derived, and are hashed once.
  private let hash: Int

  package init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
    var hasher = Hasher()
    hasher.combine(namespace)
    hasher.combine(name)
    hash = hasher.finalize()
  }

  package static func == (left: ServiceAccountName, right: ServiceAccountName) -> Bool {
    left.hash == right.hash && left.name == right.name && left.namespace == right.namespace
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }

  package static func < (left: ServiceAccountName, right: ServiceAccountName) -> Bool {
    left.namespace == right.namespace ? left.name < right.name : left.namespace < right.namespace
  }

  package var description: String { "\(namespace)/\(name)" }
}
