import ClusterModel
import NetworkValues

extension EgressModel {
  /// Hop A (S2): a node judges its own pods towards every gateway, and every client towards its own gateway pods.
  func hopA(on node: NodeName) -> [Flow] {
    let ownership = context.ownership
    let own = ownership.named(ownership.places.filter { ownership.node(at: $0) == node })
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
        append(name, ownership.grantable(at: place), to: endpoints, by: grant, &flows)
      }
    }
    return flows
  }

  /// Appends what a client may open, from each of its addresses for which the grant holds.
  private func append(
    _ client: String, _ addresses: [IPAddress], to endpoints: [GatewayEndpoint], by grant: DoorGrant,
    _ flows: inout [Flow]
  ) {
    for address in addresses {
      let reasons = grant.reasons(for: address)
      guard !reasons.isEmpty else { continue }
      let from = PodAddress(pod: client, address: address)
      for endpoint in endpoints where endpoint.pod.address.family == address.family && endpoint.pod != from {
        flows.append(
          Flow(
            from: from, target: endpoint.pod.pod, destination: Prefix(endpoint.pod.address), transport: .tcp,
            ports: PortRange(endpoint.port), reasons: reasons))
      }
    }
  }

  /// Hop B (S4): from this node's own gateway pods to what they expose and somebody is granted. A pod on which no
  /// exposing listener stands exposes nothing; pods behind the same listeners may open the same.
  func hopB(on node: NodeName) -> [Flow] {
    var listenersOf: [PodAddress: Set<ListenerIndex>] = [:]
    for (number, gateway) in gateways.gateways.enumerated() {
      let local = Set(gateway.pods.filter { $0.isFit && $0.pod.pod.node == node }.map(\.pod.name))
      for (listener, endpoints) in gateway.endpoints {
        for endpoint in endpoints where local.contains(endpoint.pod.pod) {
          listenersOf[endpoint.pod, default: []].insert(ListenerIndex(gateway: number, listener: listener))
        }
      }
    }
    var tuplesBehind: [Set<ListenerIndex>: [GrantedTuple]] = [:]
    var flows: [Flow] = []
    for (owned, listeners) in listenersOf.sorted(by: { $0.key < $1.key }) {
      let tuples = tuplesBehind[listeners] ?? grantedTuples(behind: listeners)
      tuplesBehind[listeners] = tuples
      for granted in tuples where granted.destination.family == owned.address.family {
        flows.append(
          Flow(
            from: owned, target: granted.name, destination: granted.destination, transport: .tcp,
            ports: PortRange(granted.port), reasons: granted.reasons))
      }
    }
    return flows
  }

  /// What is exposed by any of the listeners and granted to somebody, sorted.
  private func grantedTuples(behind listeners: Set<ListenerIndex>) -> [GrantedTuple] {
    var found: [TuplePlace] = []
    for (index, destination) in destinations.all.enumerated() {
      let exposures = destination.exposures.filter {
        listeners.contains(ListenerIndex(gateway: $0.gateway, listener: $0.listener))
      }
      guard !exposures.isEmpty, hasClient(index) else { continue }
      for target in exposures.flatMap(\.targets) {
        for (number, tuple) in destination.targets[target].tuples.enumerated() {
          found.append(TuplePlace(destination: index, target: target, number: number, key: tuple.key))
        }
      }
    }
    let name = { (place: TuplePlace) in
      destinations.all[place.destination].targets[place.target].tuples[place.number].name
    }
    found.sort { $0.key == $1.key ? name($0) < name($1) : $0.key < $1.key }
    var result: [GrantedTuple] = []
    result.reserveCapacity(found.count)
    for place in found {
      let destination = destinations.all[place.destination]
      let tuple = destination.targets[place.target].tuples[place.number]
      let reasons = [Reason(destination.service.reference, path: destination.path), tuple.reason]
      if let last = result.last, last.destination == tuple.destination, last.port == tuple.port, last.name == tuple.name
      {
        result[result.count - 1].add(reasons)
      } else {
        result.append(
          GrantedTuple(name: tuple.name, destination: tuple.destination, port: tuple.port, reasons: reasons))
      }
    }
    return result
  }

  /// Whether at least one pod with an address may use the destination.
  func hasClient(_ destination: Int) -> Bool {
    grants.byDestination[destination].contains { identity, grants in
      (context.ownership.addressesOfIdentity[identity] ?? []).contains { address in
        grants.contains { $0.blocks?.contains(address) ?? true }
      }
    }
  }
}

/// A far tuple that gateway pods may connect to.
private struct GrantedTuple {
  var name: String
  var destination: Prefix
  var port: UInt16

  /// In order of first appearance.
  var reasons: [Reason]

  mutating func add(_ others: [Reason]) {
    for reason in others where !reasons.contains(reason) { reasons.append(reason) }
  }
}

/// Where a far tuple stands among the destinations, and what it sorts by before its name. Without references: there are
/// tens of thousands to be sorted.
private struct TuplePlace {
  struct Key: Equatable, Comparable {
    var destination: Prefix
    var port: UInt16

    static func < (left: Key, right: Key) -> Bool {
      left.destination == right.destination ? left.port < right.port : left.destination < right.destination
    }
  }

  var destination: Int
  var target: Int
  var number: Int
  var key: Key
}

extension FarTuple {
  fileprivate var key: TuplePlace.Key { TuplePlace.Key(destination: destination, port: port) }
}
