import NamespaceLab
import NetworkValues
import Testing

extension LabTopology {
  /// The hosts of the main scenario: two nodes, seven pods, the outside hosts its tables name.
  static func httpbin() -> LabTopology {
    LabTopology(
      nodes: [
        Node(
          "worker-1", addresses: addresses("172.18.0.11", "fd00:172:18::11"),
          podNetworks: prefixes("10.1.1.0/24", "fd00:10:1:1::/64"), localAddresses: addresses("169.254.20.10")),
        Node(
          "egress-1", addresses: addresses("172.18.0.12", "fd00:172:18::12"),
          podNetworks: prefixes("10.1.2.0/24", "fd00:10:1:2::/64")),
      ],
      pods: [
        pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q", "worker-1", "10.1.1.10", "fd00:10:1:1::10"),
        pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m", "worker-1", "10.1.1.11", "fd00:10:1:1::11"),
        pod("bookinfo/ratings-v1-5b4c7d6f8-q7w3n", "worker-1", "10.1.1.12", "fd00:10:1:1::12"),
        pod("bookinfo/report-28461-job-zz9xp", "worker-1", "10.1.1.13"),
        pod("kube-system/coredns-7d8f9b6c5-abcde", "worker-1", "10.1.1.2", "fd00:10:1:1::2"),
        pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr", "egress-1", "10.1.2.10", "fd00:10:1:2::10"),
        pod("bookinfo/details-v1-9c8b7a6d5-mn4k2", "egress-1", "10.1.2.20", "fd00:10:1:2::20"),
      ],
      outside: [
        OutsideHost("httpbin", addresses: addresses("203.0.113.10", "2001:db8:113::10")),
        OutsideHost("other", addresses: addresses("203.0.113.20")),
        OutsideHost("registry", addresses: addresses("198.51.100.7")),
        OutsideHost("resolver", addresses: addresses("198.51.100.53")),
        OutsideHost("metadata", addresses: addresses("169.254.169.254")),
      ],
      translations: gatewayTranslations(), inboundNode: "egress-1")
  }

  private static func gatewayTranslations() -> [Translation] {
    let (v4, v6) = (address("10.1.2.10"), address("fd00:10:1:2::10"))
    return [
      Translation(.address(address("10.96.0.100")), .tcp, 443, to: v4, 8443),
      Translation(.address(address("fd00:10:96::100")), .tcp, 443, to: v6, 8443),
      Translation(.nodePort, .tcp, 30_443, to: v4, 8443, masquerades: true),
      Translation(.nodePort, .tcp, 30_444, to: v4, 8443, nodes: ["egress-1"]),
    ]
  }

  private static func pod(_ name: String, _ node: String, _ texts: String...) -> Pod {
    Pod(name, on: node, addresses: texts.map(address))
  }
}

/// Sends the probes and records an issue for each with another outcome, or with a packet that leaked.
func expect(
  _ outcome: ProbeOutcome, from lab: Lab, _ probes: [Probe], sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let asked = probes.map { probe in
    var probe = probe
    probe.expecting = outcome
    return probe
  }
  for (probe, result) in zip(asked, try await lab.probeAll(asked)) {
    #expect(
      result.outcome == outcome && result.hasArrived == (outcome == .delivered), "\(probe): \(result)",
      sourceLocation: sourceLocation)
  }
}

/// Loads rules with nft on a node.
func load(_ rules: String, on node: String, of lab: Lab) throws {
  let loaded = try lab.run(in: .node(node), ["nft", "-f", "-"], input: rules)
  try #require(loaded.status == 0, "\(loaded.text)")
}

/// An address that is written in a test.
func address(_ text: String) -> IPAddress {
  do { return try IPAddress(parsing: text) } catch { fatalError("\(error)") }
}

/// Addresses that are written in a test.
func addresses(_ texts: String...) -> [IPAddress] { texts.map(address) }

/// Networks that are written in a test.
func prefixes(_ texts: String...) -> [Prefix] {
  texts.map { text in do { return try Prefix(parsing: text) } catch { fatalError("\(error)") } }
}
