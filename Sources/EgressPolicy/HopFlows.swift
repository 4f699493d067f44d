import ClusterModel
import NetworkValues

extension EgressModel {
  /// Hop A (S2): a node judges its own pods towards every gateway, and every client towards its own gateway pods.
  func hopA(on node: NodeName) -> [Flow] {
    let ownership = context.ownership
    let own = ownership.named(ownership.places { $0.node == node })
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
      for granted in tuples where granted.tuple.destination.family == owned.address.family {
        flows.append(
          Flow(
            from: owned, target: granted.tuple.name, destination: granted.tuple.destination, transport: .tcp,
            ports: PortRange(granted.tuple.port), reasons: granted.reasons))
      }
    }
    return flows
  }

  /// What is exposed by any of the listeners and granted to somebody, sorted.
  private func grantedTuples(behind listeners: Set<ListenerIndex>) -> [GrantedTuple] {
    var found: [GrantedTuple] = []
    for (index, destination) in destinations.all.enumerated() {
      let exposures = destination.exposures.filter {
        listeners.contains(ListenerIndex(gateway: $0.gateway, listener: $0.listener))
      }
      guard !exposures.isEmpty, hasClient(index) else { continue }
      let because = Reason(destination.service.reference, path: destination.path)
      for tuple in exposures.flatMap(\.targets).flatMap({ destination.targets[$0].tuples }) {
        found.append(GrantedTuple(tuple: tuple, reasons: [because, tuple.reason]))
      }
    }
    var result: [GrantedTuple] = []
    result.reserveCapacity(found.count)
    for index in inOrder(found) {
      if let last = result.last, last.isSame(as: found[index]) {
        result[result.count - 1].add(found[index].reasons)
      } else {
        result.append(found[index])
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
  var tuple: FarTuple

  /// In order of first appearance.
  var reasons: [Reason]

  mutating func add(_ others: [Reason]) {
    for reason in others where !reasons.contains(reason) { reasons.append(reason) }
  }

  func isSame(as other: GrantedTuple) -> Bool {
    tuple.destination == other.tuple.destination && tuple.port == other.tuple.port && tuple.name == other.tuple.name
  }
}

/// Indices of `tuples` by destination, port and name; equal ones in their order. What is moved about while sorting is
/// small and counts no references.
private func inOrder(_ tuples: [GrantedTuple]) -> [Int] {
  tuples.indices.map { (destination: tuples[$0].tuple.destination, port: tuples[$0].tuple.port, index: $0) }
    .sorted { left, right in
      if left.destination != right.destination { return left.destination < right.destination }
      return left.port == right.port
        ? tuples[left.index].tuple.name < tuples[right.index].tuple.name : left.port < right.port
    }.map(\.index)
}
