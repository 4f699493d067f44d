import ClusterModel

/// Every ServiceAccount that exists as an object or runs a pod.
struct Identities: Equatable {
  /// One identity.
  struct Identity: Equatable {
    var name: ServiceAccountName

    /// `nil` where there is no ServiceAccount object: then only an exact name and namespace select it (A3).
    var labels: [String: String]?
  }

  /// Sorted by name.
  let all: [Identity]
  private var byName: [ServiceAccountName: Int] = [:]
  private var byNamespace: [String: [Int]] = [:]
  private var byLabel: [Label: [Int]] = [:]

  /// - Parameter running: those that run a pod.
  init(_ accounts: [NamedObject], running: Set<ServiceAccountName>) {
    var known: [ServiceAccountName: Identity] = [:]
    for account in accounts {
      let name = ServiceAccountName(namespace: account.metadata.namespace, name: account.metadata.name)
      known[name] = Identity(name: name, labels: account.metadata.labels)
    }
    for name in running where known[name] == nil && !name.name.isEmpty {
      known[name] = Identity(name: name, labels: nil)
    }
    all = known.values.sorted { $0.name < $1.name }
    for (index, identity) in all.enumerated() {
      byName[identity.name] = index
      byNamespace[identity.name.namespace, default: []].append(index)
      for (key, value) in identity.labels ?? [:] { byLabel[Label(key: key, value: value), default: []].append(index) }
    }
  }

  /// The names that `selector` selects, seen from an object in `namespace`. Sorted.
  func selected(
    by selector: ObjectSelector, from namespace: String, _ scopes: WorkspaceScopes
  ) -> [ServiceAccountName] {
    candidates(selector).filter { index in
      let identity = all[index]
      guard identity.labels != nil || (selector.name != nil && selector.namespace != nil && selector.labels.isEmpty)
      else { return false }
      return selector.name.map { $0 == identity.name.name } ?? true
        && selector.namespace.map { $0 == identity.name.namespace } ?? true
        && (identity.labels ?? [:]).satisfy(selector.labels)
        && selector.workspace.map { $0 == scopes.workspace(of: identity.name.namespace) } ?? true
        && scopes.seesIdentities(of: identity.name.namespace, from: namespace)
    }.map { all[$0].name }
  }

  /// Indices of identities whose namespace and labels the selector selects; it may have more to ask for. Ascending.
  private func candidates(_ selector: ObjectSelector) -> [Int] {
    if let name = selector.name, let namespace = selector.namespace {
      return byName[ServiceAccountName(namespace: namespace, name: name)].map { [$0] } ?? []
    }
    var lists = selector.labels.map { byLabel[Label(key: $0.key, value: $0.value)] ?? [] }
    if let namespace = selector.namespace { lists.append(byNamespace[namespace] ?? []) }
    return common(lists, of: all.indices)
  }
}
