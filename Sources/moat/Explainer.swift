import ArgumentParser
import ClusterModel
import EgressPolicy
import EgressRuleset
import NetworkValues
import Nftables

/// The answer to one question of `moat explain`.
struct Explanation: Encodable {
  var from: String
  var to: String

  /// Whether enforcement lets the connection through.
  var isAllowed: Bool

  /// `audit`: what is refused passes all the same.
  var mode: String
  var hops: [Hop] = []
  var missing: [String] = []
  var findings: [String] = []

  /// One packet, and what every node on its way says.
  struct Hop: Encodable, Equatable {
    /// `hop A`, `hop B` or `packet`.
    var name: String
    var packet: Label

    /// The Service that translated the destination, if one did.
    var service: String?
    var judgements: [Verdict]
    var reasons: [String] = []
    var isAllowed: Bool

    init(name: String, packet: Label, judgements: [Verdict]) {
      self.name = name
      self.packet = packet
      self.judgements = judgements
      isAllowed = judgements.allSatisfy(\.isAllowed)
    }
  }

  /// A packet in the words of the command line.
  struct Label: Encodable, Equatable, CustomStringConvertible {
    var source: String
    var destination: String
    var `protocol`: String

    /// Absent for icmp.
    var port: UInt16?

    var description: String {
      "\(source) → \(destination) \(self.protocol)" + (port.map { " \($0)" } ?? "")
    }
  }

  /// What one node's hook says.
  struct Verdict: Encodable, Equatable {
    var node: String
    var hook: String
    var isAllowed: Bool

    /// The deciding rule's comment, and its chain.
    var rule: String?
    var chain: String?
  }
}

/// Answers from the rulesets of all nodes on the way.
struct Explainer {
  let model: EgressModel
  let subject: ExplainSubject
  private var walk: PacketWalk
  private var flows: [NodeName: EgressFlows] = [:]

  init(model: EgressModel, subject: ExplainSubject) {
    self.model = model
    self.subject = subject
    walk = PacketWalk(model)
  }

  /// - Throws: `ExitCode(1)` where the question makes no sense: no address of the family, a host towards a host name.
  func explain(_ target: ExplainTarget) throws -> Explanation {
    var copy = self
    switch target {
    case .packet(let address, let transport, let port):
      return try copy.judgePacket(to: address, transport, port: port)
    case .host(let name, let port): return try copy.followModel(to: name, port: port)
    }
  }

  private var subjectName: String {
    switch subject {
    case .pod(let pod): pod.name
    case .host(let node): "host \(node)"
    }
  }

  // MARK: One packet

  private mutating func judgePacket(
    to address: IPAddress, _ transport: TransportProtocol, port: UInt16
  ) throws -> Explanation {
    var explanation = Explanation(
      from: subjectName, to: label(address, transport, port), isAllowed: false, mode: model.mode)
    guard let source = try sourceAddress(for: address) else {
      explanation.missing = missing(to: address, transport, port: port)
      return explanation
    }
    let translation = model.translation(of: address, transport, port: port)
    let targets =
      translation?.targets ?? [ServiceTranslation.Target(address: address, port: port)]
    for target in targets {
      var hop = hop(
        "packet", Packet(from: source, to: target.address, transport, destinationPort: target.port), origin())
      hop.service = translation.map { "\($0.service)" }
      if hop.isAllowed {
        hop.reasons = reasons(from: source, to: target.address, transport, port: target.port)
      } else {
        explanation.missing += missing(to: target.address, transport, port: target.port)
      }
      explanation.hops.append(hop)
    }
    if let translation, targets.isEmpty {
      explanation.missing.append("\(translation.service) has no pod here; ask for the address that it leads to")
    }
    explanation.isAllowed = !explanation.hops.isEmpty && explanation.hops.allSatisfy(\.isAllowed)
    return explanation
  }

  private func origin() -> PacketWalk.Origin {
    switch subject {
    case .pod(let pod): .pod(on: pod.pod.node ?? NodeName(rawValue: ""))
    case .host(let node): .host(node)
    }
  }

  /// The subject's address of the destination's family; `nil` for a pod that has no address yet.
  private func sourceAddress(for destination: IPAddress) throws -> IPAddress? {
    let own: [IPAddress]
    switch subject {
    case .pod(let pod):
      guard pod.pod.node != nil, !pod.pod.addresses.isEmpty else { return nil }
      own = pod.pod.addresses
    case .host(let node): own = model.node(named: node)?.internalIPs ?? []
    }
    if let address = own.first(where: { $0.family == destination.family }) { return address }
    throw fail("\(subjectName) has no IPv\(destination.family.rawValue) address")
  }

  /// Reasons of the flows that allow the packet, on the node where it starts.
  private mutating func reasons(
    from source: IPAddress, to address: IPAddress, _ transport: TransportProtocol, port: UInt16
  ) -> [String] {
    let node: NodeName
    switch subject {
    case .pod(let pod): node = pod.pod.node ?? NodeName(rawValue: "")
    case .host(let name): node = name
    }
    let flows = model.flows(on: node)
    let isHost = if case .host = subject { true } else { false }
    let own =
      isHost
      ? flows.host : (flows.hopA + flows.hopB + flows.observed + flows.exceptions).filter { $0.from?.address == source }
    return (own + flows.apiServer).filter {
      $0.destination.contains(address) && $0.transport == transport
        && (!transport.hasPorts || $0.ports.contains(port))
    }.flatMap(\.reasons).map(\.description)
  }

  private func missing(to address: IPAddress, _ transport: TransportProtocol, port: UInt16) -> [String] {
    guard case .pod(let pod) = subject else {
      return [
        model.isGatewayPod(address)
          ? "gateway pods accept nothing from the host but gateways.managementPorts (S3)"
          : "no entry of host.allow or host.presets lists \(label(address, transport, port)) (S6)"
      ]
    }
    var sentences: [String] = []
    if let disownment = pod.disownment { sentences.append("\(pod.pod.reference) \(disownment)") }
    sentences += model.missing(for: pod, to: address, transport, port: port)
    return sentences
  }

  // MARK: A host name

  private mutating func followModel(to host: String, port: UInt16?) throws -> Explanation {
    guard case .pod(let pod) = subject else {
      throw fail("the host does not use the gateway; ask for an address: --to IP:PORT")
    }
    let model = model.explain(pod, to: host, port: port)
    var explanation = Explanation(
      from: subjectName, to: host + (port.map { ":\($0)" } ?? ""), isAllowed: false, mode: self.model.mode,
      findings: model.findings.map(\.description))
    for path in model.paths {
      let first = hopA(path)
      let second = hopB(path)
      for hop in [first] + second where !explanation.hops.contains(hop) { explanation.hops.append(hop) }
      if first.isAllowed, second.contains(where: \.isAllowed) { explanation.isAllowed = true }
    }
    if !explanation.isAllowed { explanation.missing = model.missing }
    return explanation
  }

  private mutating func hopA(_ path: EgressPath) -> Explanation.Hop {
    let packet = Packet(
      from: path.client.address, to: path.endpoint.pod.address, .tcp, destinationPort: path.endpoint.port)
    var hop = hop("hop A", packet, .pod(on: path.clientNode ?? NodeName(rawValue: "")))
    hop.reasons = hop.isAllowed ? path.reasons.map(\.description) : []
    return hop
  }

  private mutating func hopB(_ path: EgressPath) -> [Explanation.Hop] {
    path.gatewayAddresses.flatMap { own in
      path.far.filter { $0.destination.family == own.address.family }.map { far in
        let packet = Packet(from: own.address, to: far.destination.address, .tcp, destinationPort: far.port)
        var hop = hop("hop B", packet, .pod(on: path.gatewayNode ?? NodeName(rawValue: "")))
        hop.reasons =
          hop.isAllowed ? ["\(path.destination) port \(path.port) as \(far.name)", far.reason.description] : []
        return hop
      }
    }
  }

  private mutating func hop(_ name: String, _ packet: Packet, _ origin: PacketWalk.Origin) -> Explanation.Hop {
    let judgements = walk.judge(packet, from: origin).map { judgement in
      Explanation.Verdict(
        node: judgement.node.rawValue, hook: judgement.hook.rawValue, isAllowed: judgement.isAllowed,
        rule: judgement.rule, chain: judgement.chain)
    }
    let label = Explanation.Label(
      source: "\(packet.source)", destination: "\(packet.destination)", protocol: "\(packet.transport)",
      port: packet.destinationPort)
    return Explanation.Hop(name: name, packet: label, judgements: judgements)
  }

  private func label(_ address: IPAddress, _ transport: TransportProtocol, _ port: UInt16) -> String {
    transport.hasPorts ? "\(address) \(transport) \(port)" : "\(address) \(transport)"
  }

  private func fail(_ message: String) -> ExitCode {
    printError("moat: \(message).")
    return ExitCode(1)
  }
}
