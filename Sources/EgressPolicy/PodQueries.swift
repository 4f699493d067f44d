import ClusterModel

extension EgressModel {
  /// The pods that `flows(on: node)` depends on, addresses that others claim apart: a model of these pods alone gives the
  /// same flows.
  ///
  /// A node's own pods; every pod of an egress gateway, wherever it runs (S2, S3); and where gateway pods run here, the
  /// clients of their doors, whose addresses may come from every other node.
  package func podQueries(on node: NodeName) -> Set<PodQuery> {
    var queries: Set<PodQuery> = [.node(node)]
    for gateway in gateways.gateways { queries.formUnion(gateway.podQueries(snapshot, context)) }
    let own = gateways.podNames(on: node)
    guard !own.isEmpty else { return queries }
    let clients = clients(of: own)
    // With A2 everybody is a client, also those that only their pods make known.
    let areMany = clients.count > identityLimit || configuration.gateways.unpoliced == .allow
    return queries.union(areMany ? [.all] : clients.map { .identity($0) })
  }

  /// Everybody whom a door of these gateway pods may let in, and everybody whom a policy names exactly and who has no
  /// ServiceAccount object: such an identity is known only by its pods (A3).
  private func clients(of pods: Set<String>) -> Set<ServiceAccountName> {
    let doors = doors.filter { door in door.endpoints.contains { pods.contains($0.pod.pod) } }
    return Set(doors.flatMap(\.clients.keys)).union(namedStrangers)
  }

  private var namedStrangers: [ServiceAccountName] {
    let known = Set(
      snapshot.serviceAccounts.map {
        ServiceAccountName(namespace: $0.metadata.namespace, name: $0.metadata.name)
      })
    return snapshot.accessPolicies.flatMap { $0.entries ?? [] }.compactMap(\.value)
      .flatMap { $0.clients ?? [] }.compactMap { $0.value?.serviceAccounts }
      .compactMap { selector in
        guard let name = selector.name, let namespace = selector.namespace, isName(name), isName(namespace) else {
          return nil
        }
        let account = ServiceAccountName(namespace: namespace, name: name)
        return known.contains(account) ? nil : account
      }
  }
}

/// Above this many ServiceAccounts of clients, all pods are asked for: each is a watch of its own.
private let identityLimit = 20

extension EgressGateway {
  /// The pods that `select` looks at, whatever there are: by the gateway's Services, else by the pods' own labels (G1).
  fileprivate func podQueries(_ snapshot: ClusterSnapshot, _ context: DerivationContext) -> Set<PodQuery> {
    Set(
      selectors(context).flatMap { selector -> [PodQuery] in
        let services = snapshot.services.filter { selects(selector, $0, context) }
        guard services.isEmpty else {
          return services.filter { areLabels($0.selector) }
            .map { .labelled($0.selector, namespace: $0.metadata.namespace) }
        }
        guard selector.name == nil, areLabels(selector.labels), selector.namespace.map(isName) ?? true else {
          return []
        }
        return [.labelled(selector.labels, namespace: selector.namespace)]
      })
  }
}

/// Whether there are labels, and pods may have them: others select nothing, and a server would refuse to look for them.
///
/// See: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels
private func areLabels(_ labels: [String: String]) -> Bool {
  !labels.isEmpty
    && labels.allSatisfy { key, value in
      let parts = key.split(separator: "/", omittingEmptySubsequences: false)
      guard let name = parts.last, parts.count <= 2, isWord(name, limit: 63) else { return false }
      return (parts.count == 1 || isName(String(parts[0]))) && (value.isEmpty || isWord(value[...], limit: 63))
    }
}

/// Letters, digits, `-`, `_` and `.`, of which letters and digits stand at the ends.
private func isWord(_ text: Substring, limit: Int) -> Bool {
  let isPlain = { (byte: UInt8) in
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
  guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= limit else { return false }
  return isPlain(first) && isPlain(last) && text.utf8.allSatisfy { isPlain($0) || $0 == 45 || $0 == 46 || $0 == 95 }
}

/// Whether namespaces and ServiceAccounts can be called so.
private func isName(_ text: String) -> Bool {
  isWord(text[...], limit: 253) && text.utf8.allSatisfy { !(65...90).contains($0) && $0 != 95 }
}
