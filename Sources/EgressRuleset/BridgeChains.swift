import EgressPolicy
import NetworkValues
import Nftables

/// The chains of the bridge table (S2, S3, S9, S14).
///
/// `prerouting` judges who sends, port by port, `delivery` who gets it, both before br_netfilter shows the packet to the
/// inet hooks. `forward` judges what goes from port to port, after inet's forward hook, which knows connections and
/// answers what it refuses, and without it where br_netfilter is not at work. It cannot tell which is so.
/// See: linux/netfilter_bridge.h, NF_BR_PRI_BRNF
func bridgeChains(_ rules: EnforcementRules) -> [Chain] {
  [
    prerouting(rules), fromBoundPort, fromUnboundPort, fromOtherPort, fromAddress, advertisement,
    Chain("link-scope", rules: hostAddressesAndAdvertisements + linkScope.rules), forward(rules),
    toGateway(rules, answers: answers),
  ] + deliveries(rules) + refusalChains(rules, of: bridgeRefusals, answering: false)
}

/// Why frames are refused; nothing is answered.
let bridgeRefusals: [Refusal] = [.external, .gateway, .spoof, .origin]

private func prerouting(_ rules: EnforcementRules) -> Chain {
  Chain(
    "prerouting", hook: Hook(.prerouting, priority: -300, policy: rules.basePolicy),
    rules: sourceRoutes + [
      Rule(
        [.lookup([.inputInterface], .isIn, set: boundPorts), .verdict(.goto("from-bound-port"))], comment: "S9 pods"),
      Rule(
        [.lookup([.inputInterface], .isIn, set: otherPorts), .verdict(.goto("from-other-port"))],
        comment: "S14 uplinks and tunnels"),
      Rule([.verdict(.goto("from-unbound-port"))], comment: "S9 unknown pods"),
    ])
}

/// A VLAN tag, PPPoE, LLC and whatever else pods have no use for.
private let plainFrames = Rule(
  [.lookup([.etherType], .isNotIn, set: frameTypes), .verdict(.goto(Refusal.origin.chain))],
  comment: "S14 untagged ARP and IP only")

/// What is left of ARP is a lie.
private let otherARP = Rule(
  [.compare(.etherType, .equal, 0x0806), .verdict(.goto(Refusal.spoof.chain))], comment: "S9 ARP for another address")

/// What a known pod sends.
private let fromBoundPort = Chain(
  "from-bound-port",
  rules: [
    plainFrames,
    Rule(
      [.lookup([.inputInterface, .arpSource4], .isIn, set: SetName.pods.of(.v4)), .verdict(.accept)],
      comment: "S9 ARP for its own address"),
    Rule(
      [.lookup([.arpSource4], .isIn, set: SetName.unspecified.of(.v4)), .verdict(.accept)], comment: "S9 ARP probes"),
    otherARP, Rule([.verdict(.jump("link-scope"))]),
  ]
    + IPFamily.allCases.map { family in
      Rule(
        [
          .lookup([.inputInterface, family.source], .isIn, set: SetName.pods.of(family)),
          .verdict(.goto("from-address")),
        ], comment: "S9 its own address")
    } + [Rule([.verdict(.goto(Refusal.spoof.chain))], comment: "S9 not its own address")])

/// What comes by a port of which nobody knows whose it is: what could be a pod that the API has not told of yet.
private let fromUnboundPort = Chain(
  "from-unbound-port",
  rules: [
    plainFrames, refusing(.arpSource4, SetName.host_addresses.of(.v4), .spoof, "S9 the host's address"),
    Rule(
      [.lookup([.arpSource4], .isNotIn, set: SetName.reserved.of(.v4)), .verdict(.accept)],
      comment: "S9 ARP for nobody's address"),
    otherARP, Rule([.verdict(.jump("link-scope"))]),
  ]
    + IPFamily.allCases.flatMap { family in
      [
        refusing(family.source, SetName.host_addresses.of(family), .spoof, "S9 the host's address"),
        refusing(family.source, SetName.reserved.of(family), .spoof, "S9 another pod's address"),
        Rule(
          [.lookup([family.source], .isNotIn, set: SetName.inside.of(family)), .verdict(.goto(Refusal.origin.chain))],
          comment: "S14 from outside, by a pod"),
        refusing(
          family.destination, SetName.gateways.of(family), .spoof, "S9 an unknown pod towards a gateway"),
      ]
    } + [Rule([.verdict(.goto("from-address"))])])

/// What an uplink or a tunnel brings to a bridge: anything but this node's pods' addresses.
private let fromOtherPort = Chain(
  "from-other-port",
  rules: [
    refusing(.arpSource4, SetName.localpods.of(.v4), .spoof, "S9 a local pod's address elsewhere"),
    Rule(
      [
        .compare(.icmp6Type, .equal, 136), .lookup([.neighbourTarget6], .isIn, set: localTargets),
        .verdict(.goto(Refusal.spoof.chain)),
      ], comment: "S9 a local pod's address elsewhere"),
  ]
    + IPFamily.allCases.map {
      refusing($0.source, SetName.localpods.of($0), .spoof, "S9 a local pod's address elsewhere")
    } + [Rule([.verdict(.accept)])])

/// What a pod sends with an address that it may bear.
private let fromAddress = Chain(
  "from-address",
  rules: [
    Rule([.compare(.icmp6Type, .equal, 136), .verdict(.goto("advertisement"))]),
    Rule(
      [.lookup([.icmp6Type], .isIn, set: routerTypes), .verdict(.goto(Refusal.spoof.chain))],
      comment: "S9 no routers among pods"),
    podNeighbours,
  ] + podLimits + [Rule([.verdict(.accept)])])

/// A neighbour advertisement of a pod: its target must be its own too. One whose target cannot be read is refused.
private let advertisement = Chain(
  "advertisement",
  rules: [
    refusing(.neighbourTarget6, hostTargets, .spoof, "S9 the host's address"),
    Rule(
      [.lookup([.inputInterface, .neighbourTarget6], .isIn, set: ownTargets), .verdict(.accept)],
      comment: "S9 its own address"),
    Rule([.lookup([.neighbourTarget6], .isIn, set: linkTargets), .verdict(.accept)], comment: "S9 link-local"),
    Rule(
      [
        .lookup([.inputInterface], .isNotIn, set: boundPorts),
        .lookup([.neighbourTarget6], .isNotIn, set: reservedTargets), .verdict(.accept),
      ], comment: "S9 nobody's address"),
    Rule([.verdict(.goto(Refusal.spoof.chain))], comment: "S9 advertises another address"),
  ])

/// Before the exceptions of the link: the host's link-local addresses, and advertisements from link-local addresses.
private let hostAddressesAndAdvertisements = [
  refusing(.source6, SetName.host_addresses.of(.v6), .spoof, "S9 the host's address"),
  Rule([
    .lookup([.source6], .isIn, set: SetName.link_sources.of(.v6)), .compare(.icmp6Type, .equal, 136),
    .verdict(.goto("advertisement")),
  ]),
]

/// What goes from port to port. Answers from the outside cannot be told from anything else here, so nothing is bridged
/// between pods and the outside.
private func forward(_ rules: EnforcementRules) -> Chain {
  let toGateways = IPFamily.allCases.map { family in
    Rule(
      [.lookup([family.destination], .isIn, set: SetName.gateways.of(family)), .verdict(.goto("to-gateway"))],
      comment: "S3 gateway pods")
  }
  let inside = IPFamily.allCases.map { family in
    Rule(
      [
        .lookup([family.source], .isIn, set: SetName.inside.of(family)),
        .lookup([family.destination], .isIn, set: SetName.inside.of(family)), .verdict(.accept),
      ], comment: "S5 inside stays open")
  }
  return Chain(
    "forward", hook: Hook(.forward, priority: 10, policy: rules.basePolicy),
    rules: [
      Rule(
        [
          .lookup([.inputInterface], .isIn, set: otherPorts), .lookup([.outputInterface], .isIn, set: otherPorts),
          .verdict(.accept),
        ], comment: "S14 between uplinks"),
      plainFrames, Rule([.compare(.etherType, .equal, 0x0806), .verdict(.accept)], comment: "S9 ARP, judged before"),
      bridgedNeighbours,
    ] + toGateways + [
      // Broadcasts, and what bridges flood because they do not know the receiver: no refusals of anybody's connections.
      Rule(
        [
          .lookup([.outputInterface], .isIn, set: gatewayPorts),
          .verdict(rules.mode == .enforce ? .drop : .accept),
        ], comment: "S3 not to its address"),
      Rule([.verdict(.jump("link-scope"))]),
    ] + inside + [Rule([.verdict(.goto(Refusal.external.chain))], comment: "S1 outside")])
}

/// A known pod's packets go out by its own port, also before br_netfilter shows them to inet: a port that takes another's
/// hardware address, and what bridges flood, tells nobody anything. No refusals of anybody's connections.
private func deliveries(_ rules: EnforcementRules) -> [Chain] {
  let elsewhere = IPFamily.allCases.map { family in
    Rule(
      [
        .lookup([family.destination], .isIn, set: SetName.bound.of(family)),
        .lookup([.outputInterface, family.destination], .isNotIn, set: SetName.pods.of(family)),
        .verdict(rules.mode == .enforce ? .drop : .accept),
      ], comment: "S9 a pod's packets by another's port")
  }
  return [("delivery", Hook.Point.forward), ("delivery-from-host", .output)].map { name, point in
    Chain(name, hook: Hook(point, priority: -200, policy: .accept), rules: elsewhere)
  }
}

/// What may be an answer to a gateway pod: no TCP segment that opens a connection, DNS, ICMP errors and echo replies.
private let answers: [Rule] =
  [
    Rule([.tcpFlags(mask: [.rst, .ack], .notEqual, []), .verdict(.accept)], comment: "S8 answers by TCP"),
    Rule([.compare(.udpSourcePort, .equal, 53), .verdict(.accept)], comment: "S8 answers of a resolver"),
  ]
  + IPFamily.allCases.flatMap { family in
    [
      Rule(
        [.lookup([family.icmp], .isIn, set: SetName.icmp_errors.of(family)), .verdict(.accept)], comment: "S8 errors"),
      Rule(
        [.compare(family.icmp, .equal, family == .v4 ? 0 : 129), .verdict(.accept)], comment: "S8 echo replies"),
    ]
  }

private func refusing(_ field: Field, _ set: String, _ reason: Refusal, _ comment: String) -> Rule {
  Rule([.lookup([field], .isIn, set: set), .verdict(.goto(reason.chain))], comment: comment)
}
