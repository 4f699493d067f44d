extension Workspace {
  /// Reads a Workspace, strictly (S11). Without `workloadClusters` it holds no cluster.
  ///
  /// See: Gloo Mesh API reference, admin.gloo.solo.io/v2
  init(_ manifest: Manifest) {
    var faults = FaultList()
    let spec = faults.spec(of: manifest, fields: ["workloadClusters"])
    self.init(metadata: manifest.metadata, approval: Approval(of: manifest), clusters: [])
    faults.setParts(&clusters, from: spec["workloadClusters"], ManifestReader.workloadCluster)
    misunderstandings = faults.misunderstandings
  }
}

extension ManifestReader {
  /// One of `spec.workloadClusters`.
  fileprivate func workloadCluster() throws(ManifestFault) -> WorkloadCluster {
    let fields = try object(of: ["name", "selector", "namespaces", "configEnabled"])
    let isEnabled = try fields["configEnabled"]?.boolean() ?? true
    let namespaces = try fields["namespaces"]?.elements() ?? []
    let areSet = namespaces.filter { $0.value["configEnabled"] != nil }.count
    if areSet != 0, areSet != namespaces.count {
      throw fault("sets configEnabled on some namespaces and not on others; set it on all")
    }
    var read: [WorkloadNamespace] = []
    for namespace in namespaces { read.append(try namespace.workloadNamespace(isEnabled: isEnabled)) }
    return WorkloadCluster(
      name: try fields["name"]?.text(), labels: try fields["selector"]?.labels() ?? [:], namespaces: read)
  }

  /// One of `namespaces`, in a cluster whose configuration is read or not.
  private func workloadNamespace(isEnabled: Bool) throws(ManifestFault) -> WorkloadNamespace {
    let fields = try object(of: ["name", "labels", "configEnabled"])
    let own = try fields["configEnabled"]?.boolean() ?? true
    return WorkloadNamespace(
      name: try fields["name"]?.text(), labels: try fields["labels"]?.labels() ?? [:],
      configEnabled: isEnabled && own)
  }
}
