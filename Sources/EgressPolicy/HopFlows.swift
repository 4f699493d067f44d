import ClusterModel
import NetworkValues

/// Hop A (S2): a node judges its own pods towards every gateway, and every client towards its own gateway pods. Sorted by
/// the client's address.
///
/// - Parameter gatewayPods: names of the gateway pods that run on `node`.
func clientFlows(
  on node: NodeName, _ ownership: AddressOwnership, _ doors: [GatewayDoor], gatewayPods: Set<String>
) -> [Flow] {
  let doors = OpenDoors(doors, gatewayPods: gatewayPods)
  let places = doors.areLocal ? ownership.places : ownership.places(on: node)
  return doors.flows(from: places, of: ownership, on: node)
}

/// The same, of flows that were made when the pods owned what `previous` says; `nil` where all have to be made anew.
func clientFlows(
  following flows: [Flow], of previous: AddressOwnership, on node: NodeName, _ ownership: AddressOwnership,
  _ doors: [GatewayDoor], gatewayPods: Set<String>
) -> [Flow]? {
  guard let (gone, new) = ownership.changes(since: previous) else { return nil }
  let doors = OpenDoors(doors, gatewayPods: gatewayPods)
  let places = ownership.places(in: new).filter { doors.areLocal || ownership.node(at: $0) == node }
  let before = Set(previous.places(in: gone).flatMap { previous.addresses(at: $0) })
  return replacing(flows, from: before, with: doors.flows(from: places, of: ownership, on: node))
}

/// `flows` without those from some addresses, and with `added`. All sorted by the client's address.
private func replacing(_ flows: [Flow], from gone: Set<IPAddress>, with added: [Flow]) -> [Flow] {
  var result: [Flow] = []
  result.reserveCapacity(flows.count + added.count)
  var rest = flows[...]
  for address in (gone + added.compactMap { $0.from?.address }).sortedUnique() {
    result += rest.removePrefix { $0.from.map { $0.address < address } ?? true }
    let same = rest.removePrefix { $0.from?.address == address }
    result += gone.contains(address) ? [] : same
    result += added.filter { $0.from?.address == address }
  }
  return result + rest
}

extension ArraySlice {
  /// Removes the elements that the slice begins with and for which `isWanted` holds, found in logarithmic time; none holds
  /// it after one that does not.
  fileprivate mutating func removePrefix(_ isWanted: (Element) -> Bool) -> ArraySlice {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if isWanted(self[middle]) { low = middle + 1 } else { high = middle }
    }
    defer { self = self[low...] }
    return self[..<low]
  }
}

/// The doors that somebody may come to, as one node judges them.
private struct OpenDoors {
  private let doors: [(door: GatewayDoor, local: [GatewayEndpoint])]

  /// Whether one leads to a gateway pod of the node: then clients of every node are judged here.
  let areLocal: Bool

  init(_ doors: [GatewayDoor], gatewayPods: Set<String>) {
    self.doors = doors.filter { !$0.clients.isEmpty }.map { door in
      (door: door, local: gatewayPods.isEmpty ? [] : door.endpoints.filter { gatewayPods.contains($0.pod.pod) })
    }
    areLocal = self.doors.contains { !$0.local.isEmpty }
  }

  /// What the pods at `places` may open. Sorted by the client's address.
  func flows(from places: [Int], of ownership: AddressOwnership, on node: NodeName) -> [Flow] {
    guard !doors.isEmpty else { return [] }
    var flows: [Flow] = []
    for client in ownership.clients(among: places) {
      let isOwn = ownership.node(at: client.place) == node
      let identity = ownership.identity(at: client.place)
      let from = PodAddress(pod: ownership.name(at: client.place), address: client.address)
      for (door, local) in doors {
        let endpoints = isOwn ? door.endpoints : local
        guard !endpoints.isEmpty, let grant = door.clients[identity] else { continue }
        append(from, to: endpoints, for: grant.reasons(at: client.address), &flows)
      }
    }
    return flows
  }
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
