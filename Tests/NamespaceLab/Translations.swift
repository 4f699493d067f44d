import NetworkValues

extension Wiring {
  /// What kube-proxy and the CNI do on one node, as a table of its own for `nft -f -`.
  func kubeTable(of node: LabTopology.Node) -> String {
    let rules = topology.translations.filter { $0.nodes?.contains(node.name) ?? true }.map(rule)
    let translate = rules.map { "    \($0)\n" }.joined()
    return """
      table inet kube {
        chain prerouting {
          type nat hook prerouting priority dstnat; policy accept;
      \(translate)  }
        chain output {
          type nat hook output priority -100; policy accept;
      \(translate)  }
        chain postrouting {
          type nat hook postrouting priority srcnat; policy accept;
          meta mark & 0x4000 == 0x4000 masquerade
      \(podMasquerade(of: node))  }
      }

      """
  }

  private func rule(_ translation: LabTopology.Translation) -> String {
    let family = translation.target.family
    let name = family == .v4 ? "ip" : "ip6"
    let destination =
      switch translation.match {
      case .address(let address): "\(name) daddr \(address)"
      case .nodePort: "meta nfproto \(family == .v4 ? "ipv4" : "ipv6") fib daddr type local"
      }
    let target = family == .v4 ? "\(translation.target)" : "[\(translation.target)]"
    let mark = translation.masquerades ? " meta mark set meta mark | 0x4000" : ""
    return destination + " \(translation.transport) dport \(translation.port)" + mark
      + " dnat \(name) to \(target):\(translation.targetPort)"
  }

  private func podMasquerade(of node: LabTopology.Node) -> String {
    guard topology.masqueradesPods else { return "" }
    let pods = topology.nodes.flatMap(\.podNetworks) + topology.pods.flatMap(\.addresses).map { Prefix($0) }
    return Set(pods).sorted().map {
      "    oifname \"\(LabTopology.uplinkInterface)\" \($0.family == .v4 ? "ip" : "ip6") saddr \($0) masquerade\n"
    }.joined()
  }
}
