import ClusterModel
import EgressPolicy
import NetworkValues
import Nftables

/// Judges packets at every node they meet, by the rulesets those nodes would hold.
package struct PacketWalk {
  /// Where a packet starts.
  package enum Origin: Sendable {
    /// In a pod on this node.
    case pod(on: NodeName)

    /// A process of this host.
    case host(NodeName)

    /// Outside, arriving at this node.
    case outside(at: NodeName)
  }

  private let model: EgressModel
  private var rulesets: [NodeName: Ruleset] = [:]
  private var interfaces: [NodeName: InterfaceFlows] = [:]

  package init(_ model: EgressModel) { self.model = model }

  /// The ruleset of `node`, lowered once.
  package mutating func ruleset(of node: NodeName) -> Ruleset {
    if let known = rulesets[node] { return known }
    let flows = model.flows(on: node)
    let ruleset = lower(flows)
    rulesets[node] = ruleset
    interfaces[node] = flows.interfaces
    return ruleset
  }

  /// Every judgement of `packet` from `origin` on, up to the first refusal: at the node where it starts, and at the node
  /// where its destination lives. A pod's packet comes in by the pod's own interface.
  package mutating func judge(_ packet: Packet, from origin: Origin) -> [Judgement] {
    var judgements: [Judgement] = []
    var way = way(of: packet, from: origin)
    var packet = packet
    if case .pod(let node) = origin {
      packet.inputInterface = inputInterface(of: packet.source, on: node)
      if packet.inputInterface != nil { way.insert((node, .prerouting), at: 0) }
    }
    for (node, hook) in way {
      if judgements.last.map({ $0.node != node }) ?? false { packet.inputInterface = nil }
      let judgement = judge(packet, on: node, at: hook)
      judgements.append(judgement)
      if !judgement.passes { break }
    }
    return judgements
  }

  /// The interface of a pod's address as the node's hooks see it; one that is in no list where the address is bound to
  /// none, and `nil` where nobody has looked at the node.
  private mutating func inputInterface(of address: IPAddress, on node: NodeName) -> UInt32? {
    _ = ruleset(of: node)
    guard let seen = interfaces[node] else { return nil }
    return seen.bindings.first { $0.address.address == address }?.interface ?? .max
  }

  /// What one hook of `node` does with `packet`, which is as it is there: for ways that `judge(_:from:)` does not know,
  /// through translations of addresses.
  package mutating func judge(_ packet: Packet, on node: NodeName, at hook: Hook.Point) -> Judgement {
    let table = ruleset(of: node)[moatTable] ?? Table(id: moatTable, counters: [], sets: [], chains: [])
    return Judgement(node: node, hook: hook, trace: trace(packet.seen(by: model, at: node), through: table, at: hook))
  }

  /// The hooks in order. A node's own address ends in its input hook; a pod's address in the forward hook of its node,
  /// except for packets of that node's host, which output alone judges.
  private func way(of packet: Packet, from origin: Origin) -> [(NodeName, Hook.Point)] {
    let pod = model.owner(of: packet.destination)
    let target = pod?.pod.node ?? model.node(with: packet.destination)?.name
    let isLocalAddress = model.localAddresses.contains(packet.destination)
    let isNode = (pod == nil && target != nil) || isLocalAddress
    let start: (NodeName, Hook.Point)
    switch origin {
    case .host(let node): start = (node, .output)
    case .pod(let node), .outside(let node):
      start = (node, isNode && (target == node || isLocalAddress) ? .input : .forward)
    }
    guard let target, target != start.0 else { return [start] }
    return [start, (target, isNode ? .input : .forward)]
  }
}

/// What one node's hook does with a packet.
package struct Judgement: Sendable {
  /// The node where the packet is judged.
  package var node: NodeName

  /// The hook where it is judged.
  package var hook: Hook.Point

  /// What each rule did.
  package var trace: Trace

  /// Whether the packet goes on. In audit mode everything does.
  package var passes: Bool { trace.verdict == .accepted }

  /// Whether enforcement lets the packet go on: what audit mode would refuse is not.
  package var isAllowed: Bool { passes && refusal == nil }

  /// The refusal, by its counter, also where audit mode lets the packet pass.
  package var refusal: Refusal? { trace.counters.compactMap(Refusal.init(rawValue:)).first }

  /// The allowance's counter, if an allowance let the packet pass.
  package var acceptance: Acceptance? { trace.counters.compactMap(Acceptance.init(rawValue:)).first }

  /// The rule that sent the packet to its end: the last one with a comment.
  package var rule: String? { trace.steps.compactMap(\.rule.comment).last { !$0.hasPrefix("S13") } }

  /// The chain of that rule.
  package var chain: String? {
    trace.steps.last { $0.rule.comment.map { !$0.hasPrefix("S13") } ?? false }?.chain
  }
}

extension Packet {
  /// The packet with what `node` knows of its own addresses.
  fileprivate func seen(by model: EgressModel, at node: NodeName) -> Packet {
    var packet = self
    let own = (model.node(named: node)?.internalIPs ?? []) + model.localAddresses
    packet.sourceIsLocal = own.contains(source) || source.isLoopback
    packet.destinationIsLocal = own.contains(destination) || destination.isLoopback
    return packet
  }
}

extension IPAddress {
  /// 127.0.0.0/8 or ::1.
  package var isLoopback: Bool { family == .v4 ? value >> 24 == 127 : value == 1 }
}
