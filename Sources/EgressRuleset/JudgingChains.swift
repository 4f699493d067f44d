import ClusterModel
import EgressPolicy
import NetworkValues
import Nftables

/// One original packet, judged by its addresses as they will be on the wire.
func original(_ rules: EnforcementRules) -> Chain {
  let families = IPFamily.allCases
  let gateways = families.map { family in
    Rule(
      [.lookup([family.destination], .isIn, set: SetName.gateways.of(family)), .verdict(.goto("to-gateway"))],
      comment: "S3 gateway pods")
  }
  let fromOutside = families.map { family in
    Rule(
      [.lookup([family.source], .isNotIn, set: SetName.inside.of(family)), .verdict(.goto("from-outside"))],
      comment: "S15 from outside")
  }
  // Without it the gateway's next segment would turn a revoked hop A round: inside may speak to inside.
  let midstream = families.map { family in
    Rule(
      [
        .connectionState(.new), .tcpFlags(mask: [.fin, .syn, .rst, .ack], .notEqual, .syn),
        .lookup([family.source], .isIn, set: SetName.gateways.of(family)),
        .lookup([family.destination], .isIn, set: SetName.inside.of(family)),
        .verdict(.goto(Refusal.midstream.chain)),
      ], comment: "S8 from gateway pods, a bare SYN only")
  }
  let inside = families.map { family in
    Rule(
      [.lookup([family.destination], .isIn, set: SetName.inside.of(family)), .verdict(.accept)],
      comment: "S5 inside stays open")
  }
  let apiServers = rules.apiServerFromPods ? families.map { apiServer($0) } : []
  return Chain(
    "original",
    rules: gateways + fromOutside + midstream + inside + apiServers + families.map { onlyEchoRequests($0, .external) }
      + families.flatMap { podAllowances($0, .external, .external_names, .external_networks, .external, "S4 hop B") }
      + families.flatMap {
        podAllowances($0, .exceptions, .exception_names, .exception_networks, .exception, "S7 exceptions")
      }
      + families.map { aheadOfNames($0) }
      + [Rule([.verdict(.goto(Refusal.external.chain))], comment: "S1 outside")])
}

/// What comes from outside addresses (S8, S15).
func fromOutside(_ rules: EnforcementRules) -> Chain {
  let midstream = Rule(
    [
      .connectionState(.new), .tcpFlags(mask: [.fin, .syn, .rst, .ack], .notEqual, .syn),
      .verdict(.goto(Refusal.midstream.chain)),
    ], comment: "S8 from outside, a bare SYN only")
  let inbound = IPFamily.allCases.flatMap { family -> [Rule] in
    let target = Statement.lookup([family.destination], .isIn, set: SetName.inside.of(family))
    let refused = Rule([target, .verdict(.goto(Refusal.inbound.chain))], comment: "S15 inbound")
    switch rules.inbound {
    case .any: return [Rule([target, .verdict(.accept)], comment: "S15 inbound: any")]
    case .services:
      return [
        Rule([.destinationTranslated, target, .verdict(.accept)], comment: "S15 inbound: services"),
        Rule(
          [.lookup([family.source], .isIn, set: SetName.inbound.of(family)), target, .verdict(.accept)],
          comment: "S15 inboundSources"), refused,
      ]
    case .none: return [refused]
    }
  }
  return Chain(
    "from-outside",
    rules: [midstream] + inbound + [Rule([.verdict(.goto(Refusal.external.chain))], comment: "S1 outside")])
}

/// What is forwarded to a gateway pod (S2, S3).
/// - Parameter answers: what passes besides, where nothing tells answers by their connection.
func toGateway(_ rules: EnforcementRules, answers: [Rule] = []) -> Chain {
  let clients = IPFamily.allCases.map { family in
    let admitted: [Statement] =
      switch rules.admission {
      case .authorized:
        [.lookup([family.source, family.destination, .tcpDestinationPort], .isIn, set: SetName.clients.of(family))]
      case .mesh:
        [
          .lookup([family.destination, .tcpDestinationPort], .isIn, set: SetName.endpoints.of(family)),
          .lookup([family.source], .isIn, set: SetName.podnetworks.of(family)),
        ]
      }
    return Rule(
      admitted + [.counter(Acceptance.gateway.rawValue), .verdict(.accept)],
      comment: "S2 admission: \(rules.admission.rawValue)")
  }
  let probes = IPFamily.allCases.map { family in
    Rule(
      [
        .lookup([.tcpDestinationPort], .isIn, set: managementPorts),
        .lookup([family.source], .isIn, set: SetName.inside.of(family)), .verdict(.accept),
      ], comment: "S3 managementPorts")
  }
  return Chain(
    "to-gateway",
    rules: clients + listenersAreNoProbes + probes + answers + [
      Rule([.verdict(.goto(Refusal.gateway.chain))], comment: "S3 gateway pods accept nothing else")
    ])
}

/// S2 comes before S3: a listener on a management port is a listener, and admits its clients alone.
private let listenersAreNoProbes = IPFamily.allCases.map { family in
  Rule(
    [
      .lookup([family.destination, .tcpDestinationPort], .isIn, set: SetName.endpoints.of(family)),
      .verdict(.goto(Refusal.gateway.chain)),
    ], comment: "S2 clients only")
}

/// What the host itself sends to a gateway pod: probes only (S3).
let hostToGateway = Chain(
  "host-to-gateway",
  rules: listenersAreNoProbes + [
    Rule(
      [.lookup([.tcpDestinationPort], .isIn, set: managementPorts), .verdict(.accept)], comment: "S3 managementPorts"),
    Rule([.verdict(.goto(Refusal.gateway.chain))], comment: "S3 gateway pods accept nothing else"),
  ])

/// Counts, logs within the rate, and refuses; in audit mode lets the packet pass (S13).
/// - Parameter answering: whether the hooks can answer; else what is refused is dropped.
func refusalChains(
  _ rules: EnforcementRules, of reasons: [Refusal] = Refusal.allCases, answering: Bool = true
) -> [Chain] {
  reasons.map { reason in
    let record = Rule([
      .limit(perSecond: rules.log.deniedRate, burst: rules.log.deniedBurst),
      .log(prefix: reason.rawValue, group: 28015, snaplen: 128),
    ])
    let answer: [Rule] =
      if rules.mode == .audit {
        [Rule([.verdict(.accept)], comment: "S13 audit")]
      } else if reason.isSilent || !answering {
        [Rule([.verdict(.drop)])]
      } else {
        [Rule([.reject(.tcpReset)]), Rule([.reject(.administrativelyProhibited)])]
      }
    return Chain(
      reason.chain, rules: [Rule([.counter(reason.rawValue)])] + (rules.log.deniedEnabled ? [record] : []) + answer)
  }
}

/// S16.
func apiServer(_ family: IPFamily) -> Rule {
  Rule(
    [
      .lookup([family.destination, .tcpDestinationPort], .isIn, set: SetName.apiserver.of(family)),
      .counter(Acceptance.apiServer.rawValue), .verdict(.accept),
    ], comment: "S16 API server")
}

/// S8: of ICMP towards the outside only echo requests can be allowed, never errors or redirects.
func onlyEchoRequests(_ family: IPFamily, _ reason: Refusal) -> Rule {
  Rule(
    [.compare(family.icmp, .notEqual, family == .v4 ? 8 : 128), .verdict(.goto(reason.chain))],
    comment: "S8 no ICMP but echo requests")
}

/// Allowances of pods: exact tuples, then those that DNS gave, then networks.
private func podAllowances(
  _ family: IPFamily, _ exact: SetName, _ names: SetName, _ networks: SetName, _ counter: Acceptance, _ comment: String
) -> [Rule] {
  let accept: [Statement] = [.counter(counter.rawValue), .verdict(.accept)]
  let service: [Field] = [.transportProtocol, .destinationPort]
  return [exact, names].map { set in
    Rule(
      [.lookup([family.source, family.destination] + service, .isIn, set: set.of(family))] + accept, comment: comment)
  } + [
    Rule(
      [.lookup([family.destination, family.source] + service, .isIn, set: networks.of(family))] + accept,
      comment: comment)
  ]
}

extension IPFamily {
  /// This family's fields.
  var source: Field { self == .v4 ? .source4 : .source6 }
  var destination: Field { self == .v4 ? .destination4 : .destination6 }
  var icmp: Field { self == .v4 ? .icmpType : .icmp6Type }
}
