/// Which pods of the cluster somebody needs to know.
package enum PodQuery: Hashable, Sendable, CustomStringConvertible {
  /// Every pod.
  case all

  /// The pods of a node.
  case node(NodeName)

  /// Pods that have all these labels; in one namespace, or in any.
  case labelled([String: String], namespace: String?)

  /// The pods that a ServiceAccount runs.
  case identity(ServiceAccountName)

  package var description: String {
    switch self {
    case .all: "all pods"
    case .node(let node): "pods of node \(node)"
    case .labelled(let labels, let namespace):
      "pods with \(labels.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")) in "
        + (namespace.map { "namespace \($0)" } ?? "any namespace")
    case .identity(let account): "pods of ServiceAccount \(account)"
    }
  }

  /// Whether it asks for `pod`.
  package func selects(_ pod: Pod) -> Bool {
    switch self {
    case .all: true
    case .node(let node): pod.node == node
    case .labelled(let labels, let namespace):
      namespace.map { $0 == pod.metadata.namespace } ?? true && pod.metadata.labels.satisfy(labels)
    case .identity(let account): pod.identity == account
    }
  }
}
