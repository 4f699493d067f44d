import NamespaceLab
import NetworkValues

/// Attempts of one kind, and what must become of each of them.
package struct Case: Sendable {
  package let title: String
  let attempts: [Attempt]
  private let outcomes: (none: Outcome, mesh: Outcome, authorized: Outcome)

  init(_ title: String, _ none: Outcome, _ mesh: Outcome, _ authorized: Outcome, _ attempts: [Attempt]) {
    (self.title, self.attempts) = (title, attempts)
    outcomes = (none, mesh, authorized)
  }

  /// What must become of every attempt.
  package func expected(under protection: Protection) -> Outcome {
    switch protection {
    case .none: outcomes.none
    case .mesh: outcomes.mesh
    case .authorized: outcomes.authorized
    }
  }
}

/// What the outside or the gateway itself refuses; a judge that asked the client alone would be content.
package func closedPortCase() -> Case {
  Case(
    "to ports where nobody listens", .leaked, .refused, .refused,
    [(httpbin, 444), (httpbinV6, 444), (listener, 9091), (listenerV6, 9091)].map { web(reviews, .proxyUser, $0, $1) })
}

/// The task page's walk, and every way round it that a pod, a node or an attacker has.
package func taskPageCases() -> [Case] { [pageCases(), bypassCases(), gatewayCases(), insideCases()].flatMap(\.self) }

/// What the page itself shows.
private func pageCases() -> [Case] {
  [
    Case(
      "productpage through its sidecar", .throughGateway, .throughGateway, .throughGateway,
      [OutboundPolicy.allowAny, .registryOnly].flatMap { policy in
        [httpbin, httpbinV6].map { web(productpage, .sidecar(policy), $0, 80, scheme: "http", host: "httpbin.org") }
      }),
    Case(
      "reviews through its sidecar", .answered(403), .answered(403), .answered(503),
      [httpbin, httpbinV6].map { web(reviews, .sidecar(.allowAny), $0, 80, scheme: "http", host: "httpbin.org") }),
    Case(
      "gateway pod to httpbin.org:443", .open, .open, .open,
      [httpbin, httpbinV6].map { web(gateway, .proxyUser, $0, 443, host: "httpbin.org") }),
  ]
}

/// Past the gateway.
private func bypassCases() -> [Case] {
  let clients = [productpage, reviews]
  let everywhere = [httpbin, httpbinV6, other, otherV6]
  let bypasses = { (way: WebRequest.Way) in
    clients.flatMap { pod in everywhere.map { web(pod, way, $0, 443) } }
  }
  return [
    Case("through the sidecar's passthrough (ALLOW_ANY)", .open, .refused, .refused, bypasses(.sidecar(.allowAny))),
    Case(
      "… by HTTP to another host", .open, .answered(503), .answered(503),
      clients.flatMap { pod in
        [other, otherV6].map { web(pod, .sidecar(.allowAny), $0, 80, scheme: "http") }
      }),
    Case(
      "through a sidecar with REGISTRY_ONLY", .refused, .refused, .refused, bypasses(.sidecar(.registryOnly))),
    Case("as uid 1337, past the sidecar", .open, .refused, .refused, bypasses(.proxyUser)),
    Case("after flushing the redirect rules", .open, .refused, .refused, bypasses(.flushed)),
    Case(
      "details, without sidecar, on the gateway node", .open, .refused, .refused,
      everywhere.map { web(details, .proxyUser, $0, 443) }),
    Case(
      "UDP 443 and 53, ICMP, never redirected", .open, .refused, .refused,
      clients.flatMap { pod in
        [Probe.Message.udp(443), .udp(53), .ping].flatMap { message in
          everywhere.map { Attempt(from: .pod(pod), means: .packet($0, message)) }
        }
      }),
    Case(
      "node process on either node to the outside", .open, .refused, .refused,
      nodes.flatMap { node in
        everywhere.map { Attempt(from: node, means: .web(WebRequest(way: .host, address: $0, port: 443))) }
      }),
    Case(
      "gateway pod to another port, host or protocol", .open, .refused, .refused,
      [(httpbin, 80), (httpbinV6, 80), (other, 443), (otherV6, 443)].map {
        web(gateway, .proxyUser, $0, $1, scheme: $1 == 80 ? "http" : "https")
      } + [httpbin, httpbinV6].map { Attempt(from: .pod(gateway), means: .packet($0, .udp(443))) }),
    Case(
      "TLS session opened before the rules, used after", .open, .refused, .refused,
      [Attempt(from: .pod(productpage), means: .standing(.session))]),
    Case(
      "what the outside sends on an older UDP flow", .arrived, .dropped, .dropped,
      [Attempt(from: .outside("another host"), means: .standing(.answers))]),
    Case(
      "UDP flow opened before the rules, used after", .open, .refused, .refused,
      [Attempt(from: .pod(productpage), means: .standing(.datagrams))]),
  ]
}

/// To the gateway, without being its client.
private func gatewayCases() -> [Case] {
  let doors: [(IPAddress, UInt16)] = [
    (listener, 8443), (listenerV6, 8443), (address("10.96.0.100"), 443), (address("fd00:10:96::100"), 443),
  ]
  return [
    Case(
      "reviews with productpage's source address", .arrived, .dropped, .dropped,
      [("10.1.1.10", listener), ("fd00:10:1:1::10", listenerV6)].map {
        Attempt(from: .pod(reviews), means: .forged(source: address($0), to: $1))
      }),
    Case(
      "reviews with productpage's stolen key", .throughGateway, .throughGateway, .refused,
      doors.map { stolen(.pod(reviews), .proxyUser, $0, $1) }),
    Case(
      "node process to the gateway, with that key", .throughGateway, .refused, .refused,
      nodes.flatMap { node in doors.map { stolen(node, .host, $0, $1) } }),
    Case(
      "outside host to the gateway, with that key", .throughGateway, .refused, .refused,
      [listener, listenerV6].map { stolen(.outside("another host"), .host, $0, 8443) }),
    Case(
      "to the gateway pod's port 9090", .answered(200), .refused, .refused,
      [productpage, reviews].flatMap { pod in
        [listener, listenerV6].map { web(pod, .proxyUser, $0, 9090, scheme: "http") }
      }),
  ]
}

/// What moat leaves alone.
private func insideCases() -> [Case] {
  let applications = ["10.1.1.10", "fd00:10:1:1::10"].map(address)
  let from = { (host: LabHost, way: WebRequest.Way) in
    applications.map {
      Attempt(from: host, means: .web(WebRequest(way: way, scheme: "http", address: $0, port: 9080)))
    }
  }
  return [
    Case(
      "pod to pod, also through the sidecar", .answered(200), .answered(200), .answered(200),
      from(.pod(reviews), .proxyUser)
        + from(.pod(reviews), .sidecar(.allowAny)) + from(.pod(gateway), .proxyUser)),
    Case(
      "node to pod", .answered(200), .answered(200), .answered(200), nodes.flatMap { from($0, .host) }),
  ]
}

private let httpbin = address("203.0.113.10")
private let httpbinV6 = address("2001:db8:113::10")
private let other = address("203.0.113.20")
private let otherV6 = address("2001:db8:113::20")
private let listener = address("10.1.2.10")
private let listenerV6 = address("fd00:10:1:2::10")
private let nodes: [LabHost] = [.node("worker-1"), .node("egress-1")]

private func web(
  _ pod: String, _ way: WebRequest.Way, _ to: IPAddress, _ port: UInt16, scheme: String = "https", host: String? = nil
) -> Attempt {
  Attempt(
    from: .pod(pod), means: .web(WebRequest(way: way, scheme: scheme, host: host, address: to, port: port)))
}

private func stolen(_ from: LabHost, _ way: WebRequest.Way, _ to: IPAddress, _ port: UInt16) -> Attempt {
  Attempt(
    from: from,
    means: .web(WebRequest(way: way, host: EnvoyName.serverName, address: to, port: port, showsKey: true)))
}

extension WebRequest {
  /// What the model allows: productpage's application to httpbin.org.
  static let throughSidecar = WebRequest(
    way: .sidecar(.allowAny), scheme: "http", host: "httpbin.org", address: httpbin, port: 80)
}
