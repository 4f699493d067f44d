import ClusterModel
import NetworkValues

/// What to change if a refused attempt should be allowed; where nothing can allow it, why.
struct AttemptHint {
  let attempt: Attempt
  let sender: Sender
  let explainer: AttemptExplainer

  init(_ attempt: Attempt, _ sender: Sender, _ explainer: AttemptExplainer) {
    self.attempt = attempt
    self.sender = sender
    self.explainer = explainer
  }

  var model: EgressModel { explainer.model }

  /// One sentence with its final stop.
  var sentence: String {
    switch attempt.reason {
    case .external: outward
    case .gateway: towardsGateway
    case .host: ofHost
    case .spoof: forged
    case .origin: misplaced
    case .inbound: inbound
    case .midstream:
      "The connection was open before these rules, or was revoked: open it anew; nothing allows a packet of its middle."
    }
  }

  /// `203.0.113.9 tcp 443`.
  var target: String {
    let words = [attempt.destination?.description, attempt.transport?.description, attempt.port?.description]
    return words.compactMap { $0 }.joined(separator: " ")
  }

  /// Whether entries of the configuration know the protocol.
  var isConfigurable: Bool {
    switch attempt.transport {
    case .tcp, .udp, .sctp, .icmp, .icmpv6: true
    default: false
    }
  }

  func account(_ pod: Pod) -> String { "ServiceAccount \(pod.identity)" }

  /// `the source 10.1.1.99`.
  var source: String { attempt.source.map { "the source \($0)" } ?? "the sender" }
}

// MARK: - To the outside (S1, S4)

extension AttemptHint {
  fileprivate var outward: String {
    if explainer.isRefusedICMP(attempt) {
      return "Of ICMP only echo requests can be allowed towards the outside (S8); nothing allows \(target)."
    }
    guard let address = attempt.destination else { return "Only IPv4 and IPv6 can be allowed towards the outside." }
    guard let pod = sender.pod else { return outwardOfNobody }
    if let source = attempt.source, let gateway = explainer.gateway(at: source) {
      return outward(ofGateway: gateway, at: source, to: address)
    }
    guard isConfigurable else { return "Neither gateways nor exceptions carry it; nothing allows \(target)." }
    if explainer.isUnservedLinkLocal(address) {
      return "List \(address) in cluster.localAddresses if every node serves it itself, or add an entry to exceptions."
    }
    if model.context.forbidden.contains(address) {
      return "No ExternalService can name \(address) (E5); only an entry of exceptions for \(account(pod)) allows this."
    }
    guard attempt.transport == .tcp else {
      return "A gateway carries TCP alone; only an entry of exceptions for \(account(pod)) to \(target) allows this."
    }
    guard let place = explainer.destinations(at: address, port: attempt.port).first else {
      return "Name \(address) in an ExternalService that routes port \(attempt.port ?? 0) through an egress gateway and"
        + " select \(account(pod)) in an AccessPolicy for it, or add an entry to exceptions."
    }
    return outward(of: pod, to: place)
  }

  /// A client that goes past the gateway.
  private func outward(of pod: Pod, to place: FarPlace) -> String {
    let destination = model.destinations.all[place.destination]
    guard let exposure = destination.exposures.first else {
      return "No gateway exposes \(place.name): add it to exposedExternalServices of a listener of the VirtualGateway"
        + " that \(destination.service.reference) routes through."
    }
    let gateway = model.gateways.gateways[exposure.gateway].virtual.reference
    if place.port != attempt.port {
      return "\(destination.service.reference) has \(place.name) with port \(place.port), not \(attempt.port ?? 0):"
        + " add the port, and let the pod's sidecar send it through \(gateway)."
    }
    guard model.grants.byDestination[place.destination][pod.identity] != nil else {
      return "Select \(account(pod)) in an AccessPolicy for \(destination.service.reference), and let the pod's sidecar"
        + " send it through \(gateway)."
    }
    return "\(account(pod)) may reach \(place.name) through \(gateway) alone: let the pod's sidecar send it there, or"
      + " add an entry to exceptions."
  }

  private func outward(ofGateway gateway: EgressGateway, at source: IPAddress, to address: IPAddress) -> String {
    let name = gateway.virtual.reference
    guard explainer.gatewayPod(at: source)?.isFit ?? false else {
      return "A pod of \(name) may open connections while it runs on a gateway node alone (G2): move it there, or label"
        + " its Node."
    }
    guard attempt.transport == .tcp else { return "A gateway pod may open TCP alone; nothing allows \(target)." }
    let places = explainer.destinations(at: address, port: attempt.port)
    guard let place = places.first, place.port == attempt.port else {
      return "Name \(address) with port \(attempt.port ?? 0) in an ExternalService that routes through \(name), and"
        + " select a client of it in an AccessPolicy."
    }
    let destination = model.destinations.all[place.destination]
    let index = explainer.gatewayIndex(at: source)
    guard destination.exposures.contains(where: { $0.gateway == index }) else {
      return "\(name) does not expose \(place.name) of \(destination.service.reference): reference the gateway there,"
        + " and list the host in exposedExternalServices of a listener."
    }
    return "Select a client of \(destination.service.reference) in an AccessPolicy: as long as nobody may use it, no"
      + " gateway may reach it."
  }

  private var outwardOfNobody: String {
    guard let address = attempt.source, model.isInside(address) else {
      return "The node forwards nothing from \(source), which is outside, to the outside; nothing allows it."
    }
    return "No live pod is known to have \(source): give moat its Pod, and then what it may reach."
  }
}

// MARK: - To a gateway (S2, S3)

extension AttemptHint {
  fileprivate var towardsGateway: String {
    guard let address = attempt.destination else { return "A gateway pod accepts IPv4 and IPv6 alone." }
    guard explainer.isTowardsListener(attempt) else { return pastListeners(of: address) }
    let doors = explainer.doors(at: address, port: attempt.port)
    switch sender {
    case .host:
      return "Processes of the host are no clients of a gateway: list what they need in host.allow, to go there"
        + " directly."
    case .unknown: return stranger
    case .pod(let pod): return admission(of: pod, to: Set(doors.flatMap(\.destinations)).sorted())
    }
  }

  private var stranger: String {
    guard let address = attempt.source, model.isInside(address) else {
      return "Only pods with an address of their own are clients of a gateway (S2); nothing allows \(source)."
    }
    guard model.node(with: address) == nil else {
      return "\(address) is a Node's, so something on the way masquerades clients: let it keep their own addresses."
    }
    return "No live pod is known to have \(address): give moat its Pod, and select its ServiceAccount."
  }

  private func pastListeners(of address: IPAddress) -> String {
    let ports = Set(explainer.doors(at: address).flatMap(\.endpoints).filter { $0.pod.address == address }.map(\.port))
    let listeners =
      ports.isEmpty ? "no port at all" : "TCP on port " + ports.sorted().map(String.init).joined(separator: ", ")
    return "A gateway pod accepts \(listeners) from its clients: give the VirtualGateway a listener for \(target), or"
      + " list the port in gateways.managementPorts if it is a probe's."
  }

  private func admission(of pod: Pod, to destinations: [Int]) -> String {
    guard !destinations.isEmpty else {
      return "The listener exposes no ExternalService: let one route through the gateway, and select \(account(pod)) in"
        + " an AccessPolicy for it."
    }
    if destinations.contains(where: { model.grants.byDestination[$0][pod.identity] != nil }) {
      return "\(account(pod)) is selected, but not with \(source): see allowedIpBlocks of the AccessPolicy."
    }
    let trial = destinations.lazy.compactMap { model.grants.pending[$0][pod.identity]?.first?.reason.object }.first
    if let trial { return "\(trial) would allow it, but is a dry run: put it in force." }
    let names = destinations.map { "\(model.destinations.all[$0].service.reference)" }.sortedUnique()
    let rest = names.count > 3 ? " or \(names.count - 3) more" : ""
    return "Select \(account(pod)) in an AccessPolicy for \(names.prefix(3).joined(separator: ", "))\(rest)."
  }
}
