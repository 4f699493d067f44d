import ClusterModel
import NetworkValues

/// Says who attempted what, and what to change: of one model and one node. It looks things up, and so takes some
/// milliseconds to make of a large cluster.
package struct AttemptExplainer: Sendable {
  let model: EgressModel
  let node: NodeName

  /// The pods that own addresses.
  private var places: [IPAddress: Int] = [:]

  /// The bound addresses behind each interface of this node.
  private var bound: [UInt32: [BoundAddress]] = [:]

  /// Indices of the doors at each gateway address.
  private var doors: [IPAddress: [Int]] = [:]

  /// Pods of gateways, by address.
  private var gatewayPods: [IPAddress: GatewayPlace] = [:]

  /// Single addresses of external destinations; networks are few.
  private var far: [IPAddress: [FarPlace]] = [:]
  private var farNetworks: [(network: Prefix, place: FarPlace)] = []

  /// Names that DNS or the configuration gave addresses for, whoever asked.
  private var names: [IPAddress: String] = [:]

  /// AccessPolicies that would grant something were they no trials.
  let trials: Set<ObjectReference>

  package init(_ model: EgressModel, on node: NodeName) {
    self.model = model
    self.node = node
    trials = Set(model.snapshot.accessPolicies.filter(\.isPending).map(\.reference))
    for place in model.ownership.places {
      for address in model.ownership.addresses(at: place) { places[address] = place }
    }
    if let bindings = model.bindings, bindings.node == node {
      bound = Dictionary(grouping: bindings.bound, by: \.index)
    }
    for (index, door) in model.doors.enumerated() {
      for address in Set(door.endpoints.map(\.pod.address)) { doors[address, default: []].append(index) }
    }
    for (number, gateway) in model.gateways.gateways.enumerated() {
      for (place, pod) in gateway.pods.enumerated() {
        for address in pod.pod.pod.addresses { gatewayPods[address] = GatewayPlace(gateway: number, pod: place) }
      }
    }
    indexDestinations()
    indexNames()
  }

  private mutating func indexDestinations() {
    for (index, destination) in model.destinations.all.enumerated() {
      for side in destination.targets.flatMap(\.far) {
        let place = FarPlace(destination: index, name: side.name, port: side.port)
        for prefix in side.prefixes {
          if prefix.length == prefix.address.family.bitWidth {
            far[prefix.address, default: []].append(place)
          } else {
            farNetworks.append((prefix, place))
          }
        }
      }
    }
  }

  private mutating func indexNames() {
    let resolved = model.snapshot.resolvedNames?.addresses ?? [:]
    for (name, addresses) in resolved.merging(model.configuration.names.hosts, uniquingKeysWith: { _, fixed in fixed })
    {
      for address in addresses { names[address] = min(names[address] ?? name, name) }
    }
  }

  /// Whether what is refused passes all the same (S13).
  package var isAudit: Bool { model.configuration.mode == .audit }

  /// Total: of senders and receivers that nobody knows it says so.
  package func explain(_ attempt: Attempt) -> ExplainedAttempt {
    let sender = sender(of: attempt)
    let pod = sender.pod
    return ExplainedAttempt(
      pod: pod?.reference, account: pod?.identity, interface: interfaceName(attempt.interface),
      host: attempt.destination.flatMap { host(at: $0, port: attempt.port, for: attempt.source) },
      gateway: attempt.destination.flatMap { gateway(at: $0)?.virtual.reference }, rule: rule(attempt),
      hint: AttemptHint(attempt, sender, self).sentence, pending: pendingVerdicts(attempt, sender))
  }
}

/// Who sent a packet.
enum Sender {
  /// By its interface, else by its address.
  case pod(Pod)

  /// A process of this node.
  case host

  /// Somebody else: a node, the outside, a pod that nobody knows of.
  case unknown

  var pod: Pod? { if case .pod(let pod) = self { pod } else { nil } }
}

/// A pod of a gateway, by indices of `EgressGateways.gateways` and its pods.
struct GatewayPlace: Hashable {
  var gateway: Int
  var pod: Int
}

/// A destination to which an address belongs, with the name and the far port it has there.
struct FarPlace: Hashable {
  var destination: Int
  var name: String
  var port: UInt16
}

extension AttemptExplainer {
  /// The pod behind the interface counts, whatever address the packet bears.
  private func sender(of attempt: Attempt) -> Sender {
    if let interface = attempt.interface, let pod = pod(behind: interface) { return .pod(pod) }
    // Without an interface the host sends; with IPVS also what pods sent, which the raw hooks have seen before.
    if attempt.interface == nil, [.host, .spoof, .origin].contains(attempt.reason) { return .host }
    if let source = attempt.source, let pod = pod(at: source) { return .pod(pod) }
    return attempt.interface == nil ? .host : .unknown
  }

  private func pod(behind interface: UInt32) -> Pod? {
    guard let known = bound[interface]?.first else { return nil }
    if let place = places[known.claim.address], model.ownership.name(at: place) == known.pod {
      return model.ownership.pod(at: place).pod
    }
    return model.snapshot.pods.first { $0.name == known.pod && $0.isLocal(to: node) }
  }

  /// The live pod that owns `address`.
  func pod(at address: IPAddress) -> Pod? { places[address].map { model.ownership.pod(at: $0).pod } }

  /// The addresses that may come from an interface of a pod. Sorted.
  func addresses(behind interface: UInt32) -> [IPAddress] { (bound[interface] ?? []).map(\.claim.address).sorted() }

  /// The interface to which an address is bound.
  func interface(of address: IPAddress) -> String? {
    bound.values.joined().first { $0.claim.address == address }.flatMap { interfaceName($0.index) }
  }

  func interfaceName(_ index: UInt32?) -> String? { index.flatMap { model.snapshot.hostInterfaces?.link($0)?.name } }

  /// The gateway one of whose pods has `address`.
  func gateway(at address: IPAddress) -> EgressGateway? {
    gatewayPods[address].map { model.gateways.gateways[$0.gateway] }
  }

  /// The pod of a gateway that has `address`.
  func gatewayPod(at address: IPAddress) -> GatewayPod? {
    gatewayPods[address].map { model.gateways.gateways[$0.gateway].pods[$0.pod] }
  }

  /// The gateway, by its index in `EgressGateways.gateways`, one of whose pods has `address`.
  func gatewayIndex(at address: IPAddress) -> Int? { gatewayPods[address]?.gateway }

  /// What stands at a gateway's address, on `port` or on any.
  func doors(at address: IPAddress, port: UInt16? = nil) -> [GatewayDoor] {
    (doors[address] ?? []).map { model.doors[$0] }.filter { door in
      port == nil || door.endpoints.contains { $0.pod.address == address && $0.port == port }
    }
  }

  /// The external destinations to which an address belongs; those with the port come first.
  func destinations(at address: IPAddress, port: UInt16?) -> [FarPlace] {
    let all = (far[address] ?? []) + farNetworks.filter { $0.network.contains(address) }.map(\.place)
    return all.filter { $0.port == port } + all.filter { $0.port != port }
  }

  /// The least of the names that fit best: of a destination with this port, of one with another, of what a resolver told
  /// the sender, of anything that was resolved.
  private func host(at address: IPAddress, port: UInt16?, for source: IPAddress?) -> String? {
    let places = destinations(at: address, port: port)
    let best = places.filter { $0.port == places.first?.port }.map(\.name).filter { $0 != "\(address)" }
    if let name = best.min() { return name }
    let observed = model.snapshot.resolvedNames?.observed ?? []
    return observed.first { $0.address == address && $0.client == source }?.name ?? names[address]
  }

  /// By the counter, and by what the packet is where one counter stands for several rules.
  private func rule(_ attempt: Attempt) -> String {
    switch attempt.reason {
    case .external where isRefusedICMP(attempt), .host where isRefusedICMP(attempt): "S8"
    case .gateway where !isTowardsListener(attempt): "S3"
    case .origin where attempt.interface != nil && isUnservedLinkLocal(attempt.destination): "S17"
    default: attempt.reason.rule
    }
  }

  func isTowardsListener(_ attempt: Attempt) -> Bool {
    guard let address = attempt.destination, attempt.transport == .tcp else { return false }
    return attempt.port != nil && !doors(at: address, port: attempt.port).isEmpty
  }

  /// Of ICMP only echo requests can be allowed.
  func isRefusedICMP(_ attempt: Attempt) -> Bool {
    switch attempt.transport {
    case .icmp: attempt.icmpType != 8
    case .icmpv6: attempt.icmpType != 128
    default: false
    }
  }

  /// Whether the address is link-local and listed nowhere.
  func isUnservedLinkLocal(_ address: IPAddress?) -> Bool {
    address.map { linkLocal.contains($0) && !model.isInside($0) } ?? false
  }
}

private let linkLocal = PrefixSet([
  Prefix(containing: IPAddress(v4: 169 << 24 | 254 << 16), length: 16),
  Prefix(containing: IPAddress(v6: 0xfe80 << 112), length: 10),
])
