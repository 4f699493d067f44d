import ClusterModel
import NetworkValues

/// What each gateway pod of a node may reach by names alone: what a resolver tells it of such a name opens the address
/// to that pod (S4).
package struct NameOpenings: Equatable, Sendable {
  /// A host, exact or with a wildcard, that a pod may reach on a port.
  struct Opening: Equatable, Sendable {
    var port: UInt16

    /// The destination's port, and the host in it.
    var reasons: [Reason]
  }

  /// By pod, then by host as the ExternalService has it. Pods behind the same listeners share their hosts.
  private var hosts: [PodAddress: [String: [Opening]]] = [:]
  private var pods: [IPAddress: PodAddress] = [:]

  /// By pod, all its addresses: what it is told over one of them it may use with the others.
  private var addresses: [String: [PodAddress]] = [:]

  /// Addresses that are nobody's external address (E5).
  private let forbidden: PrefixSet

  init(
    on node: NodeName, _ gateways: [EgressGateway], _ destinations: [ExternalDestination], isGranted: [Bool],
    observesWildcards: Bool, forbidden: PrefixSet
  ) {
    self.forbidden = forbidden
    var known: [Set<ListenerIndex>: [String: [Opening]]] = [:]
    for (pod, listeners) in localListeners(on: node, gateways) {
      let openings =
        known[listeners] ?? openings(behind: listeners, destinations, isGranted: isGranted, observesWildcards)
      known[listeners] = openings
      guard !openings.isEmpty else { continue }
      hosts[pod] = openings
      pods[pod.address] = pod
      addresses[pod.pod, default: []].append(pod)
    }
  }

  /// The pods whose answers matter. Sorted.
  package var clients: [IPAddress] { pods.keys.sorted() }

  /// The ports that answers may open. Sorted.
  package var ports: [UInt16] {
    hosts.values.flatMap { $0.values.flatMap { $0.map(\.port) } }.sortedUnique()
  }

  /// Whether answers to that address matter.
  package func isClient(_ address: IPAddress) -> Bool { pods[address] != nil }

  /// What an answer opens; nothing where the pod may not reach the name, or where no such address is external (E5).
  package func flows(for observed: ObservedName) -> [Flow] {
    guard let pod = pods[observed.client], isExternal(observed.address) else { return [] }
    let own = (addresses[pod.pod] ?? []).filter { $0.address.family == observed.address.family }
    return own.flatMap { from in
      patterns(covering: observed.name).flatMap { hosts[from]?[$0] ?? [] }.map { opening in
        Flow(
          from: from, target: observed.name, destination: Prefix(observed.address), transport: .tcp,
          ports: PortRange(opening.port), reasons: opening.reasons, isResolved: true)
      }
    }
  }

  /// Whether the address may be somebody's external address (E5).
  package func isExternal(_ address: IPAddress) -> Bool { !forbidden.contains(address) }

  /// Whether an answer about `name` to that pod may open anything.
  package func concern(_ client: IPAddress, _ name: String) -> Bool {
    guard let pod = pods[client], let hosts = hosts[pod] else { return false }
    return patterns(covering: name).contains { hosts[$0] != nil }
  }
}

/// Every host pattern that covers a name: itself, a wildcard in the place of its first labels, and `*`.
private func patterns(covering name: String) -> [String] {
  var patterns = [name]
  var rest = name[...]
  while let dot = rest.firstIndex(of: ".") {
    patterns.append("*" + rest[dot...])
    rest = rest[rest.index(after: dot)...]
  }
  return patterns + ["*"]
}

/// Hosts of granted destinations that any of the listeners exposes. Hosts behind ExternalEndpoints have these addresses
/// alone; those with fixed answers have nothing to be told.
private func openings(
  behind listeners: Set<ListenerIndex>, _ destinations: [ExternalDestination], isGranted: [Bool],
  _ observesWildcards: Bool
) -> [String: [NameOpenings.Opening]] {
  var result: [String: [NameOpenings.Opening]] = [:]
  for (index, destination) in destinations.enumerated() where isGranted[index] && destination.service.selector.isEmpty {
    let targets = destination.exposures.filter {
      listeners.contains(ListenerIndex(gateway: $0.gateway, listener: $0.listener))
    }.flatMap(\.targets)
    for target in Set(targets).sorted() {
      guard let host = destination.targets[target].host, let number = destination.targets[target].hostIndex else {
        continue
      }
      let isWildcard = host.hasPrefix("*")
      guard isWildcard ? observesWildcards : destination.askedNames.contains(host),
        let port = isWildcard ? 443 : destination.port.farNumber
      else { continue }
      let service = destination.service.reference
      result[host, default: []].append(
        NameOpenings.Opening(
          port: port,
          reasons: [Reason(service, path: destination.path), Reason(service, path: "spec.hosts[\(number)]")]))
    }
  }
  return result
}
