import ClusterModel
import NetworkValues

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

  /// The resolvers that gateway pods may be told names by: those of the configuration, the cluster's DNS Service, and what
  /// is served on the node. Sorted.
  var believedResolvers: [IPAddress] {
    let services = snapshot.services.filter { service in
      service.metadata.namespace == "kube-system"
        && (service.metadata.name == "kube-dns" || service.metadata.labels["k8s-app"] == "kube-dns")
    }
    let configured = configuration.names.resolvers + configuration.cluster.localAddresses
    return (configured + services.flatMap(\.clusterIPs)).sortedUnique()
  }

  /// Who is asked for names: `names.resolvers`, else the host's own, in their order.
  package var ownResolvers: [IPAddress] {
    configuration.names.resolvers.isEmpty ? snapshot.hostResolvers : configuration.names.resolvers
  }

  /// How names become addresses.
  var names: NameAnswers { NameAnswers(configuration.names, snapshot.resolvedNames) }
}
