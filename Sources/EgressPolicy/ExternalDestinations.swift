import ClusterModel
import NetworkValues

/// One port of one ExternalService: the unit that policies grant and listeners expose.
struct ExternalDestination: Equatable {
  var service: ExternalService

  /// Index into `service.ports`.
  var portIndex: Int
  var port: ExternalPort

  /// The names under which listeners expose it, with what lies behind each. One entry without a name for `addresses`.
  var targets: [DestinationTarget]

  /// Names of `targets` that DNS has to be asked for.
  var askedNames: Set<String> = []

  /// Where it is exposed.
  var exposures: [Exposure]

  var path: String { "spec.ports[\(portIndex)]" }
}

/// A host of an ExternalService (or all its `addresses`), and what lies behind it.
struct DestinationTarget: Equatable {
  /// `nil`: the service's `addresses`.
  var host: String?

  /// The host's place in `spec.hosts`.
  var hostIndex: Int?
  var far: [FarSide]
}

/// Where a gateway has to connect to for one name: TCP.
struct FarSide: Equatable {
  /// The name that gave the addresses; the address itself where there is none.
  var name: String

  /// Single addresses as they were given, networks in as few prefixes as hold them.
  var prefixes: [Prefix]
  var port: UInt16

  /// Where the addresses come from.
  var reason: Reason

  /// Whether DNS gave the addresses, so that they count for a while only.
  var isResolved = false
}

/// A listener of a gateway through which some of a destination's targets are reached.
struct Exposure: Equatable {
  /// Index into `GatewayDefinitions.all`, and so into `EgressGateways.gateways`.
  var gateway: Int

  /// Index into its listeners.
  var listener: Int

  /// Indices into `ExternalDestination.targets`.
  var targets: [Int]
}

/// All external destinations that route through a gateway (E1–E5).
struct ExternalDestinations: Equatable {
  var all: [ExternalDestination] = []
  var findings: [Finding] = []

  init(
    _ services: [ExternalService], _ externalEndpoints: [ExternalEndpoint], _ gateways: GatewayDefinitions,
    _ names: NameAnswers, _ context: DerivationContext
  ) {
    let endpoints = ExternalEndpointIndex(externalEndpoints, &findings)
    for service in inOrder(services, { $0.metadata }) {
      findings += faults(of: service.reference, service.approval, service.misunderstandings)
      for part in service.hosts { findings += part.findings(service.reference) }
      for part in service.addresses { findings += part.findings(service.reference) }
      for part in service.ports { findings += part.findings(service.reference) }
      guard service.approval.isInForce, service.misunderstandings.isEmpty else { continue }
      guard service.hosts.isEmpty != service.addresses.isEmpty else {
        findings.append(hostsOrAddresses(service))
        continue
      }
      guard context.scopes.readsConfiguration(in: service.metadata.namespace) else {
        findings.append(outsideWorkspaces(service.reference))
        continue
      }
      guard service.tupleEstimate <= tupleLimit else {
        findings.append(tooLarge(service))
        continue
      }
      findings += insideLookingHosts(of: service)
      for (index, part) in service.ports.enumerated() {
        guard let port = part.value else { continue }
        guard let routes = port.routes else {
          findings.append(leavesWithoutGateway(service, index))
          continue
        }
        var targets = TargetResolution(service: service, portIndex: index, port: port, names: names, context: context)
        var destination = ExternalDestination(
          service: service, portIndex: index, port: port, targets: targets.resolve(endpoints), exposures: [])
        findings += targets.findings
        destination.askedNames = targets.asked
        destination.expose(routes, gateways, context, &findings)
        all.append(destination)
      }
    }
  }
}

/// How many far tuples one ExternalService may name. More would let one object use up every node's memory.
private let tupleLimit = 8192

extension ExternalService {
  /// Ports times addresses, as written.
  fileprivate var tupleEstimate: Int { ports.count * max(hosts.count, addresses.count) }
}

private func tooLarge(_ service: ExternalService) -> Finding {
  Finding(
    .tooLarge, service.reference, path: "spec",
    "names \(service.tupleEstimate) pairs of port and destination, more than \(tupleLimit); it grants nothing",
    advice: "split it, or name networks instead of single addresses")
}

/// ExternalEndpoints in force, by namespace (E2).
struct ExternalEndpointIndex {
  private var byNamespace: [String: [ExternalEndpoint]] = [:]

  init(_ endpoints: [ExternalEndpoint], _ findings: inout [Finding]) {
    for endpoint in inOrder(endpoints, { $0.metadata }) {
      findings += faults(of: endpoint.reference, endpoint.approval, endpoint.misunderstandings)
      findings += endpoint.target.findings(endpoint.reference)
      for part in endpoint.ports { findings += part.findings(endpoint.reference) }
      guard endpoint.approval.isInForce, endpoint.misunderstandings.isEmpty else { continue }
      byNamespace[endpoint.metadata.namespace, default: []].append(endpoint)
    }
  }

  /// Those that the service's selector picks, in its own namespace; an empty selector picks none.
  func selected(by service: ExternalService) -> [ExternalEndpoint] {
    guard !service.selector.isEmpty else { return [] }
    return (byNamespace[service.metadata.namespace] ?? []).filter { $0.metadata.labels.satisfy(service.selector) }
  }
}

extension ExternalDestination {
  /// Finds the listeners of every referenced gateway that expose some target (E4).
  mutating func expose(
    _ routes: EgressGatewayRoutes, _ gateways: GatewayDefinitions, _ context: DerivationContext,
    _ findings: inout [Finding]
  ) {
    for (index, part) in routes.gateways.enumerated() {
      let path = "\(path).egressGatewayRoutes.virtualGatewayRefs[\(index)]"
      findings += part.findings(service.reference)
      guard let reference = part.value else { continue }
      guard context.isThisCluster(reference.cluster) else {
        findings.append(otherCluster(reference, path))
        continue
      }
      guard let number = gateways.index[virtualGatewayReference(reference, from: service)] else {
        findings.append(gatewayUnknown(reference, path))
        continue
      }
      let gateway = gateways.all[number]
      let namespace = gateway.virtual.metadata.namespace
      guard gateway.grants else { continue }
      guard context.scopes.readsConfiguration(in: namespace) else {
        findings.append(outsideWorkspaces(gateway.virtual.reference))
        continue
      }
      guard context.scopes.sees(service, from: namespace) else {
        findings.append(notShared(gateway.virtual.reference, path))
        continue
      }
      let found = gateway.exposures.enumerated().compactMap { listener, hosts -> Exposure? in
        let exposed = targets.indices.filter { hosts?.contain(targets[$0].host, of: service) == true }
        return exposed.isEmpty ? nil : Exposure(gateway: number, listener: listener, targets: exposed)
      }
      if found.isEmpty { findings.append(notExposed(gateway.virtual.reference, path)) }
      if !service.addresses.isEmpty, !found.isEmpty {
        findings.append(throughOpenListener(gateway.virtual.reference, path))
      }
      exposures += found
    }
  }
}

// MARK: - Findings

func outsideWorkspaces(_ object: ObjectReference) -> Finding {
  Finding(
    .workspaceUnclear, object,
    "its namespace belongs to no workspace that reads configuration there, so it grants nothing",
    advice: "add the namespace to one Workspace, with configEnabled")
}

private func hostsOrAddresses(_ service: ExternalService) -> Finding {
  Finding(
    .hostsOrAddresses, service.reference, path: "spec",
    service.hosts.isEmpty ? "has neither hosts nor addresses" : "has both hosts and addresses",
    advice: "give either hosts or addresses")
}

private func leavesWithoutGateway(_ service: ExternalService, _ index: Int) -> Finding {
  Finding(
    .leavesWithoutGateway, service.reference, path: "spec.ports[\(index)].egressGatewayRoutes",
    "is absent, so clients would leave the cluster themselves; nothing is granted",
    advice: "route the port through a VirtualGateway, or write an exception in moat's configuration")
}

extension ExternalDestination {
  private func otherCluster(_ reference: GatewayReference, _ path: String) -> Finding {
    Finding(
      .gatewayInOtherCluster, service.reference, path: "\(path).cluster",
      "names cluster \(reference.cluster ?? ""), which is not this one",
      advice: "reference a VirtualGateway of this cluster, or set cluster.name if it is this one")
  }

  private func gatewayUnknown(_ reference: GatewayReference, _ path: String) -> Finding {
    Finding(
      .gatewayUnknown, service.reference, path: path,
      "\(virtualGatewayReference(reference, from: service)) does not exist",
      advice: "create it, or correct name and namespace")
  }

  private func notShared(_ gateway: ObjectReference, _ path: String) -> Finding {
    Finding(
      .workspaceUnclear, service.reference, path: path, "is not shared with the workspace of \(gateway)",
      advice: "export it from its own WorkspaceSettings and import it in the gateway's")
  }

  private func notExposed(_ gateway: ObjectReference, _ path: String) -> Finding {
    Finding(
      .notExposed, service.reference, path: path,
      service.addresses.isEmpty
        ? "no listener of \(gateway) exposes its hosts"
        : "every listener of \(gateway) lists exposedExternalServices, which cannot name addresses",
      advice: "add the host to the listener's exposedExternalServices")
  }

  private func throughOpenListener(_ gateway: ObjectReference, _ path: String) -> Finding {
    Finding(
      .addressesThroughOpenListener, service.reference, path: path,
      "is given by addresses and reached through a listener of \(gateway) that exposes everything",
      advice: "prefer hosts, which a listener can name")
  }
}
