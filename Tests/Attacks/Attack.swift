import EgressPolicy
import NamespaceLab

/// One way round the firewall: what somebody sends, and where it would arrive.
struct Attack: Sendable {
  /// What becomes of the packets.
  enum Outcome: Hashable, Sendable {
    case arrives

    /// Refused by the rule, and counted as that; nil where the kernel itself drops what it cannot judge.
    case stopped(_ rule: String, _ counter: Refusal?)
  }

  /// Where packets are looked for. The wire is before every hook of nftables at that host.
  enum Place: Hashable, Sendable {
    /// Everything but ICMP errors: these quote what was refused, for who sent it.
    case wire(LabHost)

    /// ICMP errors on the wire.
    case errors(LabHost)

    /// What a node's own process gets at UDP port 5300.
    case socket(String)

    /// What has passed a node's bridge towards the node itself.
    case bridge(String)
  }

  /// A line of Python for the attacker's process of a host; see attacker.py.
  struct Step: Sendable {
    let host: LabHost
    let code: String

    init(_ host: LabHost, _ code: String) {
      self.host = host
      self.code = code
    }
  }

  /// What the README's table calls it.
  let name: String

  let from: LabHost
  let to: Place

  /// What is sent, each with a mark of its own; all of them fare alike.
  let tries: [String]

  /// With moat's daemons on all nodes; without them everything arrives.
  let outcome: Outcome

  /// What others do before and after it.
  var before: [Step] = []
  var after: [Step] = []

  /// What happens to the cluster between what others do and the attack, and what ends it.
  var change: @Sendable (AttackLab) throws -> Void = { _ in }
  var restore: @Sendable (AttackLab) throws -> Void = { _ in }

  init(
    _ name: String, from: LabHost, to: Place, _ outcome: Outcome, _ tries: String..., before: [Step] = [],
    after: [Step] = []
  ) {
    self.name = name
    self.from = from
    self.to = to
    self.tries = tries
    self.outcome = outcome
    self.before = before
    self.after = after
  }
}

extension Attack.Place: CustomStringConvertible {
  var description: String {
    switch self {
    case .wire(.outside), .errors(.outside): "outside"
    case .wire(let host), .errors(let host): host.shortName
    case .socket(let node): "a process of \(node)"
    case .bridge(let node): "\(node)'s bridge"
    }
  }
}

extension Attack.Outcome: CustomStringConvertible {
  var description: String {
    switch self {
    case .arrives: "**arrives**"
    case .stopped(let rule, _): "stopped, \(rule)"
    }
  }
}

extension LabHost {
  /// How the table calls it.
  var shortName: String {
    switch self {
    case .node(let name): "host \(name)"
    case gateway: "gateway"
    case .pod(let name): name.split(separator: "/").last.map { String($0.prefix { $0 != "-" }) } ?? name
    case .outside: "outside"
    }
  }
}

let productpage = LabHost.pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q")
let reviews = LabHost.pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m")
let ratings = LabHost.pod("bookinfo/ratings-v1-5b4c7d6f8-q7w3n")
let coredns = LabHost.pod("kube-system/coredns-7d8f9b6c5-abcde")
let details = LabHost.pod("bookinfo/details-v1-9c8b7a6d5-mn4k2")
let gateway = LabHost.pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr")
let mallory = LabHost.pod("bookinfo/mallory")
let alice = LabHost.pod("bookinfo/alice")
let newcomer = LabHost.pod("new/newcomer")
let outside = LabHost.outside("everybody")

extension Attack {
  /// Every attack, in the order of the README's table.
  static let all =
    spoofing + link + fragments + protocols + connections + tunnels + hosts + services
}
