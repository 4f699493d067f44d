/// Gloo's ObjectSelector: every field that is given must match; an omitted field means any.
///
/// See: Gloo Mesh API reference, security.policy.gloo.solo.io/v2
package struct ObjectSelector: Hashable, Sendable {
  /// Equal labels; empty means any.
  package var labels: [String: String]

  /// The object's name; absent means any.
  package var name: String?

  /// Its namespace; absent means any.
  package var namespace: String?

  /// Its cluster; absent means any.
  package var cluster: String?

  /// Its workspace; absent means any.
  package var workspace: String?

  package init(
    labels: [String: String] = [:], name: String? = nil, namespace: String? = nil, cluster: String? = nil,
    workspace: String? = nil
  ) {
    self.labels = labels
    self.name = name
    self.namespace = namespace
    self.cluster = cluster
    self.workspace = workspace
  }

  /// Whether no field is given.
  package var isEmpty: Bool {
    labels.isEmpty && name == nil && namespace == nil && cluster == nil && workspace == nil
  }
}

extension [String: String] {
  /// Whether these labels have every pair of `wanted`. Empty `wanted` is satisfied by anything.
  package func satisfy(_ wanted: [String: String]) -> Bool { wanted.allSatisfy { self[$0.key] == $0.value } }
}

/// Kubernetes' LabelSelector with `matchLabels` only, as moat's configuration has it.
package struct LabelSelector: Hashable, Sendable {
  /// Equal labels. Empty matches nothing here: a configuration must say whom it means.
  package var matchLabels: [String: String]

  package init(matchLabels: [String: String]) { self.matchLabels = matchLabels }
}
