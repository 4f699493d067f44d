import ClusterModel
import NetworkValues

/// Finds the far sides behind one port of an ExternalService (E1, E2, E5).
struct TargetResolution {
  let service: ExternalService
  let portIndex: Int
  let port: ExternalPort
  let names: NameAnswers
  let context: DerivationContext
  var findings: [Finding] = []

  /// Names that DNS has to be asked for.
  var asked: Set<String> = []

  init(
    service: ExternalService, portIndex: Int, port: ExternalPort, names: NameAnswers, context: DerivationContext
  ) {
    self.service = service
    self.portIndex = portIndex
    self.port = port
    self.names = names
    self.context = context
  }

  /// One target for each understood host, or one for all addresses.
  mutating func resolve(_ endpoints: ExternalEndpointIndex) -> [DestinationTarget] {
    guard !service.hosts.isEmpty else { return [DestinationTarget(host: nil, far: farSidesOfAddresses())] }
    let shared = service.selector.isEmpty ? nil : farSides(at: endpoints.selected(by: service))
    return service.hosts.enumerated().compactMap { index, part in
      part.value.map { host in
        DestinationTarget(host: host, hostIndex: index, far: shared ?? farSides(of: host, path: "spec.hosts[\(index)]"))
      }
    }
  }

  private mutating func farSidesOfAddresses() -> [FarSide] {
    guard let number = numericPort else {
      findings.append(portNeedsEndpoint())
      return []
    }
    return service.addresses.enumerated().compactMap { index, part in
      part.value.map { prefix in
        farSide("\(prefix)", [prefix], number, Reason(service.reference, path: "spec.addresses[\(index)]"))
      }
    }
  }

  /// By fixed answers and by DNS; a wildcard covers every fixed name below it, on port 443, and what resolvers tell
  /// gateway pods.
  private mutating func farSides(of host: String, path: String) -> [FarSide] {
    let isWildcard = host.hasPrefix("*")
    let hosts = isWildcard ? names.fixedNames(below: host) : [host]
    if isWildcard { findings.append(wildcard(host, path, found: hosts.count)) }
    guard let number = isWildcard ? 443 : numericPort else {
      findings.append(portNeedsEndpoint())
      return []
    }
    let reason = Reason(service.reference, path: path)
    return hosts.compactMap { resolved($0, number, reason, path: path) }
  }

  private mutating func farSides(at selected: [ExternalEndpoint]) -> [FarSide] {
    if selected.isEmpty { findings.append(selectsNoEndpoint()) }
    return selected.compactMap { endpoint in
      guard let number = self.number(at: endpoint) else {
        findings.append(endpointWithoutPort(endpoint))
        return nil
      }
      let reason = Reason(endpoint.reference, path: "spec.address")
      switch endpoint.target.value {
      case .address(let address):
        return farSide("\(address)", [Prefix(address)], number, reason, at: endpoint.reference)
      case .host(let host): return resolved(host, number, reason, path: "spec.address", at: endpoint.reference)
      case nil: return nil
      }
    }
  }

  /// The endpoint's port: the one that `targetPort` names, else the one named as the service's port, else its only one
  /// where that has no name; `targetPort ?? number` for an endpoint without ports.
  private func number(at endpoint: ExternalEndpoint) -> UInt16? {
    let ports = endpoint.ports.compactMap(\.value)
    if case .name(let name)? = port.targetPort { return ports.first { $0.name == name }?.number }
    if endpoint.ports.isEmpty { return numericPort }
    if let name = port.name, let named = ports.first(where: { $0.name == name }) { return named.number }
    return ports.count == 1 && endpoint.ports.count == 1 && ports[0].name == nil ? ports[0].number : nil
  }

  private var numericPort: UInt16? { port.farNumber }

  private mutating func resolved(
    _ host: String, _ number: UInt16, _ reason: Reason, path: String, at object: ObjectReference? = nil
  ) -> FarSide? {
    if names.asks(for: host) { asked.insert(host) }
    switch names.answer(for: host) {
    case .fixed(let addresses) where !addresses.isEmpty:
      return farSide(host, addresses.map { Prefix($0) }, number, reason, at: object)
    case .resolved(let addresses, let source) where !addresses.isEmpty:
      var reason = reason
      reason.detail = source
      var far = farSide(host, addresses.map { Prefix($0) }, number, reason, at: object)
      far.isResolved = true
      return far
    case let answer:
      let consequence = "hop B stays closed for it"
      if let finding = nameFinding(host, object ?? service.reference, path: path, answer, consequence: consequence) {
        findings.append(finding)
      }
      return nil
    }
  }

  /// What of `prefixes` may be external (E5); the rest is reported.
  private mutating func farSide(
    _ name: String, _ prefixes: [Prefix], _ number: UInt16, _ reason: Reason, at object: ObjectReference? = nil
  ) -> FarSide {
    var prefixes = prefixes
    if prefixes.contains(where: { context.forbidden.overlaps($0) }) {
      let refused = PrefixSet(prefixes).intersection(context.forbidden)
      findings.append(notExternal(name, refused, reason, object ?? service.reference))
      prefixes = prefixes.flatMap { PrefixSet([$0]).subtracting(refused).prefixes }
    }
    return FarSide(name: name, prefixes: prefixes, port: number, reason: reason)
  }
}

extension ExternalPort {
  /// `targetPort ?? number`; `nil` where `targetPort` is a name.
  var farNumber: UInt16? {
    switch targetPort {
    case .number(let number): number
    case .name: nil
    case nil: number
    }
  }
}

// MARK: - Findings

extension TargetResolution {
  private func selectsNoEndpoint() -> Finding {
    Finding(
      .endpointWithoutPort, service.reference, path: "spec.selector",
      "selects no ExternalEndpoint in force in its namespace, so hop B stays closed for it",
      advice: "label the ExternalEndpoints, or remove the selector to resolve the hosts")
  }

  private func portNeedsEndpoint() -> Finding {
    Finding(
      .endpointWithoutPort, service.reference, path: "spec.ports[\(portIndex)].targetPort",
      "is a name, which only the ports of ExternalEndpoints can explain",
      advice: "select ExternalEndpoints with spec.selector, or write the number")
  }

  private func endpointWithoutPort(_ endpoint: ExternalEndpoint) -> Finding {
    Finding(
      .endpointWithoutPort, endpoint.reference, path: "spec.ports",
      "has no port for \(service.reference) spec.ports[\(portIndex)]",
      advice: "name the port \(port.targetPort.map { "\($0)" } ?? port.name ?? "\(port.number)")")
  }

  private func wildcard(_ host: String, _ path: String, found: Int) -> Finding {
    Finding(
      .wildcardNotResolvable, service.reference, path: path,
      "\(host) opens port 443 for the \(found) names below it in names.hosts"
        + (context.configuration.names.wildcards == .observe
          ? " and, while moat run watches, for those that resolvers tell the gateway's pods"
          : ", and nothing else (names.wildcards: deny)"),
      advice: "list the hosts where they are known")
  }

  private func notExternal(
    _ name: String, _ refused: PrefixSet, _ reason: Reason, _ object: ObjectReference
  ) -> Finding {
    let label = name == "\(refused)" ? name : "\(name) (\(refused))"
    return Finding(
      .notAnExternalAddress, object, path: reason.path,
      "\(label) is inside the cluster or special, and is left out of hop B",
      advice: "use an address outside the cluster's networks")
  }
}
