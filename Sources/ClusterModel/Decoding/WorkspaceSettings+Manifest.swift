extension WorkspaceSettings {
  /// Reads WorkspaceSettings, strictly (S11). `options` decide nothing on the node; service isolation is read to be told.
  ///
  /// See: Gloo Mesh API reference, admin.gloo.solo.io/v2
  init(_ manifest: Manifest) {
    var faults = FaultList()
    let spec = faults.spec(of: manifest, fields: ["importFrom", "exportTo", "options"])
    self.init(metadata: manifest.metadata, approval: Approval(of: manifest), importFrom: [], exportTo: [])
    faults.setParts(&importFrom, from: spec["importFrom"], ManifestReader.workspaceShare)
    faults.setParts(&exportTo, from: spec["exportTo"], ManifestReader.workspaceShare)
    let isolation = faults.section(faults.section(spec["options"])[present: "serviceIsolation"])
    isolatesServices = faults.read(isolation[present: "enabled"], ManifestReader.boolean) ?? false
    misunderstandings = faults.misunderstandings
  }
}

/// Kinds of resources in the order of their numbers.
///
/// See: solo-apis, admin/v2/workspace_settings.proto
private let resourceKinds = [
  "ALL", "ROUTE_TABLE", "SERVICE", "VIRTUAL_DESTINATION", "EXTERNAL_SERVICE", "API_DOC", "GRAPHQL_RESOLVER_MAP",
  "GRAPHQL_SCHEMA", "GRAPHQL_STITCHED_SCHEMA", "EXTERNAL_WORKLOAD",
]

extension ManifestReader {
  /// One of `importFrom` or `exportTo`.
  fileprivate func workspaceShare() throws(ManifestFault) -> WorkspaceShare {
    let fields = try object(of: ["workspaces", "resources"])
    return WorkspaceShare(
      workspaces: try fields["workspaces"]?.list(ManifestReader.workspaceSelector) ?? [],
      resources: try fields["resources"]?.list(ManifestReader.resourceSelector) ?? [])
  }

  private func workspaceSelector() throws(ManifestFault) -> WorkspaceSelector {
    let fields = try object(of: ["name", "selector"])
    return WorkspaceSelector(name: try fields["name"]?.text(), labels: try fields["selector"]?.labels() ?? [:])
  }

  private func resourceSelector() throws(ManifestFault) -> ResourceSelector {
    let fields = try object(of: ["kind", "labels", "name", "namespace", "cluster"])
    return ResourceSelector(
      kind: try fields["kind"]?.word(of: resourceKinds) ?? "ALL", labels: try fields["labels"]?.labels() ?? [:],
      name: try fields["name"]?.text(), namespace: try fields["namespace"]?.text(),
      cluster: try fields["cluster"]?.text())
  }
}
