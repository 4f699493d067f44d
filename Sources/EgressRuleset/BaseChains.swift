import ClusterModel
import EgressPolicy
import NetworkValues
import Nftables

/// What comes in for the host itself: S8's bare SYN, and no tunnels from pods. Without the first a server's next segment
/// would turn a revoked connection round, and the host could answer it.
func input(_ flows: EgressFlows) -> Chain {
  Chain(
    "input", hook: Hook(.input, priority: 0, policy: .accept),
    rules: copies(of: [.query], on: flows.role) + tunnelsAfterTranslation(flows.interfaces)
      + IPFamily.allCases.map { family in
        Rule(
          [
            .connectionState(.new), .tcpFlags(mask: [.fin, .syn, .rst, .ack], .notEqual, .syn),
            .lookup([family.source], .isNotIn, set: SetName.inside.of(family)), .localAddress(.source, .notEqual),
            .verdict(.goto(Refusal.midstream.chain)),
          ], comment: "S8 from outside, a bare SYN only")
      })
}

/// What passes through the node, after every DNAT.
func forward(_ flows: EgressFlows) -> Chain {
  let interfaces = flows.interfaces
  return Chain(
    "forward", hook: Hook(.forward, priority: 0, policy: flows.rules.basePolicy),
    rules: copies(of: [.query, .answer], on: flows.role) + [replies] + relatedErrors(towardsInside: true)
      + tunnelsAfterTranslation(interfaces)
      + strangersAfterTranslation(interfaces)
      + (interfaces?.bridged == nil ? [] : [bridgedNeighbours])
      + [Rule([.verdict(.goto("original"))])])
}

/// Neighbours on one bridge, whose packets come by here where br_netfilter shows them. What is routed arrives with a
/// hop limit below 255.
let bridgedNeighbours = Rule(
  [.compare(.hopLimit6, .equal, 255), .lookup([.icmp6Type], .isIn, set: neighbourTypes), .verdict(.accept)],
  comment: "S9 neighbours on one bridge")

/// What the host sends; on nodes that use IPVS also pods' packets, which bear a pod's address.
func output(_ flows: EgressFlows) -> Chain {
  let (rules, interfaces) = (flows.rules, flows.interfaces)
  let families = IPFamily.allCases
  let pods = families.map { family in
    Rule(
      [
        .lookup([family.source], .isNotIn, set: SetName.link_sources.of(family)), .localAddress(.source, .notEqual),
        .verdict(.goto("original")),
      ], comment: "S6 somebody else's packet, by IPVS")
  }
  let gateways = families.map { family in
    Rule(
      [.lookup([family.destination], .isIn, set: SetName.gateways.of(family)), .verdict(.goto("host-to-gateway"))],
      comment: "S3 gateway pods")
  }
  let inside = families.map { family in
    Rule(
      [.lookup([family.destination], .isIn, set: SetName.inside.of(family)), .verdict(.accept)], comment: "S6 inside")
  }
  return Chain(
    "output", hook: Hook(.output, priority: 0, policy: rules.basePolicy),
    rules: copies(of: [.answer], on: flows.role) + [replies, resets] + pods + relatedErrors(towardsInside: false)
      + [Rule([.localAddress(.destination, .equal), .verdict(.accept)], comment: "S17 this node")]
      + neighbourDiscovery(isObserved: interfaces != nil) + gateways + inside + families.map { apiServer($0) }
      + families.map { onlyEchoRequests($0, .host) } + families.flatMap(hostAllowances) + cgroupRules(flows) + [
        Rule([.verdict(.goto(Refusal.host.chain))], comment: "S6 host")
      ])
}

/// S8: the only packets that pass unjudged.
private let replies = Rule(
  [.connectionDirection(.reply), .connectionState(.established), .verdict(.accept)], comment: "S8 replies")

/// The kernel's own answer to a TCP packet that a rule rejected: it bears the far address and belongs to the refused
/// connection, so without this rule a refused gateway pod would wait for ever. No process can send such a packet: only
/// what the kernel answers is related in the reply direction.
///
/// See: net/ipv4/netfilter/nf_reject_ipv4.c, nf_ct_attach
let resets = Rule(
  [
    .connectionDirection(.reply), .connectionState(.related), .tcpFlags(mask: [.rst], .equal, .rst), .verdict(.accept),
  ], comment: "S8 answers to refusals")

/// S8: ICMP errors about a connection, towards inside addresses, or from the host to anywhere.
private func relatedErrors(towardsInside: Bool) -> [Rule] {
  IPFamily.allCases.map { family in
    let target: [Statement] =
      towardsInside ? [.lookup([family.destination], .isIn, set: SetName.inside.of(family))] : []
    return Rule(
      [.connectionState(.related), .lookup([family.icmp], .isIn, set: SetName.icmp_errors.of(family))] + target
        + [.verdict(.accept)], comment: "S8 errors")
  }
}

/// S6: neighbour discovery, and multicast listener discovery to the link.
///
/// A neighbour is whoever is on the link, gateway pods and routers with global addresses among them: without an
/// advertisement to its own address none of them finds this node. While nobody has looked at the interfaces, and so at
/// what is on-link, any address may be one: receivers take such packets with hop limit 255 alone, which no router has
/// passed on, and only the kernel and processes with raw sockets, which no hook confines, can send them.
///
/// See: RFC 4861, sections 7.1 and 7.2.4; RFC 3810, section 5
private func neighbourDiscovery(isObserved: Bool) -> [Rule] {
  let discovery: [Statement] = [
    .compare(.hopLimit6, .equal, 255), .lookup([.icmp6Type], .isIn, set: neighbourTypes),
  ]
  let targets: [[Statement]] =
    isObserved
    ? [neighbours, SetName.inside.of(.v6)].map { [.lookup([.destination6], .isIn, set: $0)] } : [[]]
  return targets.map { Rule(discovery + $0 + [.verdict(.accept)], comment: "S6 neighbour discovery") } + [
    Rule(
      [
        .lookup([.icmp6Type], .isIn, set: listenerTypes), .lookup([.destination6], .isIn, set: neighbours),
        .verdict(.accept),
      ], comment: "S6 multicast listener discovery")
  ]
}

/// S6: `host.allow` and `host.presets`.
private func hostAllowances(_ family: IPFamily) -> [Rule] {
  [SetName.hosts, .host_networks, .host_names].map { set in
    Rule(
      [
        .lookup([family.destination, .transportProtocol, .destinationPort], .isIn, set: set.of(family)),
        .counter(Acceptance.host.rawValue), .verdict(.accept),
      ], comment: "S6 host.allow")
  }
}

extension EnforcementRules {
  /// A base chain's policy: what no rule decided is dropped, or in audit mode passes.
  var basePolicy: Hook.Policy { mode == .enforce ? .drop : .accept }
}
