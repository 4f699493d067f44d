import NetworkValues

/// The kernel's side of a topology, as text for ip(8) and nft(8). Pure: the same topology gives the same text.
///
/// Pods hang on routed veths: their default route is 169.254.1.1 and a link-local address of the node, the node has a
/// host route to each of them (as with Calico).
struct Wiring {
  let topology: LabTopology

  /// The hardware address of every node's end of a pod link; `podGateway` follows from it.
  private static let podGatewayHardware = "ee:ee:ee:ee:ee:ee"
  private static let podGatewayV4 = "169.254.1.1"
  private static let podGatewayV6 = "fe80::ecee:eeff:feee:eeee"

  /// Every namespace to make.
  var places: [Place] {
    [.outside, .lan] + topology.nodes.map { .node($0.name) } + topology.pods.map { .pod($0.name) }
  }

  /// Names a topology uses twice, or does not have.
  func fault() -> String? {
    let names = topology.nodes.map { "node \($0.name)" } + topology.pods.map { "pod \($0.name)" }
    if let twice = Dictionary(grouping: names, by: \.self).first(where: { $0.value.count > 1 }) {
      return "\(twice.key) is there twice"
    }
    let known = Set(topology.nodes.map(\.name))
    if let pod = topology.pods.first(where: { !known.contains($0.node) }) {
      return "pod \(pod.name) is on unknown node \(pod.node)"
    }
    return topology.nodes.count > 128 ? "more than 128 nodes" : nil
  }

  /// One batch that makes all links, each end in its namespace. `path` names a namespace. A veth's second end cannot be
  /// made up: the configuration of its place sets it up.
  func links(path: (Place) -> String) -> String {
    var lines = ["link add name br0 netns \(path(.lan)) up type bridge stp_state 0 mcast_snooping 0"]
    func add(_ name: String, _ place: Place, _ hardware: String, _ peer: String, _ peerPlace: Place) {
      lines.append(
        "link add name \(name) netns \(path(place)) \(hardware)up type veth"
          + " peer name \(peer) netns \(path(peerPlace))")
    }
    for (index, node) in topology.nodes.enumerated() {
      add("node\(index)", .lan, "", LabTopology.lanInterface, .node(node.name))
      add("node\(index)", .outside, "", LabTopology.uplinkInterface, .node(node.name))
    }
    lines += topology.pods.indices.map { podLink($0, path: path) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func podLink(_ index: Int, path: (Place) -> String) -> String {
    let pod = topology.pods[index]
    return "link add name pod\(index) netns \(path(.node(pod.node))) address \(Self.podGatewayHardware) up type veth"
      + " peer name eth0 netns \(path(.pod(pod.name)))"
  }

  /// What makes a removed link of a pod anew: a batch for the LAN's namespace, and one for the pod's node.
  func replacement(ofPod name: String, path: (Place) -> String) -> (link: String, routes: String)? {
    guard let index = topology.pods.firstIndex(where: { $0.name == name }),
      let node = topology.nodes.first(where: { $0.name == topology.pods[index].node })
    else { return nil }
    return (podLink(index, path: path) + "\n", podRoutes(index, node).joined(separator: "\n") + "\n")
  }

  private func podRoutes(_ index: Int, _ node: LabTopology.Node) -> [String] {
    topology.pods[index].addresses.map {
      "route replace \(Prefix($0)) dev pod\(index)\(sourceHint(node, $0.family))"
    }
  }

  /// The batch for inside one namespace: addresses, routes, neighbours.
  func configuration(of place: Place) -> String {
    let lines: [String] =
      switch place {
      case .lan: topology.nodes.indices.map { "link set node\($0) master br0" }
      case .outside: outsideLines()
      case .node(let name): topology.nodes.firstIndex { $0.name == name }.map(nodeLines) ?? []
      case .pod(let name): topology.pods.first { $0.name == name }.map(podLines) ?? []
      }
    return (["link set dev lo up"] + lines).joined(separator: "\n") + "\n"
  }

  private func podLines(_ pod: LabTopology.Pod) -> [String] {
    var lines = ["link set dev eth0 up"] + pod.addresses.map { addAddress($0, $0.family.bitWidth, "eth0") }
    if let source = pod.addresses.first(where: { $0.family == .v4 }) {
      lines += [
        "route add \(Self.podGatewayV4)/32 dev eth0 scope link",
        "neigh replace \(Self.podGatewayV4) lladdr \(Self.podGatewayHardware) dev eth0 nud permanent",
        "route add default via \(Self.podGatewayV4) dev eth0 src \(source)",
      ]
    }
    if let source = pod.addresses.first(where: { $0.family == .v6 }) {
      lines.append("route add ::/0 via \(Self.podGatewayV6) dev eth0 src \(source)")
    }
    return lines
  }

  private func nodeLines(_ index: Int) -> [String] {
    let node = topology.nodes[index]
    let uplink = UplinkNet(index: index)
    var lines = [LabTopology.lanInterface, LabTopology.uplinkInterface].map { "link set dev \($0) up" }
    lines += node.addresses.map { addAddress($0, $0.family == .v4 ? 24 : 64, LabTopology.lanInterface) }
    lines += node.localAddresses.map { addAddress($0, $0.family.bitWidth, "lo") }
    for family in IPFamily.allCases {
      let source = sourceHint(node, family)
      lines += [
        addAddress(uplink.nodeAddress(family), uplink.prefixLength(family), LabTopology.uplinkInterface),
        "route add \(anywhere(family)) via \(uplink.outsideAddress(family))"
          + " dev \(LabTopology.uplinkInterface)\(source)",
      ]
    }
    for (number, pod) in topology.pods.enumerated() where pod.node == node.name {
      lines += podRoutes(number, node)
    }
    return lines + topology.nodes.filter { $0.name != node.name }.flatMap { routes(to: $0, from: node) }
  }

  /// From one node over the LAN to another: its addresses, its pods' networks, its pods that live elsewhere.
  private func routes(to other: LabTopology.Node, from node: LabTopology.Node) -> [String] {
    let lan = LabTopology.lanInterface
    let own = Set(topology.pods.filter { $0.node == node.name }.flatMap(\.addresses))
    let stray = strayPodAddresses(of: other).filter { !own.contains($0) }
    var lines = other.addresses.map { "route replace \(Prefix($0)) dev \(lan)\(sourceHint(node, $0.family))" }
    for destination in other.podNetworks + stray.map({ Prefix($0) }) {
      guard let hop = other.addresses.first(where: { $0.family == destination.family }) else { continue }
      lines.append("route replace \(destination) via \(hop) dev \(lan)\(sourceHint(node, destination.family))")
    }
    return lines
  }

  private func outsideLines() -> [String] {
    var lines = topology.outside.flatMap(\.addresses).map { addAddress($0, $0.family.bitWidth, "lo") }
    let inbound = topology.inboundNode ?? topology.nodes.first?.name
    for (index, node) in topology.nodes.enumerated() {
      let uplink = UplinkNet(index: index)
      lines += IPFamily.allCases.map {
        addAddress(uplink.outsideAddress($0), uplink.prefixLength($0), "node\(index)")
      }
      var back = node.podNetworks + (node.addresses + strayPodAddresses(of: node)).map { Prefix($0) }
      if node.name == inbound { back += translatedAddresses().map { Prefix($0) } }
      lines += back.map { "route replace \($0) via \(uplink.nodeAddress($0.family)) dev node\(index)" }
    }
    return lines
  }

  /// Addresses of a node's pods that its pod networks do not cover.
  private func strayPodAddresses(of node: LabTopology.Node) -> [IPAddress] {
    topology.pods.filter { $0.node == node.name }.flatMap(\.addresses)
      .filter { address in !node.podNetworks.contains { $0.contains(address) } }
  }

  private func translatedAddresses() -> [IPAddress] {
    topology.translations.compactMap { if case .address(let address) = $0.match { address } else { nil } }
  }

  private func addAddress(_ address: IPAddress, _ length: Int, _ interface: String) -> String {
    "addr replace \(address)/\(length) dev \(interface)" + (address.family == .v6 ? " nodad" : "")
  }

  private func anywhere(_ family: IPFamily) -> String { family == .v4 ? "default" : "::/0" }

  /// The source a node uses by itself: its first LAN address.
  private func sourceHint(_ node: LabTopology.Node, _ family: IPFamily) -> String {
    node.addresses.first { $0.family == family }.map { " src \($0)" } ?? ""
  }
}
