import ClusterModel
import NetworkValues

/// The cluster's own addresses (semantics, "inside").
struct InsideNetworks: Equatable {
  /// Everything inside.
  var all: PrefixSet

  /// The nodes' podCIDRs.
  var pods: PrefixSet

  var findings: [Finding]

  init(_ nodes: [Node], _ serviceCIDRs: [ServiceCIDR], _ cluster: Configuration.Cluster) {
    pods = PrefixSet(nodes.flatMap(\.podCIDRs).filter { !$0.isVeryWide })
    findings = []
    let nodeNetworks = PrefixSet(cluster.nodeNetworks)
    let trusted = cluster.nodeNetworks.isEmpty ? privateNetworks : nodeNetworks
    var nodeAddresses: [Prefix] = []
    for node in nodes {
      for (index, address) in node.internalIPs.enumerated() {
        if trusted.contains(address) {
          nodeAddresses.append(Prefix(address))
        } else {
          findings.append(nodeAddressNotInside(node, index, address, listed: !cluster.nodeNetworks.isEmpty))
        }
      }
    }
    all = PrefixSet(
      cluster.networks + cluster.nodeNetworks + nodeAddresses + serviceCIDRs.flatMap(\.cidrs)
        + cluster.localAddresses.map { Prefix($0) }
    ).union(pods)
    findings += wideNetworks(cluster.networks) + nodes.flatMap(widePodNetworks)
    if pods.isEmpty, cluster.networks.isEmpty {
      findings.append(
        Finding(
          .podNetworksUnknown, path: "cluster.networks",
          "no Node has podCIDRs and cluster.networks is empty, so every pod address counts as outside",
          advice: "list the pods' and Services' networks in cluster.networks"))
    }
  }
}

/// RFC 1918, RFC 6598 and RFC 4193: what a node may call its own address without being listed.
let privateNetworks = PrefixSet([
  network(v4: 10, 0, 0, 0, 8), network(v4: 172, 16, 0, 0, 12), network(v4: 192, 168, 0, 0, 16),
  network(v4: 100, 64, 0, 0, 10), Prefix(containing: IPAddress(v6: 0xfc00 << 112), length: 7),
])

/// Addresses that are nobody's external address (E5), inside networks apart.
let specialNetworks = PrefixSet([
  network(v4: 0, 0, 0, 0, 8), network(v4: 127, 0, 0, 0, 8), network(v4: 169, 254, 0, 0, 16),
  network(v4: 224, 0, 0, 0, 4), network(v4: 240, 0, 0, 0, 4),
  Prefix(IPAddress(v6: 0)), Prefix(IPAddress(v6: 1)),
  Prefix(containing: IPAddress(v6: 0xfe80 << 112), length: 10),
  Prefix(containing: IPAddress(v6: 0xff00 << 112), length: 8),
])

/// `addresses`, and their IPv4 part as NAT64 (64:ff9b::/96, RFC 6052) and as IPv4-mapped IPv6 (::ffff:0:0/96).
func withEmbeddedForms(_ addresses: PrefixSet) -> PrefixSet {
  let bases: [UInt128] = [0x64_ff9b << 96, 0xffff << 32]
  let embedded = addresses.ranges(of: .v4).flatMap { range in
    bases.map { AddressRange(first: IPAddress(v6: $0 | range.first.value), last: IPAddress(v6: $0 | range.last.value)) }
  }
  return PrefixSet(ranges: addresses.ranges + embedded)
}

private func network(v4 a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ length: Int) -> Prefix {
  Prefix(containing: IPAddress(v4: a << 24 | b << 16 | c << 8 | d), length: length)
}

private func nodeAddressNotInside(_ node: Node, _ index: Int, _ address: IPAddress, listed: Bool) -> Finding {
  Finding(
    .nodeAddressNotInside, node.reference, path: "status.addresses",
    "InternalIP \(address) is " + (listed ? "not within cluster.nodeNetworks" : "not a private address")
      + " and counts as outside",
    advice: "add its network to cluster.nodeNetworks if the node is yours")
}

private func widePodNetworks(_ node: Node) -> [Finding] {
  node.podCIDRs.filter(\.isVeryWide).map {
    Finding(
      .networksTooWide, node.reference, path: "spec.podCIDRs", "\($0) is very wide and does not count as inside",
      advice: "check who wrote the Node's podCIDRs")
  }
}

extension Prefix {
  /// Wider than /8, IPv6 /32.
  fileprivate var isVeryWide: Bool { length < (family == .v4 ? 8 : 32) }
}

private func wideNetworks(_ networks: [Prefix]) -> [Finding] {
  networks.enumerated().compactMap { index, prefix in
    guard prefix.isVeryWide || !privateNetworks.contains(prefix) else { return nil }
    return Finding(
      .networksTooWide, path: "cluster.networks[\(index)]",
      "\(prefix) counts as inside, and is " + (prefix.isVeryWide ? "very wide" : "globally routable"),
      advice: "list only networks that are the cluster's own")
  }
}
