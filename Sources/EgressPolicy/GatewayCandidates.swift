import ClusterModel

/// The pods among which gateways look for theirs (G1). Most gateways share a namespace, which is looked through once.
struct GatewayCandidates: Equatable {
  /// In hostNetwork: they are reported where a gateway selects them.
  let hostNetworkPods: [Pod]

  /// Those of the namespaces that matter.
  private let pods: [OwnedPod]
  private var byNamespaces: [Set<String>: [OwnedPod]] = [:]

  /// - Parameter namespaces: of the gateways' Services; `nil` where pods of every namespace may be selected.
  init(_ ownership: AddressOwnership, in namespaces: Set<String>?) {
    hostNetworkPods = ownership.hostNetworkPods
    pods = (namespaces.map { ownership.places(inNamespaces: $0) } ?? ownership.places).map { ownership.pod(at: $0) }
  }

  /// Those that a selector with these Services may select: a Service selects in its own namespace; without any all.
  mutating func pods(of services: [Service]) -> [OwnedPod] {
    let namespaces = Set(services.map(\.metadata.namespace))
    if let known = byNamespaces[namespaces] { return known }
    let found = namespaces.isEmpty ? pods : pods.filter { namespaces.contains($0.pod.metadata.namespace) }
    byNamespaces[namespaces] = found
    return found
  }
}

/// The namespaces of the Services that gateways select; `nil` where one selects none of them, and so looks for pods by
/// their own labels.
func gatewayNamespaces(
  _ definitions: GatewayDefinitions, _ services: [Service], _ context: DerivationContext
) -> Set<String>? {
  var namespaces: Set<String> = []
  for definition in definitions.all {
    let gateway = EgressGateway(definition: definition)
    for selector in gateway.selectors(context) {
      let own = services.filter { gateway.selects(selector, $0, context) }
      if own.isEmpty { return nil }
      namespaces.formUnion(own.map(\.metadata.namespace))
    }
  }
  return namespaces
}
