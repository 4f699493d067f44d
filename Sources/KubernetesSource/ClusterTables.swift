import ClusterModel

/// Everything that queries have told, and the snapshot that it makes.
struct ClusterTables {
  private let tables: [ManifestKind: any KindTabling] = [
    .pod: KindTable(\.pods), .node: KindTable(\.nodes), .service: KindTable(\.services),
    .namespace: KindTable(\.namespaces), .serviceAccount: KindTable(\.serviceAccounts),
    .serviceCIDR: KindTable(\.serviceCIDRs), .endpoints: EndpointTable(),
    .externalService: KindTable(\.externalServices), .externalEndpoint: KindTable(\.externalEndpoints),
    .virtualGateway: KindTable(\.virtualGateways), .accessPolicy: KindTable(\.accessPolicies),
    .workspace: KindTable(\.workspaces), .workspaceSettings: KindTable(\.workspaceSettings),
  ]
  private var changed: Set<ManifestKind> = []
  private var problems: [ManifestKind: [ObjectProblem]] = [:]
  private var current = ClusterSnapshot()

  /// How many objects there are.
  var count: Int { tables.values.reduce(0) { $0 + $1.count } }

  /// How many objects of a kind there are.
  func count(of kind: ManifestKind) -> Int { table(kind)?.count ?? 0 }

  /// Changes what is known of a kind.
  mutating func update(_ kind: ManifestKind, _ body: (any KindTabling) -> Void) {
    guard let table = table(kind) else { return }
    body(table)
    changed.insert(kind)
  }

  /// What is known now. The arrays of kinds that did not change are those of the snapshot before.
  mutating func snapshot() -> ClusterSnapshot {
    for kind in changed {
      guard let table = table(kind) else { continue }
      table.write(into: &current)
      if table.hasUnread {
        current.unreadKinds.insert(kind.rawValue)
      } else {
        current.unreadKinds.remove(kind.rawValue)
      }
      let faults = table.problems
      guard faults != problems[kind] ?? [] else { continue }
      problems[kind] = faults
      current.problems = problems.values.flatMap { $0 }
    }
    changed = []
    return current
  }

  /// Endpoints and EndpointSlices tell the same.
  private func table(_ kind: ManifestKind) -> (any KindTabling)? {
    tables[kind == .endpointSlice ? .endpoints : kind]
  }
}
