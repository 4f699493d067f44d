import HttpbinLab
import NamespaceLab
import NetworkValues

/// Something that is tried twice.
struct Attempt {
  /// In words.
  var title: String
  var probe: Probe

  /// Whom and where `moat explain` is asked about.
  var from: String
  var node: String?
  var target: String

  /// Whether the model allows it.
  var shouldPass: Bool
}

/// What people and attackers of the httpbin scenario try.
func httpbinAttempts() -> [Attempt] {
  let far = "203.0.113.10"
  return [
    pod(
      "productpage's sidecar to the gateway's ClusterIP", productpage, "10.96.0.100", .tcp(443), as: "10.1.2.10:8443",
      passes: true),
    pod("gateway to httpbin.org", gateway, far, .tcp(443), passes: true),
    pod("gateway to httpbin.org, IPv6", gateway, "2001:db8:113::10", .tcp(443), passes: true),
    pod("productpage as uid 1337, past its sidecar", productpage, far, .tcp(443)),
    pod("productpage past its sidecar, IPv6", productpage, "2001:db8:113::10", .tcp(443)),
    pod("productpage by UDP (QUIC), never redirected", productpage, far, .udp(443)),
    pod("productpage by ICMP", productpage, far, .ping),
    pod("productpage to the cloud's metadata", productpage, "169.254.169.254", .tcp(80)),
    pod("reviews, no client, to the gateway", reviews, "10.96.0.100", .tcp(443), as: "10.1.2.10:8443"),
    pod("reviews past its sidecar", reviews, far, .tcp(443)),
    pod("a finished job's address to the gateway", report, "10.1.2.10", .tcp(8443)),
    pod("details, on the gateway node, to httpbin.org", details, far, .tcp(443)),
    pod("gateway to another port", gateway, far, .tcp(80)),
    pod("gateway to another address", gateway, "203.0.113.20", .tcp(443)),
    host("a host process to httpbin.org", "egress-1", far, .tcp(443)),
    host("a host process to the gateway's listener", "worker-1", "10.1.2.10", .tcp(8443)),
    host("a host process to the registry (host.allow)", "worker-1", "198.51.100.7", .tcp(443), passes: true),
    pod("CoreDNS to its upstream (exception)", coredns, "198.51.100.53", .udp(53), passes: true),
    pod("reviews to productpage, inside", reviews, "10.1.1.10", .tcp(9080), passes: true),
  ]
}

private func pod(
  _ title: String, _ name: String, _ to: String, _ message: Probe.Message, as target: String? = nil,
  passes: Bool = false
) -> Attempt {
  Attempt(
    title: title,
    probe: Probe(from: .pod(name), to: address(to), message, expecting: passes ? .delivered : .refused),
    from: name, node: nil, target: target ?? targetText(to, message), shouldPass: passes)
}

private func host(
  _ title: String, _ node: String, _ to: String, _ message: Probe.Message, passes: Bool = false
) -> Attempt {
  Attempt(
    title: title,
    probe: Probe(from: .node(node), to: address(to), message, expecting: passes ? .delivered : .refused),
    from: "host", node: node, target: targetText(to, message), shouldPass: passes)
}

/// As `--to` wants it.
private func targetText(_ to: String, _ message: Probe.Message) -> String {
  let address = to.contains(":") ? "[\(to)]" : to
  return switch message {
  case .tcp(let port): "\(address):\(port)"
  case .udp(let port): "\(address):\(port)/udp"
  case .ping: "\(address)/icmp"
  }
}
