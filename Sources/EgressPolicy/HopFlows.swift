import ClusterModel
import NetworkValues

extension EgressModel {
  /// Hop A (S2): a node judges its own pods towards every gateway, and every client towards its own gateway pods.
  func hopA(on node: NodeName) -> [Flow] {
    let pods = context.ownership.pods
    let own = pods.indices.filter { pods[$0].pod.node == node }
    let ownNames = Set(own.map { pods[$0].name })
    var flows: [Flow] = []
    for door in doors where !door.clients.isEmpty {
      let local = door.endpoints.filter { ownNames.contains($0.pod.pod) }
      for index in local.isEmpty ? own : Array(pods.indices) {
        guard let grant = door.clients[pods[index].pod.identity] else { continue }
        append(pods[index], to: pods[index].pod.node == node ? door.endpoints : local, by: grant, &flows)
      }
    }
    return flows
  }

  /// Appends what `client` may open, from each of its addresses for which the grant holds.
  private func append(
    _ client: OwnedPod, to endpoints: [GatewayEndpoint], by grant: DoorGrant, _ flows: inout [Flow]
  ) {
    for from in client.grantable {
      let reasons = grant.reasons(for: from.address)
      guard !reasons.isEmpty else { continue }
      for endpoint in endpoints where endpoint.pod.address.family == from.address.family && endpoint.pod != from {
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
    for index in found.indices.sorted(by: { found[$0].tuple.precedes(found[$1].tuple) }) {
      if let last = result.last, !last.tuple.precedes(found[index].tuple) {
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
}

extension FarTuple {
  /// By destination, port and name; tuples of which neither precedes the other are the same.
  fileprivate func precedes(_ other: FarTuple) -> Bool {
    if destination != other.destination { return destination < other.destination }
    return port == other.port ? name < other.name : port < other.port
  }
}
