import EgressPolicy
import NetworkValues
import Nftables

/// Identity and origin, before connection tracking (S9, S14). Where nobody has looked at the node's interfaces only the
/// packet itself is judged; what is refused here is refused in silence.
func rawChains(_ interfaces: InterfaceFlows?) -> [Chain] {
  let isObserved = interfaces != nil
  let base = [
    Chain(
      "raw-prerouting", hook: Hook(.prerouting, priority: -300, policy: .accept),
      rules: sourceRoutes + (isObserved ? prerouting : [])),
    Chain(
      "raw-output", hook: Hook(.output, priority: -300, policy: .accept),
      rules: sourceRoutes + (isObserved ? rawOutput : [])),
  ]
  return isObserved ? base + [fromPod, fromBoundPod, linkScope] : base
}

/// What may go on to another address than the one it is judged by, here or at a router after this node.
///
/// An IPv4 source route with one address takes seven bytes of options, so every header with room for more than four is
/// refused. `ip option lsrr exists` will not do: it does not see a route of which a part is used up, which the kernel
/// follows all the same. What fits into four bytes, router alert above all, stays. Of IPv6 every routing header is
/// refused, whatever its type says: of two, nft would see the first alone.
///
/// See: RFC 791, section 3.1; RFC 8754; net/ipv4/ip_options.c, __ip_options_compile
let sourceRoutes = [
  Rule(
    [.compare(.headerLength4, .notEqual, 5), .compare(.headerLength4, .notEqual, 6), refusedRoute],
    comment: "S14 options with room for a source route"),
  Rule([.routingHeader, refusedRoute], comment: "S14 a routing header"),
]

private let refusedRoute = Statement.verdict(.goto(Refusal.origin.chain))

/// By interface: loopback, pods, uplinks, tunnels, and what is of no known class.
private let prerouting: [Rule] =
  [
    Rule(
      [.lookup([.inputInterface], .isIn, set: loopbackInterfaces), .localAddress(.source, .equal), .verdict(.accept)],
      comment: "S9 loopback"),
    Rule(
      [.lookup([.inputInterface], .isIn, set: loopbackInterfaces)] + resets.statements, comment: resets.comment),
    Rule(
      [.lookup([.inputInterface], .isIn, set: loopbackInterfaces), .verdict(.goto(Refusal.origin.chain))],
      comment: "S14 forged by the host"),
    Rule([.lookup([.inputInterface], .isIn, set: podInterfaces), .verdict(.goto("from-pod"))], comment: "S9 pods"),
  ]
  + IPFamily.allCases.map { family in
    Rule(
      [.lookup([family.source], .isIn, set: SetName.localpods.of(family)), .verdict(.goto(Refusal.spoof.chain))],
      comment: "S9 a local pod's address elsewhere")
  } + [
    Rule([.lookup([.inputInterface], .isIn, set: uplinkInterfaces), .verdict(.accept)], comment: "S14 uplinks"),
    Rule([.verdict(.jump("link-scope"))]),
  ]
  + IPFamily.allCases.map { family in
    Rule(
      [.lookup([family.source], .isNotIn, set: SetName.inside.of(family)), .verdict(.goto(Refusal.origin.chain))],
      comment: "S14 from outside, by no uplink")
  } + [
    Rule([.lookup([.inputInterface], .isIn, set: tunnelInterfaces), .verdict(.accept)], comment: "S14 tunnels")
  ] + IPFamily.allCases.flatMap { strangers($0, "an interface of no known class") }
  + towardsInside("S14 an interface of no known class")

/// What came in by a pod's interface.
private let fromPod = Chain(
  "from-pod",
  rules: [Rule([.verdict(.jump("link-scope"))])]
    + IPFamily.allCases.map { family in
      Rule(
        [
          .lookup([.inputInterface, family.source], .isIn, set: SetName.pods.of(family)),
          .verdict(.goto("from-bound-pod")),
        ], comment: "S9 its own address")
    }
    + [
      Rule(
        [.lookup([.inputInterface], .isIn, set: boundInterfaces), .verdict(.goto(Refusal.spoof.chain))],
        comment: "S9 not its own address")
    ]
    + IPFamily.allCases.flatMap { family in
      strangers(family, "an unknown pod") + [
        Rule(
          [.lookup([family.source], .isNotIn, set: SetName.inside.of(family)), .verdict(.goto(Refusal.origin.chain))],
          comment: "S14 from outside, by a pod")
      ]
    } + [podNeighbours] + podLimits + towardsInside("S9 an unknown pod"))

/// What nobody may do who is not known: bear a pod's address, speak to a gateway pod.
private func strangers(_ family: IPFamily, _ who: String) -> [Rule] {
  [
    Rule(
      [.lookup([family.source], .isIn, set: SetName.reserved.of(family)), .verdict(.goto(Refusal.spoof.chain))],
      comment: "S9 \(who) with a pod's address"),
    Rule(
      [.lookup([family.destination], .isIn, set: SetName.gateways.of(family)), .verdict(.goto(Refusal.spoof.chain))],
      comment: "S9 \(who) towards a gateway"),
  ]
}

/// What a known pod sends with its own address.
private let fromBoundPod = Chain(
  "from-bound-pod",
  rules: [podNeighbours] + podLimits + [Rule([.verdict(.accept)])])

/// Neighbour discovery of a pod that has an address of its own.
let podNeighbours = Rule(
  [
    .compare(.hopLimit6, .equal, 255), .lookup([.icmp6Type], .isIn, set: neighbourTypes),
    .lookup([.destination6], .isIn, set: linkDestinations), .verdict(.accept),
  ], comment: "S9 neighbour discovery")

/// Where no pod may send packets, whoever it is: tunnels' ends, and link-local and loopback addresses that are not inside.
let podLimits = IPFamily.allCases.flatMap { family -> [Rule] in
  let toEndpoint: [Statement] = [
    .lookup([family.destination], .isIn, set: SetName.tunnel_endpoints.of(family)),
    .verdict(.goto(Refusal.origin.chain)),
  ]
  return [
    Rule([.lookup([.udpDestinationPort], .isIn, set: tunnelPorts)] + toEndpoint, comment: "S14 a tunnel by UDP"),
    Rule([.lookup([.transportProtocol], .isIn, set: tunnelProtocols)] + toEndpoint, comment: "S14 a tunnel"),
    Rule(
      [
        .lookup([family.destination], .isIn, set: SetName.link_local.of(family)),
        .lookup([family.destination], .isNotIn, set: SetName.inside.of(family)),
        .verdict(.goto(Refusal.origin.chain)),
      ], comment: "S17 link-local and loopback"),
  ]
}

/// What bears no real address yet, and never leaves the link: neighbour discovery, MLD, DHCP.
///
/// See: RFC 4862, section 5.4; RFC 3810, section 5.2.13; RFC 2131, section 4.1
let linkScope = Chain(
  "link-scope",
  rules: [
    Rule(
      [
        .lookup([.source6], .isIn, set: SetName.link_sources.of(.v6)),
        .lookup([.icmp6Type], .isIn, set: listenerTypes), .lookup([.destination6], .isIn, set: linkDestinations),
        .verdict(.accept),
      ], comment: "S9 link scope"),
    // To neighbours with global addresses, too: whether one is still there is asked from a link-local address.
    Rule(
      [
        .lookup([.source6], .isIn, set: SetName.link_sources.of(.v6)), .compare(.hopLimit6, .equal, 255),
        .lookup([.icmp6Type], .isIn, set: neighbourTypes), .verdict(.accept),
      ], comment: "S9 link scope"),
  ]
    + IPFamily.allCases.map { family in
      Rule(
        [
          .lookup([family.source], .isIn, set: SetName.link_sources.of(family)),
          .lookup([family.destination, .transportProtocol, .destinationPort], .isIn, set: SetName.dhcp.of(family)),
          .verdict(.accept),
        ], comment: "S9 DHCP")
    })

/// What the host sends bears an address of its own; the kernel's resets of refused connections and, with IPVS, pods'
/// packets that connection tracking saw on their way in, do not.
private let rawOutput: [Rule] =
  [Rule([.localAddress(.source, .equal), .verdict(.accept)], comment: "S9 its own address"), resets]
  + IPFamily.allCases.map { family in
    Rule(
      [
        .connectionState([.new, .established, .related]),
        .lookup([family.source], .isIn, set: SetName.inside.of(family)), .verdict(.accept),
      ], comment: "S6 a pod's packet, by IPVS")
  } + [
    Rule([.verdict(.jump("link-scope"))]),
    Rule([.verdict(.goto(Refusal.spoof.chain))], comment: "S9 not the host's address"),
  ]

/// Inside addresses and this node itself, nothing else.
private func towardsInside(_ comment: String) -> [Rule] {
  [Rule([.localAddress(.destination, .equal), .verdict(.accept)], comment: comment)]
    + IPFamily.allCases.map { family in
      Rule(
        [.lookup([family.destination], .isIn, set: SetName.inside.of(family)), .verdict(.accept)], comment: comment)
    } + [Rule([.verdict(.goto(Refusal.origin.chain))], comment: comment)]
}

/// S9 once more, after every DNAT: a Service must not lead somebody unknown to a gateway pod.
func strangersAfterTranslation(_ interfaces: InterfaceFlows?) -> [Rule] {
  guard interfaces != nil else { return [] }
  return IPFamily.allCases.map { family in
    Rule(
      [uplinkInterfaces, tunnelInterfaces].map { .lookup([.inputInterface], .isNotIn, set: $0) } + [
        .lookup([.inputInterface, family.source], .isNotIn, set: SetName.pods.of(family)),
        .lookup([family.destination], .isIn, set: SetName.gateways.of(family)),
        .verdict(.goto(Refusal.spoof.chain)),
      ], comment: "S9 somebody unknown towards a gateway, translated")
  }
}

/// S14 once more, after every DNAT: a Service must not lead a pod to a tunnel's end.
func tunnelsAfterTranslation(_ interfaces: InterfaceFlows?) -> [Rule] {
  guard interfaces != nil else { return [] }
  return IPFamily.allCases.flatMap { family -> [Rule] in
    [
      Statement.lookup([.udpDestinationPort], .isIn, set: tunnelPorts),
      .lookup([.transportProtocol], .isIn, set: tunnelProtocols),
    ]
    .map { tunnel in
      Rule(
        [
          .lookup([.inputInterface], .isIn, set: podInterfaces), tunnel,
          .lookup([family.destination], .isIn, set: SetName.tunnel_endpoints.of(family)),
          .verdict(.goto(Refusal.origin.chain)),
        ], comment: "S14 a tunnel, translated")
    }
  }
}
