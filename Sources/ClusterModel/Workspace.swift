/// Gloo `admin.gloo.solo.io/v2 Workspace`: a team's clusters and namespaces.
package struct Workspace: Hashable, Sendable {
  /// Name, namespace and labels.
  package var metadata: Metadata

  /// What the management plane says of it (S12).
  package var approval: Approval

  /// The clusters and namespaces that it is made of.
  package var clusters: [Part<WorkloadCluster>]

  /// What else of it was not understood (S11).
  package var misunderstandings: [Misunderstanding]

  package init(
    metadata: Metadata, approval: Approval = .absent, clusters: [Part<WorkloadCluster>],
    misunderstandings: [Misunderstanding] = []
  ) {
    self.metadata = metadata
    self.approval = approval
    self.clusters = clusters
    self.misunderstandings = misunderstandings
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(kind: "Workspace", namespace: metadata.namespace, name: metadata.name)
  }
}

/// One of `workloadClusters[]`.
package struct WorkloadCluster: Hashable, Sendable {
  /// A name with `*` patterns; absent where `labels` select.
  package var name: String?

  /// Labels of KubernetesCluster objects, which moat does not read: such an entry selects nothing.
  package var labels: [String: String]

  /// The namespaces there, by name or glob.
  package var namespaces: [WorkloadNamespace]

  package init(name: String?, labels: [String: String] = [:], namespaces: [WorkloadNamespace]) {
    self.name = name
    self.labels = labels
    self.namespaces = namespaces
  }
}

/// One of `namespaces[]`: name pattern and labels are AND'ed.
package struct WorkloadNamespace: Hashable, Sendable {
  /// A name with `*` patterns; absent means any that the labels match.
  package var name: String?

  /// Empty is ignored; with neither name nor labels the entry selects nothing.
  package var labels: [String: String]

  /// Whether Gloo objects in these namespaces are read. The cluster's own value is folded in.
  package var configEnabled: Bool

  package init(name: String?, labels: [String: String] = [:], configEnabled: Bool = true) {
    self.name = name
    self.labels = labels
    self.configEnabled = configEnabled
  }
}

/// Gloo `WorkspaceSettings`: what a workspace shares. Something is shared only if exported and imported.
package struct WorkspaceSettings: Hashable, Sendable {
  /// Name, namespace and labels.
  package var metadata: Metadata

  /// What the management plane says of it (S12).
  package var approval: Approval

  /// What is taken in from other workspaces.
  package var importFrom: [Part<WorkspaceShare>]

  /// What is given to other workspaces.
  package var exportTo: [Part<WorkspaceShare>]

  /// `options.serviceIsolation.enabled`: proxies refuse what no policy selects. It decides nothing on the node.
  package var isolatesServices = false

  /// What else of it was not understood (S11).
  package var misunderstandings: [Misunderstanding]

  package init(
    metadata: Metadata, approval: Approval = .absent, importFrom: [Part<WorkspaceShare>],
    exportTo: [Part<WorkspaceShare>], misunderstandings: [Misunderstanding] = []
  ) {
    self.metadata = metadata
    self.approval = approval
    self.importFrom = importFrom
    self.exportTo = exportTo
    self.misunderstandings = misunderstandings
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(kind: "WorkspaceSettings", namespace: metadata.namespace, name: metadata.name)
  }
}

/// One of `importFrom[]` or `exportTo[]`.
package struct WorkspaceShare: Hashable, Sendable {
  /// Which workspaces it is shared with.
  package var workspaces: [WorkspaceSelector]

  /// Empty: every resource.
  package var resources: [ResourceSelector]

  package init(workspaces: [WorkspaceSelector], resources: [ResourceSelector]) {
    self.workspaces = workspaces
    self.resources = resources
  }
}

/// Picks workspaces by name pattern and labels, AND'ed.
package struct WorkspaceSelector: Hashable, Sendable {
  /// Its name; absent means any.
  package var name: String?

  /// Its labels; empty means any.
  package var labels: [String: String]

  package init(name: String?, labels: [String: String] = [:]) {
    self.name = name
    self.labels = labels
  }
}

/// Picks shared resources: kind, and every other field that is given.
package struct ResourceSelector: Hashable, Sendable {
  /// `ALL`, `SERVICE`, `EXTERNAL_SERVICE` or another of Gloo's words, in capitals.
  package var kind: String

  /// Labels of the shared objects; empty means any.
  package var labels: [String: String]

  /// Their name; absent means any.
  package var name: String?

  /// Their namespace; absent means any.
  package var namespace: String?

  /// Their cluster; absent means any.
  package var cluster: String?

  package init(
    kind: String = "ALL", labels: [String: String] = [:], name: String? = nil, namespace: String? = nil,
    cluster: String? = nil
  ) {
    self.kind = kind
    self.labels = labels
    self.name = name
    self.namespace = namespace
    self.cluster = cluster
  }
}
