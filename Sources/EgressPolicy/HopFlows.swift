import ClusterModel
import NetworkValues

extension EgressModel {
  /// Hop A (S2): a node judges its own pods towards every gateway, and every client towards its own gateway pods.
  func hopA(on node: NodeName) -> [Flow] {
    let isLocal = Dictionary(
      context.ownership.pods.map { ($0.name, $0.pod.node == node) }, uniquingKeysWith: { first, _ in first })
    var flows: [Flow] = []
    for door in doors where !door.clients.isEmpty {
      let local = door.endpoints.filter { isLocal[$0.pod.pod] == true }
      for client in context.ownership.pods {
        let reached = client.pod.node == node ? door.endpoints : local
        guard !reached.isEmpty, let grant = door.clients[client.pod.identity] else { continue }
        for from in client.grantable {
          let reasons = grant.reasons(for: from.address)
          guard !reasons.isEmpty else { continue }
          for endpoint in reached where endpoint.pod.address.family == from.address.family && endpoint.pod != from {
            flows.append(
              Flow(
                from: from, target: endpoint.pod.pod, destination: Prefix(endpoint.pod.address), transport: .tcp,
                ports: PortRange(endpoint.port), reasons: reasons))
          }
        }
      }
    }
    return flows
  }

  /// Hop B (S4): from this node's own gateway pods to what they expose and somebody is granted. A pod on which no
  /// exposing listener stands exposes nothing.
  func hopB(on node: NodeName) -> [Flow] {
    var order: [FlowKey] = []
    var reasons: [FlowKey: [Reason]] = [:]
    for (index, destination) in destinations.all.enumerated() where hasClient(index) {
      for exposure in destination.exposures {
        let gateway = gateways.gateways[exposure.gateway]
        let listening = Set((gateway.endpoints[exposure.listener] ?? []).map(\.pod.pod))
        let pods = gateway.pods.filter { $0.isFit && $0.pod.pod.node == node && listening.contains($0.pod.name) }
        let tuples = exposure.targets.flatMap { destination.targets[$0].tuples }
        let because = Reason(destination.service.reference, path: destination.path)
        for owned in pods.flatMap(\.pod.owned) {
          for tuple in tuples where tuple.destination.family == owned.address.family {
            let key = FlowKey(from: owned, tuple: tuple)
            if reasons[key] == nil { order.append(key) }
            for reason in [because, tuple.reason] where reasons[key]?.contains(reason) != true {
              reasons[key, default: []].append(reason)
            }
          }
        }
      }
    }
    return order.sorted().map { key in
      Flow(
        from: key.from, target: key.name, destination: key.destination, transport: .tcp, ports: PortRange(key.port),
        reasons: reasons[key] ?? [])
    }
  }

  /// Whether at least one pod with an address may use the destination.
  func hasClient(_ destination: Int) -> Bool {
    let granted = grants.byDestination[destination]
    guard !granted.isEmpty else { return false }
    return context.ownership.pods.contains { pod in
      guard let grants = granted[pod.pod.identity] else { return false }
      return pod.grantable.contains { own in
        grants.contains { $0.blocks?.contains(own.address) ?? true }
      }
    }
  }
}

/// What makes two hop B flows the same.
private struct FlowKey: Hashable, Comparable {
  var from: PodAddress
  var name: String
  var destination: Prefix
  var port: UInt16

  init(from: PodAddress, tuple: FarTuple) {
    self.from = from
    name = tuple.name
    destination = tuple.destination
    port = tuple.port
  }

  static func < (left: FlowKey, right: FlowKey) -> Bool {
    if left.from != right.from { return left.from < right.from }
    if left.destination != right.destination { return left.destination < right.destination }
    return left.port == right.port ? left.name < right.name : left.port < right.port
  }
}
