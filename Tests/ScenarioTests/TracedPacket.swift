import ClusterModel
import EgressRuleset
import NamespaceLab
import NetworkValues
import Nftables

/// Follows a row's packet by trace through every node on its way, with kube-proxy's translations at each.
struct TracedPacket {
  let topology: ScenarioTopology
  var walk: PacketWalk

  init(_ scenario: Scenario, _ topology: ScenarioTopology) {
    self.topology = topology
    walk = PacketWalk(scenario.model)
  }

  /// What every node's hook does, up to the first that does not let the packet pass.
  mutating func judgements(of row: PacketRow) throws -> [Judgement] {
    var packet = try packet(of: row)
    var node = try topology.start(row)
    var isOwn = if case .host = row.from { true } else { false }
    var isMasqueraded = false
    var result: [Judgement] = []
    for _ in topology.lab.nodes.indices {
      let target = translate(&packet, at: node)
      isMasqueraded = isMasqueraded || target?.masquerades == true
      let isLocal = topology.lab.isLocal(packet.destination, at: node)
      let judgement = walk.judge(
        packet, on: NodeName(rawValue: node), at: isOwn ? .output : isLocal ? .input : .forward)
      result.append(judgement)
      guard judgement.passes, !isLocal, let next = topology.lab.node(towards: packet.destination, from: node),
        next != node
      else { return result }
      if isMasqueraded { packet.source = nodeAddress(node, packet.family) ?? packet.source }
      packet.destinationTranslated = false
      (node, isOwn, isMasqueraded) = (next, false, false)
    }
    return result
  }

  /// Rewrites the destination as `node` does before its hooks judge.
  private func translate(_ packet: inout Packet, at node: String) -> LabTopology.Translation? {
    let port = packet.destinationPort ?? 0
    guard let found = topology.lab.translation(of: packet.destination, packet.transport, port, at: node) else {
      return nil
    }
    packet.destination = found.target
    packet.destinationPort = found.targetPort
    packet.destinationTranslated = true
    return found
  }

  private func nodeAddress(_ node: String, _ family: IPFamily) -> IPAddress? {
    topology.lab.nodes.first { $0.name == node }?.addresses.first { $0.family == family }
  }

  private func packet(of row: PacketRow) throws -> Packet {
    let source = try topology.source(row)
    if let quote = row.quote {
      return Packet(
        from: source, to: row.to, row.transport, icmpType: row.to.family.destinationUnreachable,
        state: quote.isKnown ? .related : .invalid)
    }
    guard let flags = row.traceFlags.map(Nftables.TCPFlags.init(rawValue:)) else {
      return Packet(from: source, to: row.to, row.transport, destinationPort: row.port)
    }
    return Packet(
      from: source, to: row.to, row.transport, destinationPort: row.port, tcpFlags: flags,
      state: flags.opensConnection ? .new : .invalid)
  }
}

extension PacketRow.Verdict {
  /// What a sender learns from the last of a packet's judgements. Nobody answers an ICMP error (RFC 1122, 3.2.2).
  init(_ judgement: Judgement?, of row: PacketRow) {
    switch judgement?.trace.verdict {
    case .rejected where row.quote == nil: self = .refused
    case .rejected, .dropped: self = .dropped
    case .accepted, nil: self = .allowed
    }
  }
}

extension IPFamily {
  /// The ICMP type of "destination unreachable".
  var destinationUnreachable: UInt8 { self == .v4 ? 3 : 1 }
}

extension Nftables.TCPFlags {
  /// Whether connection tracking makes an entry of a segment that belongs to no connection: a SYN alone, or, because it
  /// picks up connections midstream, an ACK without FIN, SYN or RST.
  ///
  /// See: nf_conntrack_proto_tcp.c, tcp_conntracks, and nf_conntrack_tcp_loose
  var opensConnection: Bool {
    let control = intersection([.fin, .syn, .rst, .ack])
    return control == .syn || control == .ack
  }
}
