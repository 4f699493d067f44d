import ClusterModel
import NetworkValues

/// What a node enforces while nothing is known of its cluster's pods (S10): they are granted nothing, and the host gets
/// what `configuration` says of itself: `cluster.networks`, `cluster.nodeNetworks`, the CIDR entries of `host.allow`,
/// presets, and the API servers, so that a node can join its cluster and pull images.
///
/// - Parameters:
///   - resolvers: the host's name servers, for `host.presets: [dns]`.
///   - apiServers: the last known ones; `cluster.apiServer` replaces them where it is set.
package func lockFlows(
  under configuration: Configuration, on node: NodeName, resolvers: [IPAddress] = [],
  apiServers: [APIServerEndpoint] = []
) -> EgressFlows {
  var snapshot = ClusterSnapshot()
  snapshot.hostResolvers = resolvers
  snapshot.apiServerEndpoints = apiServers
  return deriveEgress(from: snapshot, on: node, under: configuration.withoutNames).locked
}

extension EgressFlows {
  /// The same without cgroups, which have other numbers after a boot, without what DNS gave, and without everything that
  /// names or serves a pod: pods are granted nothing, the API server included, and nothing comes in to them. Addresses
  /// may belong to others by the time this is enforced; networks, what the configuration allows the host, and API
  /// servers stay.
  package var locked: EgressFlows {
    var flows = self
    flows.protected = []
    flows.endpoints = []
    flows.hopA = []
    flows.hopB = []
    flows.observed = []
    flows.nameClients = []
    flows.namePorts = []
    flows.resolvers = []
    flows.exceptions = []
    flows.host.removeAll(where: \.isResolved)
    flows.interfaces = nil
    flows.hostUnits = []
    flows.hostCgroups = []
    flows.rules.apiServerFromPods = false
    flows.rules.inbound = .none
    flows.rules.inboundSources = PrefixSet()
    flows.findings = []
    return flows
  }
}

extension Configuration {
  /// Without answers for names: those of a lock may be stale, so only CIDRs count.
  fileprivate var withoutNames: Configuration {
    var copy = self
    copy.names.hosts = [:]
    return copy
  }
}
