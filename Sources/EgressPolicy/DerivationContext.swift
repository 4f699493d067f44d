import ClusterModel
import NetworkValues

/// What every step of the derivation needs to know.
struct DerivationContext {
  let configuration: Configuration
  let scopes: WorkspaceScopes
  let ownership: AddressOwnership
  let inside: PrefixSet

  /// Addresses that are nobody's external address (E5).
  let forbidden: PrefixSet

  init(_ snapshot: ClusterSnapshot, _ configuration: Configuration, _ networks: InsideNetworks) {
    self.configuration = configuration
    inside = networks.all
    scopes = WorkspaceScopes(snapshot, clusterName: configuration.cluster.name)
    ownership = AddressOwnership(snapshot, inside: networks.all)
    forbidden = withEmbeddedForms(specialNetworks.union(networks.all))
  }

  /// Whether a `cluster` field means this cluster: absent does, and any name where the cluster has none of its own.
  func isThisCluster(_ name: String?) -> Bool {
    guard let name, let own = configuration.cluster.name else { return true }
    return name == own
  }

  /// Whether a node may carry gateways (semantics, "gateway node"). An empty selector matches none.
  func isGatewayNode(_ node: Node) -> Bool {
    let wanted = configuration.gatewayNodeSelector.matchLabels
    return !wanted.isEmpty && node.metadata.labels.satisfy(wanted)
  }

  /// The addresses of a host name, from `names.hosts`; empty where it has none.
  func addresses(of host: String) -> [IPAddress] { configuration.names.hosts[host] ?? [] }

  /// Names with fixed answers that a wildcard host covers, sorted; none with `names.wildcards: deny`.
  func names(matching wildcard: String) -> [String] {
    guard configuration.names.wildcards == .observe else { return [] }
    return configuration.names.hosts.keys.filter { covers(wildcard, $0) && $0 != wildcard }.sorted()
  }
}

/// Whether host `pattern` covers host `name`: equal, `*`, or `*.suffix` over any name or narrower wildcard below it.
func covers(_ pattern: String, _ name: String) -> Bool {
  if pattern == "*" || pattern == name { return true }
  guard pattern.hasPrefix("*.") else { return false }
  let suffix = pattern.dropFirst()
  return name.utf8.count > suffix.utf8.count && name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
}
