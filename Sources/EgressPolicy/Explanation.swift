import ClusterModel
import NetworkValues

/// How the model leads from a pod to a named destination, and what is missing where it does not.
package struct ModelExplanation: Sendable {
  /// Every way that the model knows, granted or not: one for each pair of client address and gateway endpoint.
  package var paths: [EgressPath]

  /// Sentences without final stops: why something is not granted.
  package var missing: [String]

  /// Findings about the objects on the way.
  package var findings: [Finding]
}

/// One way to a destination: hop A to a gateway endpoint, hop B from there.
package struct EgressPath: Hashable, Sendable {
  /// The ExternalService, and which of its ports.
  package var destination: ObjectReference

  /// The port of the ExternalService.
  package var port: UInt16

  /// Who comes.
  package var client: PodAddress

  /// The client's node, where it has one yet.
  package var clientNode: NodeName?

  /// Where the client has to come to.
  package var endpoint: GatewayEndpoint

  /// The gateway pod's node, where it has one yet.
  package var gatewayNode: NodeName?

  /// Where the gateway may connect to, of any family.
  package var far: [FarAddress]

  /// The gateway pod's own addresses.
  package var gatewayAddresses: [PodAddress]

  /// Why the client may use the destination; empty where it may not.
  package var reasons: [Reason]
}

/// A far address by its name.
package struct FarAddress: Hashable, Sendable {
  /// The name that gave the address, or the address itself.
  package var name: String

  /// The address, or a network of such.
  package var destination: Prefix

  /// The far port, TCP.
  package var port: UInt16

  /// Where the address comes from.
  package var reason: Reason
}

/// A pod that somebody asks about.
package struct PodSubject: Sendable {
  /// The pod itself.
  package var pod: Pod

  /// Addresses that are its own (S9) and may be granted something.
  package var owned: [PodAddress]

  /// Why addresses of its status are not its own; `nil` where all are.
  package var disownment: String?

  /// `namespace/name`.
  package var name: String { "\(pod.metadata.namespace)/\(pod.metadata.name)" }
}

extension EgressModel {
  /// The pod called `namespace/name`, or all pods of which that is the name without a generated suffix
  /// (`bookinfo/productpage-v1`). Sorted by name.
  package func pods(named name: String) -> [PodSubject] {
    let named = snapshot.pods.map { (pod: $0, name: "\($0.metadata.namespace)/\($0.metadata.name)") }
    let exact = named.filter { $0.name == name }
    let fitting = exact.isEmpty ? named.filter { $0.name.hasPrefix("\(name)-") } : exact
    return fitting.sorted { $0.name < $1.name }.map { subject($0.pod) }
  }

  /// The live pod that owns `address`.
  package func owner(of address: IPAddress) -> PodSubject? {
    ownership.places.first { ownership.addresses(at: $0).contains(address) }
      .map { subject(ownership.pod(at: $0).pod) }
  }

  /// The node of this name.
  package func node(named name: NodeName) -> Node? { snapshot.nodes.first { $0.name == name } }

  /// The node that has `address` as its own.
  package func node(with address: IPAddress) -> Node? { snapshot.nodes.first { $0.internalIPs.contains(address) } }

  /// Names of all nodes, sorted.
  package var nodeNames: [NodeName] { snapshot.nodes.map(\.name).sorted() }

  /// Link-local addresses that every node serves itself.
  package var localAddresses: [IPAddress] { configuration.cluster.localAddresses }

  /// `enforce` or `audit`.
  package var mode: String { configuration.mode.rawValue }

  /// Whether `address` counts as inside.
  package func isInside(_ address: IPAddress) -> Bool { networks.all.contains(address) }

  /// Whether `address` is an egress gateway pod's.
  package func isGatewayPod(_ address: IPAddress) -> Bool { gateways.protected.contains { $0.address == address } }

  private func subject(_ pod: Pod) -> PodSubject {
    let owned = ownership.pods { $0.metadata == pod.metadata }.first
    let why: String? =
      if pod.hostNetwork { "has hostNetwork and owns no address (S9)" } else if !pod.isLive {
        "is \(pod.phase == .failed ? "Failed" : "Succeeded") and owns no address (S9)"
      } else if pod.phase == .notUnderstood {
        "has a phase that is not understood and is granted nothing (S11)"
      } else if (owned?.addresses ?? []) != pod.addresses {
        "shares an address with another live pod, or has one outside the cluster's networks (S9)"
      } else if pod.addresses.isEmpty { "has no address yet" } else { nil }
    return PodSubject(pod: pod, owned: owned?.grantable ?? [], disownment: why)
  }

  /// How `client` gets to `host`, on `port` where one is given (the ExternalService's own, its portMatch or the far one).
  package func explain(_ client: PodSubject, to host: String, port: UInt16?) -> ModelExplanation {
    var result = ModelExplanation(paths: [], missing: [], findings: [])
    let chosen = destinations.all.indices.filter { serves(destinations.all[$0], host, port) }
    if let disownment = client.disownment { result.missing.append("\(client.pod.reference) \(disownment)") }
    if chosen.isEmpty { result.missing.append(noDestination(host, port)) }
    for index in chosen {
      let destination = destinations.all[index]
      if grants.byDestination[index][client.pod.identity] == nil {
        result.missing.append(notGranted(index, client))
      } else if client.disownment == nil, doorReasons(index, client).isEmpty {
        result.missing.append("no address of \(client.pod.reference) is in the allowedIpBlocks of its policies")
      }
      let paths = paths(index, client, host)
      if paths.isEmpty, !client.pod.addresses.isEmpty {
        result.missing.append("no gateway endpoint leads to \(destination.service.reference)")
      }
      if paths.contains(where: \.far.isEmpty) {
        result.missing.append("\(host) has no address that hop B could open (\(destination.service.reference))")
      }
      result.paths += paths
    }
    let objects = Set(chosen.flatMap { [destinations.all[$0].service.reference] + grants.selecting[$0] })
      .union(chosen.flatMap { destinations.all[$0].exposures.map { gateways.gateways[$0.gateway].virtual.reference } })
    result.findings = (destinations.findings + grants.findings + gateways.findings)
      .filter { finding in finding.object.map { objects.contains($0) } ?? false }.sorted()
    return result
  }

  /// Why a packet of `client` to an address is refused, as far as the model knows: sentences without final stops.
  package func missing(
    for client: PodSubject, to address: IPAddress, _ transport: TransportProtocol, port: UInt16
  ) -> [String] {
    let behind = doors.filter { door in door.endpoints.contains { $0.pod.address == address } }
    if !behind.isEmpty {
      let here = behind.filter { door in door.endpoints.contains { $0.pod.address == address && $0.port == port } }
      guard transport == .tcp, !here.isEmpty else {
        let ports = Set(behind.flatMap { $0.endpoints.filter { $0.pod.address == address }.map(\.port) }).sorted()
        return [
          "a gateway pod accepts TCP on its listeners' ports alone: \(ports.map(String.init).joined(separator: ", "))"
        ]
      }
      return Set(here.flatMap(\.destinations)).sorted()
        .filter { grants.byDestination[$0][client.pod.identity] == nil }.map { notGranted($0, client) }
    }
    let known = destinations.all.indices.filter { index in
      destinations.all[index].targets.contains { $0.far.contains { $0.prefixes.contains { $0.contains(address) } } }
    }
    guard !gateways.protected.contains(where: { $0.pod == client.name }) else {
      return ["no ExternalService that this gateway exposes, and somebody is granted, has \(address) with this port"]
    }
    return known.map { "\(destinations.all[$0].service.reference) has this address, but only a gateway may reach it" }
      + ["no exception of the configuration allows it"]
  }

  /// Whether the destination is meant by `host` and `port`.
  private func serves(_ destination: ExternalDestination, _ host: String, _ port: UInt16?) -> Bool {
    guard destination.targets.contains(where: { $0.host.map { covers($0, host) } ?? false }) else { return false }
    guard let port else { return true }
    return destination.port.number == port || destination.port.routes?.portMatch == port
      || destination.targets.contains { $0.far.contains { $0.port == port } }
  }

  private func doorReasons(_ index: Int, _ client: PodSubject) -> [Reason] {
    (grants.byDestination[index][client.pod.identity] ?? []).filter { grant in
      client.owned.contains { grant.blocks?.contains($0.address) ?? true }
    }.map { $0.reason.selecting(client.pod.identity) }
  }

  private func paths(_ index: Int, _ client: PodSubject, _ host: String) -> [EgressPath] {
    let destination = destinations.all[index]
    let exposedBy = Set(destination.exposures.map { ListenerIndex(gateway: $0.gateway, listener: $0.listener) })
    let pods = gateways.gateways.flatMap(\.pods).map { ($0.pod.name, $0.pod) }
    let nodes = Dictionary(pods, uniquingKeysWith: { first, _ in first })
    let far = destination.targets.filter { $0.host.map { covers($0, host) } ?? true }.flatMap(\.far)
      .filter { $0.name == host || !destination.service.selector.isEmpty }
      .flatMap { far in
        far.prefixes.map { FarAddress(name: far.name, destination: $0, port: far.port, reason: far.reason) }
      }
    let sources = client.pod.addresses.map { PodAddress(pod: client.name, address: $0) }
    return doors.filter { !exposedBy.isDisjoint(with: $0.listeners) }.flatMap(\.endpoints).flatMap { endpoint in
      let own = nodes[endpoint.pod.pod]?.owned ?? []
      let far =
        far + told(own, of: host, destination).filter { told in !far.contains { $0.destination == told.destination } }
      return sources.filter { $0.address.family == endpoint.pod.address.family }.map { source in
        EgressPath(
          destination: destination.service.reference, port: destination.port.number, client: source,
          clientNode: client.pod.node, endpoint: endpoint, gatewayNode: nodes[endpoint.pod.pod]?.pod.node,
          far: far, gatewayAddresses: own, reasons: doorReasons(index, client))
      }
    }
  }

  /// What resolvers told a gateway pod of the host, as far as the destination may be reached by it.
  private func told(
    _ pod: [PodAddress], of host: String, _ destination: ExternalDestination
  ) -> [FarAddress] {
    let clients = Set(pod.map(\.address))
    let observed = (snapshot.resolvedNames?.observed ?? []).filter {
      $0.name == host && clients.contains($0.client) && !context.forbidden.contains($0.address)
    }
    guard !observed.isEmpty, destination.service.selector.isEmpty else { return [] }
    return destination.targets.flatMap { target -> [FarAddress] in
      guard let pattern = target.host, let number = target.hostIndex, covers(pattern, host),
        let port = pattern.hasPrefix("*") ? 443 : destination.port.farNumber,
        pattern.hasPrefix("*") || destination.askedNames.contains(host)
      else { return [] }
      return observed.map {
        var reason = Reason(destination.service.reference, path: "spec.hosts[\(number)]")
        reason.detail = "told to \($0.client) by its resolver"
        return FarAddress(name: host, destination: Prefix($0.address), port: port, reason: reason)
      }
    }
  }

  private func noDestination(_ host: String, _ port: UInt16?) -> String {
    let hosts = Set(destinations.all.flatMap { $0.targets.compactMap(\.host) }).sorted()
    return "no ExternalService in force names \(host)" + (port.map { " with port \($0)" } ?? "")
      + (hosts.isEmpty ? "" : "; hosts with a gateway: \(hosts.joined(separator: ", "))")
  }

  private func notGranted(_ index: Int, _ client: PodSubject) -> String {
    let destination = destinations.all[index]
    let identity = "ServiceAccount \(client.pod.identity)"
    if grants.pending[index][client.pod.identity] != nil {
      return
        "\(identity) is selected for \(destination.service.reference) only by entries with dryRun, which grant nothing"
    }
    let selecting = grants.selecting[index]
    let policies =
      selecting.isEmpty
      ? "no policy selects the destination"
      : "policies that select the destination: " + selecting.map(\.description).joined(separator: ", ")
    return "\(identity) is selected by no AccessPolicy for \(destination.service.reference); \(policies)"
  }
}
