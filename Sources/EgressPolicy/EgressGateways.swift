import ClusterModel
import NetworkValues

/// The egress gateways of the cluster: their pods, and where each listener stands on the wire (G1–G3).
struct EgressGateways: Equatable {
  /// In the order of their definitions.
  var gateways: [EgressGateway] = []
  var findings: [Finding] = []

  /// Every address that a live gateway pod claims, granted something or not, contested or not (S3). Sorted.
  private(set) var protected: [PodAddress] = []

  /// - Parameter missesServices: a Service was there and could not be read.
  init(
    _ definitions: GatewayDefinitions, _ services: [Service], _ nodes: [Node], _ candidates: GatewayCandidates,
    missesServices: Bool, _ context: DerivationContext
  ) {
    let gatewayNodes = Set(nodes.filter { context.isGatewayNode($0) }.map(\.name))
    var candidates = candidates
    for definition in definitions.all {
      var gateway = EgressGateway(definition: definition)
      gateway.select(from: services, &candidates, missesServices: missesServices, context, &findings)
      gateway.place(on: gatewayNodes, &findings)
      gateway.listen(&findings)
      gateways.append(gateway)
    }
    if !gateways.isEmpty, gatewayNodes.isEmpty { findings.append(noGatewayNode(context)) }
    let claimed = gateways.flatMap(\.pods).flatMap { pod in
      pod.pod.pod.addresses.map { PodAddress(pod: pod.pod.name, address: $0) }
    }
    protected = Set(claimed).sorted()
  }

  /// `namespace/name` of every gateway pod that runs on `node`.
  func podNames(on node: NodeName) -> Set<String> {
    Set(gateways.flatMap(\.pods).filter { $0.pod.pod.node == node }.map(\.pod.name))
  }
}

/// One egress gateway.
struct EgressGateway: Equatable {
  let definition: GatewayDefinition

  /// Selected pods, sorted by name, each with the Service that selected it.
  var pods: [GatewayPod] = []

  /// Where each listener stands, by its index in `virtual.listeners`.
  var endpoints: [Int: [GatewayEndpoint]] = [:]

  init(definition: GatewayDefinition) { self.definition = definition }

  var virtual: VirtualGateway { definition.virtual }

  /// Picks the gateway's Services, and their pods; where no Service matches, pods by their own labels (G1).
  mutating func select(
    from all: [Service], _ candidates: inout GatewayCandidates, missesServices: Bool, _ context: DerivationContext,
    _ findings: inout [Finding]
  ) {
    findings += faults(of: virtual.reference, virtual.approval, virtual.misunderstandings)
    for part in (virtual.workloads ?? []) { findings += part.findings(virtual.reference) }
    let selectors = selectors(context)
    var chosen: [String: GatewayPod] = [:]
    for selector in selectors {
      let services = all.filter { selects(selector, $0, context) }
      for pod in candidates.pods(of: services) {
        let own = services.filter { $0.selects(pod.pod) }
        // A Service that could not be read may be the gateway's: its absence is not concluded.
        if !own.isEmpty || (services.isEmpty && !missesServices && selects(selector, pod.pod, context)) {
          chosen[pod.name, default: GatewayPod(pod: pod)].services += own
        }
      }
      findings += hostNetworkPods(services, candidates.hostNetworkPods)
    }
    pods = chosen.values.sorted { $0.pod.name < $1.pod.name }
    if pods.isEmpty { findings.append(withoutWorkloads(hasSelector: !selectors.isEmpty)) }
    let elsewhere = pods.filter { $0.pod.pod.metadata.namespace != virtual.metadata.namespace }.map(\.pod.name)
    if !elsewhere.isEmpty { findings.append(acrossNamespaces(elsewhere)) }
  }

  /// Those that select something.
  func selectors(_ context: DerivationContext) -> [ObjectSelector] {
    (virtual.workloads ?? []).compactMap(\.value)
      .filter { !$0.isVirtualMachine && context.isThisCluster($0.selector?.cluster) }
      .compactMap(\.selector)
      .filter { !$0.labels.isEmpty || $0.name != nil || $0.namespace != nil }
  }

  /// Decides which pods may be granted something (G2); the others are reported.
  mutating func place(on gatewayNodes: Set<NodeName>, _ findings: inout [Finding]) {
    for index in pods.indices {
      let pod = pods[index].pod.pod
      let fault: Unfitness? =
        if pod.phase != .running { .notRunning } else if pods[index].pod.addresses.isEmpty {
          .withoutAddress
        } else if let node = pod.node { gatewayNodes.contains(node) ? nil : .elsewhere(node) } else { .notScheduled }
      pods[index].isFit = fault == nil
      if let fault { findings.append(unfit(pod, fault)) }
    }
  }

  /// Finds every understood listener's port on every pod that is fit.
  mutating func listen(_ findings: inout [Finding]) {
    for (index, part) in virtual.listeners.enumerated() {
      findings += part.findings(virtual.reference)
      guard let listener = part.value else { continue }
      if listener.tls == nil || listener.tls == .passthrough || listener.tls == .autoPassthrough {
        findings.append(blind(index))
      }
      var found: Set<GatewayEndpoint> = []
      for pod in pods {
        let ports = pod.ports(of: listener.port)
        if ports.isEmpty { findings.append(withoutPort(index, listener.port, pod)) }
        guard pod.isFit else { continue }
        for port in ports {
          for owned in pod.pod.owned {
            found.insert(GatewayEndpoint(gateway: virtual.reference, pod: owned, port: port))
          }
        }
      }
      endpoints[index] = found.sorted()
    }
  }

  /// `selector.name` is the Service's name, `selector.labels` a subset of its `spec.selector`; a namespace alone takes
  /// only Services that have a listener's port.
  func selects(_ selector: ObjectSelector, _ service: Service, _ context: DerivationContext) -> Bool {
    guard isInReach(service.metadata.namespace, selector, context),
      selector.name.map({ $0 == service.metadata.name }) ?? true,
      service.selector.satisfy(selector.labels)
    else { return false }
    guard selector.name == nil, selector.labels.isEmpty else { return true }
    return virtual.listeners.compactMap(\.value).contains { service.port($0.port) != nil }
  }

  /// A pod itself, where no Service matches: by labels only.
  private func selects(_ selector: ObjectSelector, _ pod: Pod, _ context: DerivationContext) -> Bool {
    !selector.labels.isEmpty && selector.name == nil && isInReach(pod.metadata.namespace, selector, context)
      && pod.metadata.labels.satisfy(selector.labels)
  }

  /// Whether objects in `namespace` may be selected: as the selector says, and of the gateway's own workspace.
  private func isInReach(_ namespace: String, _ selector: ObjectSelector, _ context: DerivationContext) -> Bool {
    let scopes = context.scopes
    let own = scopes.workspace(of: virtual.metadata.namespace)
    return selector.namespace.map { $0 == namespace } ?? true
      && (!scopes.exist || (own != nil && scopes.workspace(of: namespace) == own))
      && selector.workspace.map { scopes.exist && $0 == scopes.workspace(of: namespace) } ?? true
  }
}

/// A pod of a gateway.
struct GatewayPod: Equatable {
  var pod: OwnedPod

  /// Those that selected it; empty where the pod's own labels did.
  var services: [Service] = []

  /// Running, with an address, on a gateway node (G2).
  var isFit = false

  /// The pod's ports behind a listener port; empty where there is none.
  func ports(of listener: PortReference) -> Set<UInt16> {
    guard !services.isEmpty else {
      switch listener {
      case .number(let number): return [number]
      case .name(let name): return Set([pod.pod.containerPort(named: name)].compactMap { $0 })
      }
    }
    return Set(
      services.compactMap { $0.port(listener) }.compactMap { port in
        switch port.targetPort {
        case .number(let number): number
        case .name(let name): pod.pod.containerPort(named: name)
        case nil: port.number
        }
      })
  }
}

extension Service {
  /// Whether the Service's selector picks the pod; an empty selector picks none.
  func selects(_ pod: Pod) -> Bool {
    !selector.isEmpty && pod.metadata.namespace == metadata.namespace && pod.metadata.labels.satisfy(selector)
  }

  /// The TCP port of this number or name.
  func port(_ reference: PortReference) -> ServicePort? {
    ports.first { port in
      guard port.transport == .tcp else { return false }
      switch reference {
      case .number(let number): return port.number == number
      case .name(let name): return port.name == name
      }
    }
  }
}

extension Pod {
  /// The number of the container's TCP port of this name.
  func containerPort(named name: String) -> UInt16? {
    containerPorts.first { $0.name == name && $0.transport == .tcp }?.number
  }
}

// MARK: - Findings

extension EgressGateway {
  private func acrossNamespaces(_ pods: [String]) -> Finding {
    Finding(
      .gatewayAcrossNamespaces, virtual.reference, path: "spec.workloads",
      "selects pods of other namespaces (\(pods.prefix(5).joined(separator: ", "))), which become this gateway's: "
        + "protected by S3 and opened by S4",
      advice: "name the namespace in the selector, and let only the gateway's owners create pods there")
  }

  private func withoutWorkloads(hasSelector: Bool) -> Finding {
    Finding(
      .gatewayWithoutWorkloads, virtual.reference, path: "spec.workloads",
      hasSelector
        ? "no live pod is selected, so nothing is granted"
        : "no selector names labels, a name or a namespace of this cluster, so nothing is granted",
      advice: "select the gateway's Service by name or by the labels of its spec.selector")
  }

  private func unfit(_ pod: Pod, _ fault: Unfitness) -> Finding {
    Finding(
      .gatewayPodUnfit, pod.reference,
      "is a pod of \(virtual.reference), but \(fault.description); it is protected and granted nothing",
      advice: fault.advice)
  }

  private func withoutPort(_ index: Int, _ port: PortReference, _ pod: GatewayPod) -> Finding {
    let services = pod.services.map { "\($0.metadata.namespace)/\($0.metadata.name)" }.sorted().joined(separator: ", ")
    return Finding(
      .listenerWithoutPort, virtual.reference, path: "spec.listeners[\(index)].port",
      "TCP port \(port) leads to no port of Pod \(pod.pod.name)"
        + (services.isEmpty ? "" : " by Service \(services)"),
      advice: "name a port of the gateway's Service whose targetPort the pod has")
  }

  private func blind(_ index: Int) -> Finding {
    Finding(
      .gatewayCannotSeeClients, virtual.reference, path: "spec.listeners[\(index)].tls",
      "the gateway cannot see its client's identity here; moat's check of hop A is the only one",
      advice: "use tls.mode ISTIO_MUTUAL where the clients have sidecars")
  }

  /// hostNetwork pods behind the gateway's Services cannot be told from their node.
  private func hostNetworkPods(_ services: [Service], _ pods: [Pod]) -> [Finding] {
    pods.filter { pod in services.contains { $0.selects(pod) } }.map {
      Finding(
        .gatewayPodUnfit, $0.reference,
        "is a pod of \(virtual.reference), but has hostNetwork; it is neither protected nor granted anything",
        advice: "run the gateway's pods without hostNetwork")
    }
  }
}

private func noGatewayNode(_ context: DerivationContext) -> Finding {
  let labels = context.configuration.gatewayNodes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  return Finding(
    .noGatewayNode, path: "gatewayNodes.selector",
    "no Node has the labels \(labels.joined(separator: ", ")), so no gateway may reach the outside",
    advice: "label the gateway's nodes, or set gatewayNodes.selector")
}

extension Configuration {
  fileprivate var gatewayNodes: [String: String] { gatewayNodeSelector.matchLabels }
}

/// Why a gateway's pod is granted nothing (G2).
private enum Unfitness: CustomStringConvertible {
  case notRunning
  case withoutAddress
  case notScheduled
  case elsewhere(NodeName)

  var description: String {
    switch self {
    case .notRunning: "is not Running"
    case .withoutAddress: "owns no address"
    case .notScheduled: "is on no node"
    case .elsewhere(let node): "runs on \(node), which is no gateway node"
    }
  }

  var advice: String {
    switch self {
    case .notRunning: "wait until it runs, or look at its events"
    case .withoutAddress: "wait for its address; another finding names one that is shared or outside the networks"
    case .notScheduled: "wait until it is scheduled, or look at its events"
    case .elsewhere: "run the gateway's pods on gateway nodes (gatewayNodes.selector)"
    }
  }
}
