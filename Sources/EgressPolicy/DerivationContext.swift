import ClusterModel
import NetworkValues

/// What every step of the derivation needs to know.
struct DerivationContext: Equatable {
  let configuration: Configuration
  let scopes: WorkspaceScopes
  let inside: PrefixSet

  /// Addresses that are nobody's external address (E5).
  let forbidden: PrefixSet

  /// Every cluster that selectors and references name, sorted.
  let clusterNames: [String]

  /// Whether a `cluster` field means this cluster: absent does, and the only name in use where the configuration gives
  /// none. Where several are in use, none does: which one is meant is not known.
  func isThisCluster(_ name: String?) -> Bool {
    guard let name else { return true }
    return configuration.cluster.name.map { $0 == name } ?? (clusterNames.count <= 1)
  }

  /// Where the name of this cluster is needed and not given.
  var clusterFindings: [Finding] {
    guard configuration.cluster.name == nil, clusterNames.count > 1 else { return [] }
    return [
      Finding(
        .clusterUnclear, path: "cluster.name",
        "the clusters \(clusterNames.joined(separator: ", ")) are named, so none of them is taken for this one",
        advice: "set cluster.name")
    ]
  }

  /// Whether a node may carry gateways (semantics, "gateway node"). An empty selector matches none.
  func isGatewayNode(_ node: Node) -> Bool {
    let wanted = configuration.gatewayNodeSelector.matchLabels
    return !wanted.isEmpty && node.metadata.labels.satisfy(wanted)
  }
}

/// Whether host `pattern` covers host `name`: equal, `*`, or `*.suffix` over any name or narrower wildcard below it.
func covers(_ pattern: String, _ name: String) -> Bool {
  if pattern == "*" || pattern == name { return true }
  guard pattern.hasPrefix("*.") else { return false }
  let suffix = pattern.dropFirst()
  return name.utf8.count > suffix.utf8.count && name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
}

/// Every cluster that an object which allows names, sorted.
func namedClusters(
  _ services: [ExternalService], _ gateways: [VirtualGateway], _ policies: [AccessPolicy]
) -> [String] {
  var names: Set<String> = []
  for service in services {
    for port in service.ports {
      for gateway in port.value?.routes?.gateways ?? [] { if let name = gateway.value?.cluster { names.insert(name) } }
    }
  }
  for gateway in gateways {
    for part in gateway.workloads ?? [] { if let name = part.value?.selector?.cluster { names.insert(name) } }
  }
  for policy in policies {
    for part in policy.destinations { if let name = part.value?.selector.cluster { names.insert(name) } }
    for client in (policy.entries ?? []).flatMap({ $0.value?.clients ?? [] }) {
      if let name = client.value?.serviceAccounts?.cluster { names.insert(name) }
    }
  }
  return names.sorted()
}
