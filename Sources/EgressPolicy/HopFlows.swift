import ClusterModel
import NetworkValues

/// Hop A (S2): a node judges its own pods towards every gateway, and every client towards its own gateway pods.
func clientFlows(on node: NodeName, _ ownership: AddressOwnership, _ doors: [GatewayDoor]) -> [Flow] {
  let own = ownership.named(ownership.places(on: node))
  let ownNames = Set(own.map(\.name))
  let doors = doors.filter { !$0.clients.isEmpty }.map { door in
    (door: door, local: door.endpoints.filter { ownNames.contains($0.pod.pod) })
  }
  let all = doors.contains { !$0.local.isEmpty } ? ownership.named(ownership.places) : own
  var flows: [Flow] = []
  for (door, local) in doors {
    for (name, place) in local.isEmpty ? own : all {
      guard let grant = door.clients[ownership.identity(at: place)] else { continue }
      let endpoints = ownership.node(at: place) == node ? door.endpoints : local
      for address in ownership.grantable(at: place) {
        let from = PodAddress(pod: name, address: address)
        append(from, to: endpoints, for: grant.reasons(at: address), &flows)
      }
    }
  }
  return flows
}

/// Appends what a client may open from one of its addresses; nothing without a reason.
private func append(
  _ from: PodAddress, to endpoints: [GatewayEndpoint], for reasons: [Reason], _ flows: inout [Flow]
) {
  guard !reasons.isEmpty else { return }
  for endpoint in endpoints where endpoint.pod.address.family == from.address.family && endpoint.pod != from {
    flows.append(
      Flow(
        from: from, target: endpoint.pod.pod, destination: Prefix(endpoint.pod.address), transport: .tcp,
        ports: PortRange(endpoint.port), reasons: reasons))
  }
}

/// Hop B (S4): from this node's own gateway pods to what they expose and somebody is granted. A pod on which no exposing
/// listener stands exposes nothing; pods behind the same listeners may open the same.
///
/// - Parameter isGranted: for each destination, whether at least one pod with an address may use it.
func gatewayFlows(
  on node: NodeName, _ gateways: [EgressGateway], _ destinations: [ExternalDestination], isGranted: [Bool]
) -> [Flow] {
  var tuplesBehind: [Set<ListenerIndex>: [GrantedTuple]] = [:]
  var flows: [Flow] = []
  for (owned, listeners) in localListeners(on: node, gateways) {
    let tuples = tuplesBehind[listeners] ?? grantedTuples(behind: listeners, destinations, isGranted: isGranted)
    tuplesBehind[listeners] = tuples
    for granted in tuples where granted.destination.family == owned.address.family {
      flows.append(
        Flow(
          from: owned, target: granted.name, destination: granted.destination, transport: .tcp,
          ports: PortRange(granted.port), reasons: granted.reasons, isResolved: granted.isResolved))
    }
  }
  return flows
}

/// The listeners that stand on each fit gateway pod of the node. Sorted by pod.
func localListeners(
  on node: NodeName, _ gateways: [EgressGateway]
) -> [(pod: PodAddress, listeners: Set<ListenerIndex>)] {
  var listenersOf: [PodAddress: Set<ListenerIndex>] = [:]
  for (number, gateway) in gateways.enumerated() {
    let local = Set(gateway.pods.filter { $0.isFit && $0.pod.pod.node == node }.map(\.pod.name))
    for (listener, endpoints) in gateway.endpoints {
      for endpoint in endpoints where local.contains(endpoint.pod.pod) {
        listenersOf[endpoint.pod, default: []].insert(ListenerIndex(gateway: number, listener: listener))
      }
    }
  }
  return listenersOf.sorted { $0.key < $1.key }.map { (pod: $0.key, listeners: $0.value) }
}

/// What is exposed by any of the listeners and granted to somebody, sorted.
private func grantedTuples(
  behind listeners: Set<ListenerIndex>, _ destinations: [ExternalDestination], isGranted: [Bool]
) -> [GrantedTuple] {
  var found: [TuplePlace] = []
  for (index, destination) in destinations.enumerated() where isGranted[index] {
    let exposures = destination.exposures.filter {
      listeners.contains(ListenerIndex(gateway: $0.gateway, listener: $0.listener))
    }
    guard !exposures.isEmpty else { continue }
    for target in exposures.flatMap(\.targets) {
      for (part, far) in destination.targets[target].far.enumerated() {
        for prefix in far.prefixes {
          found.append(TuplePlace(destination: index, target: target, part: part, prefix: prefix, port: far.port))
        }
      }
    }
  }
  let name = { (place: TuplePlace) in
    destinations[place.destination].targets[place.target].far[place.part].name
  }
  found.sort { left, right in
    if left.prefix != right.prefix { return left.prefix < right.prefix }
    return left.port == right.port ? name(left) < name(right) : left.port < right.port
  }
  var result: [GrantedTuple] = []
  result.reserveCapacity(found.count)
  for place in found {
    let destination = destinations[place.destination]
    let far = destination.targets[place.target].far[place.part]
    let reasons = [Reason(destination.service.reference, path: destination.path), far.reason]
    if let last = result.last, last.destination == place.prefix, last.port == far.port, last.name == far.name,
      last.isResolved == far.isResolved
    {
      result[result.count - 1].add(reasons)
    } else {
      result.append(
        GrantedTuple(
          name: far.name, destination: place.prefix, port: far.port, isResolved: far.isResolved, reasons: reasons))
    }
  }
  return result
}

extension EgressModel {
  /// For each destination, whether at least one pod with an address may use it. Nobody asks where no gateway pod runs.
  func grantedDestinations(on node: NodeName) -> [Bool] {
    guard gateways.gateways.contains(where: { $0.pods.contains { $0.pod.pod.node == node } }) else { return [] }
    return grantedDestinations(to: ownership.grantableByIdentity)
  }

  /// For each destination, whether one of the identities may use it from one of its addresses.
  func grantedDestinations(to addresses: [ServiceAccountName: [IPAddress]]) -> [Bool] {
    grants.byDestination.map { granted in
      granted.contains { identity, grants in
        (addresses[identity] ?? []).contains { address in grants.contains { $0.blocks?.contains(address) ?? true } }
      }
    }
  }
}

/// A far tuple that gateway pods may connect to.
private struct GrantedTuple {
  var name: String
  var destination: Prefix
  var port: UInt16
  var isResolved: Bool

  /// In order of first appearance.
  var reasons: [Reason]

  mutating func add(_ others: [Reason]) {
    for reason in others where !reasons.contains(reason) { reasons.append(reason) }
  }
}

/// Where a far tuple stands among the destinations, and what it sorts by before its name. Without references: there are
/// tens of thousands to be sorted.
private struct TuplePlace {
  var destination: Int
  var target: Int

  /// Index into the target's `far`.
  var part: Int
  var prefix: Prefix
  var port: UInt16
}
