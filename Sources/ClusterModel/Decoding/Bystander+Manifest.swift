extension Bystander {
  /// Reads an object for `moat check`; `nil` for kinds and versions that it does not look into.
  ///
  /// Total: what is not understood is kept as such, and no part of it makes the document an error, since nothing that is
  /// enforced depends on it.
  init?(_ manifest: Manifest) {
    guard let kind = BystanderKind(rawValue: manifest.kind),
      kind.isLookedInto(group: manifest.group, version: manifest.version)
    else { return nil }
    let namespace = manifest.metadata.namespace
    var faults = FaultList()
    let content: Content =
      switch kind {
      case .serviceEntry: .serviceEntry(ServiceEntry(manifest, noting: &faults))
      case .virtualService: .virtualService(VirtualService(manifest, noting: &faults))
      case .gateway: .gateway(IstioGateway(manifest, noting: &faults))
      case .destinationRule: .destinationRule(DestinationRule(manifest, noting: &faults))
      case .sidecar: .sidecar(Sidecar(manifest, noting: &faults))
      case .networkPolicy: .networkPolicy(NetworkPolicy(manifest, noting: &faults))
      case .deployment, .daemonSet, .statefulSet: .workload(Workload(manifest, noting: &faults))
      }
    self.init(
      reference: ObjectReference(
        kind: manifest.kind, namespace: namespace.isEmpty ? "default" : namespace, name: manifest.metadata.name),
      content: content, misunderstandings: faults.misunderstandings)
  }
}

extension Workload {
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let template = faults.section(faults.section(manifest.root[present: "spec"])[present: "template"])
    let metadata = faults.section(template[present: "metadata"])
    self.init(podLabels: faults.read(metadata[present: "labels"], ManifestReader.labels) ?? [:])
  }
}

extension FaultList {
  /// Host names of a list with their places; those that are wrong are left out.
  mutating func hosts(_ reader: ManifestReader?) -> [PlacedText] { each(reader, ManifestReader.placedHost) }
}

extension ManifestReader {
  /// A host name as proxies compare it: in lower case, without a final dot. Addresses and wildcards are let pass.
  func placedHost() throws(ManifestFault) -> PlacedText {
    var name = try text().lowercased()
    if name.hasSuffix(".") { name.removeLast() }
    return PlacedText(text: name, path: path.description)
  }
}
