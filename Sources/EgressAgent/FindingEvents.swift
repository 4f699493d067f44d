import ClusterModel
import EgressPolicy
import KubernetesSource

/// The Events that this node tells of its findings: errors, then warnings, on the objects that cause them.
///
/// Every node finds nearly the same. What is about a pod or a Node is told by its own node; of the rest each finding has
/// three nodes that tell it, chosen by its text, so that one that does not run is made up for. The Event's name is the
/// same whoever is first.
///
/// - Parameter time: RFC 3339, in whole seconds.
func events(of findings: [Finding], in snapshot: ClusterSnapshot, on node: NodeName, at time: String) -> [ClusterEvent]
{
  let severe = [Severity.error, .warning].flatMap { severity in findings.filter { $0.code.severity == severity } }
  let told = severe.filter { snapshot.isTold($0, by: node) }.prefix(eventLimit)
  let uids = snapshot.uids(of: Set(told.compactMap(\.object)))
  return told.compactMap { finding in
    guard let object = finding.object else { return nil }
    let place = finding.path.isEmpty ? "" : "\(finding.path): "
    let advice = finding.advice.prefix(1).uppercased() + finding.advice.dropFirst()
    return ClusterEvent(
      object: object, uid: uids[object], reason: finding.code.word,
      message: shown("\(place)\(finding.message). \(advice). (\(finding.code.rawValue))", limit: .max), node: node,
      time: time)
  }
}

/// How many findings a node tells of at a time.
let eventLimit = 50

extension FindingCode {
  /// `NotExposed`, as Events name their reason.
  fileprivate var word: String {
    let name = "\(self)"
    return name.prefix(1).uppercased() + name.dropFirst()
  }
}

extension ClusterSnapshot {
  /// Whether it is this node that tells of the finding.
  fileprivate func isTold(_ finding: Finding, by node: NodeName) -> Bool {
    guard let object = finding.object, let kind = ManifestKind(rawValue: object.kind) else { return false }
    switch kind {
    case .node: return object.name == node.rawValue
    case .pod:
      return pods.contains {
        $0.node == node && $0.metadata.name == object.name && $0.metadata.namespace == object.namespace
      }
    case .service, .namespace, .serviceAccount, .serviceCIDR, .endpoints, .endpointSlice, .externalService,
      .externalEndpoint, .virtualGateway, .accessPolicy, .workspace, .workspaceSettings:
      let own = rank(of: finding, on: node)
      return nodes.lazy.filter { rank(of: finding, on: $0.name) < own }.prefix(3).count < 3
    }
  }

  private func rank(of finding: Finding, on node: NodeName) -> UInt64 {
    stableHash("\(node) \(finding.code.rawValue) \(finding.object.map { "\($0)" } ?? "")")
  }

  /// The UIDs of some objects, where they are known.
  func uids(of objects: Set<ObjectReference>) -> [ObjectReference: String] {
    var found: [ObjectReference: String] = [:]
    let note = { (kind: ManifestKind, metadata: Metadata) in
      let namespace = kind.isClusterScoped ? nil : metadata.namespace
      let reference = ObjectReference(kind: kind.rawValue, namespace: namespace, name: metadata.name)
      if objects.contains(reference) { found[reference] = metadata.uid }
    }
    for object in pods { note(.pod, object.metadata) }
    for object in nodes { note(.node, object.metadata) }
    for object in services { note(.service, object.metadata) }
    for object in namespaces { note(.namespace, object.metadata) }
    for object in serviceAccounts { note(.serviceAccount, object.metadata) }
    for object in externalServices { note(.externalService, object.metadata) }
    for object in externalEndpoints { note(.externalEndpoint, object.metadata) }
    for object in virtualGateways { note(.virtualGateway, object.metadata) }
    for object in accessPolicies { note(.accessPolicy, object.metadata) }
    for object in workspaces { note(.workspace, object.metadata) }
    for object in workspaceSettings { note(.workspaceSettings, object.metadata) }
    return found
  }
}
