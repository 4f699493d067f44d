import ClusterModel

/// Which workspace a namespace belongs to, and what workspaces share (A3).
///
/// Without Workspace objects everything is in scope of everything.
struct WorkspaceScopes: Equatable {
  /// `nil`: there are no workspaces.
  private var workspaceOfNamespace: [String: Membership]?
  private var workspaces: [String: Workspace] = [:]
  private var settings: [String: WorkspaceSettings] = [:]
  var findings: [Finding] = []

  private struct Membership: Equatable {
    var workspace: String
    var configEnabled: Bool
  }

  private let clusterName: String?

  /// - Parameter namespaces: the labels of every namespace; `nil` where there are no workspaces.
  init(
    _ all: [Workspace], _ settings: [WorkspaceSettings], namespaces: [String: [String: String]]?, clusterName: String?
  ) {
    self.clusterName = clusterName
    for one in settings {
      findings += faults(of: one.reference, one.approval, one.misunderstandings)
      for part in one.importFrom + one.exportTo { findings += part.findings(one.reference) }
    }
    guard let namespaces else { return }
    let labels = namespaces.sorted { $0.key < $1.key }
    var claims: [String: [Membership]] = [:]
    let names = Dictionary(grouping: all, by: \.metadata.name)
    for workspace in all.sorted(by: { $0.reference < $1.reference }) {
      let name = workspace.metadata.name
      guard names[name]?.count == 1 else {
        findings.append(nameTaken(workspace))
        continue
      }
      workspaces[name] = workspace
      findings += faults(of: workspace.reference, workspace.approval, workspace.misunderstandings)
      guard workspace.approval.isInForce, workspace.misunderstandings.isEmpty else { continue }
      for (index, part) in workspace.clusters.enumerated() {
        guard let cluster = part.value else {
          findings += part.findings(workspace.reference)
          continue
        }
        if cluster.namespaces.isEmpty { findings.append(noNamespaces(workspace, index)) }
        guard cluster.selects(clusterName) else { continue }
        for (namespace, labels) in labels {
          if let entry = cluster.namespaces.first(where: { $0.selects(namespace, labels) }),
            claims[namespace]?.contains(where: { $0.workspace == name }) != true
          {
            claims[namespace, default: []].append(Membership(workspace: name, configEnabled: entry.configEnabled))
          }
        }
      }
    }
    for (namespace, claim) in claims.sorted(by: { $0.key < $1.key }) where claim.count > 1 {
      findings.append(claimedBySeveral(namespace, claim.map(\.workspace)))
    }
    workspaceOfNamespace = claims.compactMapValues { $0.count == 1 ? $0.first : nil }
    readSettings(settings)
  }

  /// One WorkspaceSettings per workspace, from any of its namespaces; two of them share nothing.
  private mutating func readSettings(_ all: [WorkspaceSettings]) {
    var found: [String: [WorkspaceSettings]] = [:]
    for one in all {
      guard one.approval.isInForce, one.misunderstandings.isEmpty,
        let workspace = workspace(of: one.metadata.namespace)
      else { continue }
      found[workspace, default: []].append(one)
    }
    for (workspace, candidates) in found.sorted(by: { $0.key < $1.key }) {
      if candidates.count == 1 {
        settings[workspace] = candidates[0]
      } else {
        findings.append(severalSettings(workspace, candidates))
      }
    }
  }

  /// Whether there are workspaces at all.
  var exist: Bool { workspaceOfNamespace != nil }

  /// The workspace of a namespace; `nil` also where there are no workspaces.
  func workspace(of namespace: String) -> String? { workspaceOfNamespace?[namespace]?.workspace }

  /// Whether Gloo objects in `namespace` are read: always without workspaces, else where its workspace has them enabled.
  func readsConfiguration(in namespace: String) -> Bool {
    workspaceOfNamespace.map { $0[namespace]?.configEnabled == true } ?? true
  }

  /// Whether an ExternalService is the workspace's own or shared with it, seen from an object in `namespace`.
  func sees(_ service: ExternalService, from namespace: String) -> Bool {
    guard exist else { return true }
    guard let viewer = workspace(of: namespace), let owner = workspace(of: service.metadata.namespace) else {
      return false
    }
    if viewer == owner { return true }
    let wanted = { (resource: ResourceSelector) in
      (resource.kind == "ALL" || resource.kind == "EXTERNAL_SERVICE")
        && service.metadata.labels.satisfy(resource.labels)
        && resource.name.map { $0 == service.metadata.name } ?? true
        && resource.namespace.map { $0 == service.metadata.namespace } ?? true && isThisCluster(resource)
    }
    return shares(settings[owner]?.exportTo, with: viewer, wanted)
      && shares(settings[viewer]?.importFrom, with: owner, wanted)
  }

  /// Whether identities of `client` are in scope of an object in `namespace`: of its own workspace, or of one from which
  /// something in that namespace is imported.
  func seesIdentities(of client: String, from namespace: String) -> Bool {
    guard exist else { return true }
    guard let viewer = workspace(of: namespace), let owner = workspace(of: client) else { return false }
    if viewer == owner { return true }
    let wanted = { (resource: ResourceSelector) in
      ["ALL", "SERVICE", "EXTERNAL_SERVICE"].contains(resource.kind) && resource.name == nil
        && resource.namespace.map { $0 == client } ?? true && isThisCluster(resource)
    }
    return shares(settings[owner]?.exportTo, with: viewer, wanted)
      && shares(settings[viewer]?.importFrom, with: owner, wanted)
  }

  /// Whether two namespaces are of one workspace; always without workspaces.
  func isShared(_ one: String, with other: String) -> Bool {
    !exist || (workspace(of: one) != nil && workspace(of: one) == workspace(of: other))
  }

  private func isThisCluster(_ resource: ResourceSelector) -> Bool {
    guard let cluster = resource.cluster, let clusterName else { return true }
    return cluster == clusterName
  }

  /// Whether some share is meant for `workspace` and has a wanted resource. A share without resources is of all.
  private func shares(
    _ parts: [Part<WorkspaceShare>]?, with workspace: String, _ wanted: (ResourceSelector) -> Bool
  ) -> Bool {
    let shared = workspaces[workspace]?.metadata.labels ?? [:]
    return (parts ?? []).compactMap(\.value).contains { share in
      share.workspaces.contains { $0.selects(workspace, shared) }
        && (share.resources.isEmpty || share.resources.contains(where: wanted))
    }
  }
}

/// Labels of every namespace that an object of the snapshot lives in; `nil` where there are no workspaces to ask for them.
func namespaceLabels(_ snapshot: ClusterSnapshot) -> [String: [String: String]]? {
  guard !snapshot.workspaces.isEmpty || snapshot.unreadKinds.contains("Workspace") else { return nil }
  var labels: [String: [String: String]] = [:]
  for pod in snapshot.pods { labels[pod.metadata.namespace] = [:] }
  for account in snapshot.serviceAccounts { labels[account.metadata.namespace] = [:] }
  for service in snapshot.services { labels[service.metadata.namespace] = [:] }
  for service in snapshot.externalServices { labels[service.metadata.namespace] = [:] }
  for gateway in snapshot.virtualGateways { labels[gateway.metadata.namespace] = [:] }
  for policy in snapshot.accessPolicies { labels[policy.metadata.namespace] = [:] }
  for one in snapshot.workspaceSettings { labels[one.metadata.namespace] = [:] }
  for namespace in snapshot.namespaces { labels[namespace.metadata.name] = namespace.metadata.labels }
  return labels
}

extension WorkloadCluster {
  /// Whether this cluster is meant. Labels of KubernetesCluster objects are not read, so they select nothing.
  fileprivate func selects(_ clusterName: String?) -> Bool {
    guard labels.isEmpty, let name else { return false }
    return clusterName.map { matches($0, pattern: name) } ?? true
  }
}

extension WorkloadNamespace {
  fileprivate func selects(_ namespace: String, _ namespaceLabels: [String: String]) -> Bool {
    guard name != nil || !labels.isEmpty else { return false }
    return name.map { matches(namespace, pattern: $0) } ?? true && namespaceLabels.satisfy(labels)
  }
}

extension WorkspaceSelector {
  fileprivate func selects(_ workspace: String, _ workspaceLabels: [String: String]) -> Bool {
    guard name != nil || !labels.isEmpty else { return false }
    return name.map { matches(workspace, pattern: $0) } ?? true && workspaceLabels.satisfy(labels)
  }
}

/// Whether `name` fits a pattern in which `*` stands for any run of characters.
func matches(_ name: String, pattern: String) -> Bool {
  guard pattern.contains("*") else { return name == pattern }
  var pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)[...]
  var rest = Substring(name)
  guard let head = pieces.popFirst(), let tail = pieces.popLast(), rest.hasPrefix(head) else { return false }
  rest = rest.dropFirst(head.count)
  for piece in pieces where !piece.isEmpty {
    guard let found = firstRange(of: piece, in: rest) else { return false }
    rest = rest[found.upperBound...]
  }
  return rest.count >= tail.count && rest.hasSuffix(tail)
}

private func firstRange(of piece: Substring, in text: Substring) -> Range<Substring.Index>? {
  var start = text.startIndex
  while start < text.endIndex {
    if text[start...].hasPrefix(piece) { return start..<text.index(start, offsetBy: piece.count) }
    start = text.index(after: start)
  }
  return nil
}

private func noNamespaces(_ workspace: Workspace, _ index: Int) -> Finding {
  Finding(
    .workspaceUnclear, workspace.reference, path: "spec.workloadClusters[\(index)].namespaces",
    "no namespaces are listed, so the workspace has none in this cluster",
    advice: "list namespaces, or write name: '*' for all")
}

private func nameTaken(_ workspace: Workspace) -> Finding {
  Finding(
    .workspaceUnclear, workspace.reference, path: "metadata.name",
    "another Workspace has the same name, so neither has any namespace", advice: "give every Workspace its own name")
}

private func claimedBySeveral(_ namespace: String, _ workspaces: [String]) -> Finding {
  Finding(
    .workspaceUnclear, ObjectReference(kind: "Namespace", namespace: nil, name: namespace),
    "is claimed by the workspaces \(workspaces.joined(separator: ", ")), and so belongs to none",
    advice: "let one Workspace alone select the namespace")
}

private func severalSettings(_ workspace: String, _ candidates: [WorkspaceSettings]) -> Finding {
  let names = candidates.map { "\($0.metadata.namespace)/\($0.metadata.name)" }.sorted()
  return Finding(
    .workspaceUnclear, candidates.map(\.reference).min(),
    "workspace \(workspace) has several WorkspaceSettings (\(names.joined(separator: ", "))), so it shares nothing",
    advice: "keep one WorkspaceSettings in each workspace")
}
