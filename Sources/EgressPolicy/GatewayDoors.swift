import ClusterModel
import NetworkValues

/// Gateway endpoints that the same listeners stand behind, and who may come to them.
struct GatewayDoor: Equatable {
  /// The listeners, as indices of gateway and listener.
  var listeners: [ListenerIndex]

  /// Sorted.
  var endpoints: [GatewayEndpoint]

  /// Indices of the destinations exposed here, ascending.
  var destinations: [Int]

  /// Who is granted at least one of them.
  var clients: [ServiceAccountName: DoorGrant]
}

/// One listener of one gateway.
struct ListenerIndex: Hashable, Comparable {
  var gateway: Int
  var listener: Int

  static func < (left: ListenerIndex, right: ListenerIndex) -> Bool {
    left.gateway == right.gateway ? left.listener < right.listener : left.gateway < right.gateway
  }
}

/// Why an identity may come to a door. Its reasons tell that they selected it.
struct DoorGrant: Equatable {
  /// From any of its addresses.
  var anywhere: [Reason] = []

  /// From some addresses only (`allowedIpBlocks`).
  var restricted: [Grant] = []

  /// The reasons that hold at one of its addresses; empty where none does.
  func reasons(at address: IPAddress) -> [Reason] {
    if restricted.isEmpty { return anywhere }
    return anywhere + restricted.filter { $0.blocks?.contains(address) ?? true }.map(\.reason)
  }
}

/// Groups all endpoints by address and port, so that each has one set of clients, whatever listeners lead to it.
func gatewayDoors(
  _ gateways: [EgressGateway], _ destinations: [ExternalDestination], _ grants: PolicyGrants
) -> [GatewayDoor] {
  var listenersOf: [EndpointKey: Set<ListenerIndex>] = [:]
  var endpointOf: [EndpointKey: GatewayEndpoint] = [:]
  for (number, gateway) in gateways.enumerated() where gateway.definition.grants {
    for (listener, endpoints) in gateway.endpoints {
      for endpoint in endpoints {
        let key = EndpointKey(address: endpoint.pod.address, port: endpoint.port)
        listenersOf[key, default: []].insert(ListenerIndex(gateway: number, listener: listener))
        endpointOf[key] = min(endpoint, endpointOf[key] ?? endpoint)
      }
    }
  }
  var exposed: [ListenerIndex: [Int]] = [:]
  for (index, destination) in destinations.enumerated() {
    for exposure in destination.exposures {
      exposed[ListenerIndex(gateway: exposure.gateway, listener: exposure.listener), default: []].append(index)
    }
  }
  var endpointsBehind: [[ListenerIndex]: [GatewayEndpoint]] = [:]
  for (key, endpoint) in endpointOf { endpointsBehind[(listenersOf[key] ?? []).sorted(), default: []].append(endpoint) }
  return endpointsBehind.map { listeners, endpoints in
    let behind = Set(listeners.flatMap { exposed[$0] ?? [] }).sorted()
    return GatewayDoor(
      listeners: listeners, endpoints: endpoints.sorted(), destinations: behind,
      clients: doorClients(behind, grants))
  }.sorted { $0.listeners.lexicographicallyPrecedes($1.listeners) }
}

/// The same of other grants: a door whose destinations are granted as before stays as it is.
func gatewayDoors(
  following doors: [GatewayDoor], of previous: PolicyGrants, _ grants: PolicyGrants
) -> [GatewayDoor] {
  doors.map { door in
    let isSame = door.destinations.allSatisfy { grants.byDestination[$0] == previous.byDestination[$0] }
    guard !isSame else { return door }
    var changed = door
    changed.clients = doorClients(door.destinations, grants)
    return changed
  }
}

private struct EndpointKey: Hashable {
  var address: IPAddress
  var port: UInt16
}

/// Everybody who is granted at least one of the destinations, with all reasons.
private func doorClients(_ destinations: [Int], _ grants: PolicyGrants) -> [ServiceAccountName: DoorGrant] {
  var clients: [ServiceAccountName: DoorGrant] = [:]
  for destination in destinations {
    for (identity, granted) in grants.byDestination[destination] {
      for var grant in granted {
        grant.reason = grant.reason.selecting(identity)
        if grant.blocks == nil {
          clients[identity, default: DoorGrant()].anywhere.append(grant.reason)
        } else {
          clients[identity, default: DoorGrant()].restricted.append(grant)
        }
      }
    }
  }
  return clients.mapValues { DoorGrant(anywhere: unique($0.anywhere), restricted: $0.restricted) }
}

/// In order of first appearance: one policy entry may grant many destinations of a door.
private func unique(_ reasons: [Reason]) -> [Reason] {
  if reasons.count < 2 { return reasons }
  if reasons.count < 16 {
    return reasons.indices.filter { !reasons[..<$0].contains(reasons[$0]) }.map { reasons[$0] }
  }
  var seen: Set<Reason> = []
  return reasons.filter { seen.insert($0).inserted }
}

/// E6: destinations behind one door whose clients differ.
func sharedDoors(
  _ doors: [GatewayDoor], _ destinations: [ExternalDestination], _ grants: PolicyGrants
) -> [Finding] {
  doors.compactMap { door in
    guard let first = door.destinations.first, let endpoint = door.endpoints.first else { return nil }
    let expected = grants.byDestination[first]
    let differs = { (number: Int) in
      let clients = grants.byDestination[number]
      return clients.count != expected.count || !clients.keys.allSatisfy { expected[$0] != nil }
    }
    guard let other = door.destinations.first(where: differs) else { return nil }
    return Finding(
      .sharedListener, endpoint.gateway, path: "spec.listeners",
      "port \(endpoint.port) leads to \(door.destinations.count) destinations with different clients, for instance "
        + "\(destinations[first].service.reference) and \(destinations[other].service.reference); "
        + "on the node a client of one can open the connection used for the other",
      advice: "give destinations with different clients listeners of their own, or rely on the gateway's RBAC")
  }
}
