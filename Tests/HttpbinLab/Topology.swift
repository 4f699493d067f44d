import NamespaceLab
import NetworkValues

// Names of the scenario's pods.
package let productpage = "bookinfo/productpage-v1-7f8b9c6d5-x2k4q"
package let reviews = "bookinfo/reviews-v1-6c5d8f7b9-p9s2m"
package let report = "bookinfo/report-28461-job-zz9xp"
package let details = "bookinfo/details-v1-9c8b7a6d5-mn4k2"
package let coredns = "kube-system/coredns-7d8f9b6c5-abcde"
package let gateway = "istio-egress/istio-egressgateway-55fcbddd96-bwntr"

/// The hosts of Tests/Scenarios/01-httpbin: two nodes with an uplink each, their pods, and the outside.
package func httpbinTopology() -> LabTopology {
  LabTopology(
    nodes: [
      .init(
        "worker-1", addresses: [address("172.18.0.11"), address("fd00:172:18::11")],
        podNetworks: [prefix("10.1.1.0/24"), prefix("fd00:10:1:1::/64")]),
      .init(
        "egress-1", addresses: [address("172.18.0.12"), address("fd00:172:18::12")],
        podNetworks: [prefix("10.1.2.0/24"), prefix("fd00:10:1:2::/64")]),
    ],
    pods: [
      pod(productpage, "worker-1", "10.1.1.10", "fd00:10:1:1::10"),
      pod(reviews, "worker-1", "10.1.1.11", "fd00:10:1:1::11"), pod(report, "worker-1", "10.1.1.13"),
      pod(coredns, "worker-1", "10.1.1.2", "fd00:10:1:1::2"),
      pod(gateway, "egress-1", "10.1.2.10", "fd00:10:1:2::10"),
      pod(details, "egress-1", "10.1.2.20", "fd00:10:1:2::20"),
    ],
    outside: [
      .init("httpbin.org", addresses: [address("203.0.113.10"), address("2001:db8:113::10")]),
      .init("another host", addresses: [address("203.0.113.20"), address("2001:db8:113::20")]),
      .init("registry", addresses: [address("198.51.100.7")]),
      .init("resolver", addresses: [address("198.51.100.53")]),
      .init("metadata", addresses: [address("169.254.169.254")]),
    ],
    translations: [
      .init(.address(address("10.96.0.100")), .tcp, 443, to: address("10.1.2.10"), 8443),
      .init(.address(address("fd00:10:96::100")), .tcp, 443, to: address("fd00:10:1:2::10"), 8443),
    ])
}

private func pod(_ name: String, _ node: String, _ addresses: String...) -> LabTopology.Pod {
  LabTopology.Pod(name, on: node, addresses: addresses.map(address))
}

/// An address that is written in this program.
package func address(_ text: String) -> IPAddress {
  do { return try IPAddress(parsing: text) } catch { preconditionFailure("\(error)") }
}

private func prefix(_ text: String) -> Prefix {
  do { return try Prefix(parsing: text) } catch { preconditionFailure("\(error)") }
}
