import ClusterModel

extension EgressModel {
  /// Names that DNS has to be asked for so that `node` can enforce: those of the configuration, and those behind the
  /// gateways whose pods run there.
  package func neededNames(on node: NodeName) -> Set<String> {
    let local = Set(
      gateways.gateways.indices.filter { place in
        gateways.gateways[place].pods.contains { $0.isFit && $0.pod.pod.node == node }
      })
    let exposed = destinations.all.filter { $0.exposures.contains { local.contains($0.gateway) } }
    let configured = configuration.exceptions.flatMap(\.to) + configuration.host.allow.flatMap(\.to)
    return Set(exposed.flatMap(\.askedNames)).union(
      configured.compactMap { destination in
        if case .host(let host) = destination, names.asks(for: host) { host } else { nil }
      })
  }

  /// How names become addresses.
  var names: NameAnswers { NameAnswers(configuration.names, snapshot.resolvedNames) }
}
