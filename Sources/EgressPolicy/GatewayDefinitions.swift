import ClusterModel

/// The VirtualGateways that are egress gateways, as they are written: what each listener exposes. Who stands behind them
/// is `EgressGateways`' business.
struct GatewayDefinitions: Equatable {
  /// Sorted by the VirtualGateway's namespace and name.
  private(set) var all: [GatewayDefinition] = []

  /// Places in `all`.
  private(set) var index: [ObjectReference: Int] = [:]

  /// A VirtualGateway is an egress gateway if an ExternalService in force that it sees routes through it. Others do not
  /// count: nothing is granted by them, and they must not close somebody else's ingress gateway.
  init(_ services: [ExternalService], _ gateways: [VirtualGateway], _ context: DerivationContext) {
    let referenced = Set(services.flatMap { Self.references(of: $0, context) })
    for virtual in gateways.sorted(by: { $0.reference < $1.reference }) where referenced.contains(virtual.reference) {
      index[virtual.reference] = all.count
      all.append(GatewayDefinition(virtual: virtual))
    }
  }

  /// The gateways that an ExternalService routes through, if it counts at all.
  private static func references(of service: ExternalService, _ context: DerivationContext) -> [ObjectReference] {
    guard service.approval.isInForce, service.misunderstandings.isEmpty,
      context.scopes.readsConfiguration(in: service.metadata.namespace)
    else { return [] }
    return service.ports.compactMap(\.value?.routes).flatMap(\.gateways).compactMap(\.value)
      .filter { context.isThisCluster($0.cluster) }
      .map { virtualGatewayReference($0, from: service) }
      .filter { context.scopes.sees(service, from: $0.namespace ?? "") }
  }
}

/// One egress gateway as it is written.
struct GatewayDefinition: Equatable {
  let virtual: VirtualGateway

  /// What each listener exposes, by its index in `virtual.listeners`; `nil` where the listener was not understood.
  let exposures: [ExposedHosts?]

  init(virtual: VirtualGateway) {
    self.virtual = virtual
    exposures = virtual.listeners.map { $0.value.map { ExposedHosts($0, from: virtual.metadata.namespace) } }
  }

  /// Whether it may grant anything at all.
  var grants: Bool { virtual.approval.isInForce && virtual.misunderstandings.isEmpty }
}

/// The VirtualGateway that a reference in `service` names.
func virtualGatewayReference(_ reference: GatewayReference, from service: ExternalService) -> ObjectReference {
  ObjectReference(
    kind: "VirtualGateway", namespace: reference.namespace ?? service.metadata.namespace, name: reference.name)
}
