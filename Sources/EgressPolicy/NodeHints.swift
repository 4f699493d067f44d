import ClusterModel
import NetworkValues

// MARK: - Of the host (S6)

extension AttemptHint {
  var ofHost: String {
    if explainer.isRefusedICMP(attempt) {
      return "Of ICMP only echo requests can be allowed towards the outside (S8); nothing allows \(target)."
    }
    guard isConfigurable else { return "host.allow knows TCP, UDP, SCTP and ICMP alone; nothing allows \(target)." }
    if let preset { return "Add \(preset) to host.presets, or an entry for \(target) to host.allow." }
    return "Add an entry for \(target) to host.allow."
  }

  /// The preset that has this destination.
  private var preset: String? {
    guard let address = attempt.destination, let transport = attempt.transport, let port = attempt.port else {
      return nil
    }
    return Configuration.HostPreset.allCases.first { preset in
      presetFlows(preset, path: "host.presets", resolvers: model.snapshot.hostResolvers).contains { flow in
        flow.destination.contains(address) && flow.transport == transport && flow.ports.contains(port)
      }
    }?.rawValue
  }
}

// MARK: - Identity, origin, from outside (S9, S14, S15, S17)

extension AttemptHint {
  var forged: String {
    guard let source = attempt.source else { return "The frame tells no sender; nothing allows it." }
    guard let interface = attempt.interface, let name = explainer.interfaceName(interface) else {
      return sender.pod == nil && attempt.interface == nil
        ? "The host may send with its own addresses alone; nothing allows \(source)."
        : "Nobody is known to send with \(source) by this interface; nothing allows it."
    }
    if let pod = sender.pod {
      let own = explainer.addresses(behind: interface).map(\.description).joined(separator: ", ")
      return "\(pod.reference) may send with \(own) by \(name) alone; nothing allows it another address."
    }
    if let home = explainer.interface(of: source), home != name {
      return "\(source) lives behind \(home) and may come from there alone; nothing allows it by \(name)."
    }
    if let address = attempt.destination, explainer.gateway(at: address) != nil {
      return "\(name) is bound to no pod, and only known pods reach gateways: give moat the Pod behind it."
    }
    return "\(name) is bound to no pod: give moat the Pod behind it, with \(source)."
  }

  var misplaced: String {
    guard attempt.transport != nil, let address = attempt.destination, let source = attempt.source else {
      return "Pods send untagged ARP, IPv4 and IPv6 alone (S14); nothing allows other frames."
    }
    if attempt.interface != nil, explainer.isUnservedLinkLocal(address) {
      return "List \(address) in cluster.localAddresses if every node serves it itself."
    }
    if isTowardsTunnelEnd {
      return "No pod may send what could come out of a tunnel; nothing allows \(target) unless that is no tunnel's port"
        + " (cluster.interfaces.wireguardPort)."
    }
    let name = explainer.interfaceName(attempt.interface)
    if let name, !model.isInside(source) {
      return "If \(name) leads outside name it in cluster.interfaces.uplinks; if \(source) is inside add its network to"
        + " cluster.networks."
    }
    if let name, sender.pod == nil, !model.isInside(address) {
      return "\(name) is of no known class, or bound to no pod, and so reaches the inside alone: name it in"
        + " cluster.interfaces, or give moat the Pod behind it."
    }
    return "Packets with a routing header, or more than four bytes of IPv4 options, are refused to all; nothing allows"
      + " them."
  }

  /// As the rules of S14 have it: the ports and protocols of tunnels, towards a node.
  private var isTowardsTunnelEnd: Bool {
    guard let address = attempt.destination, let transport = attempt.transport, model.node(with: address) != nil else {
      return false
    }
    let ports = model.configuration.cluster.interfaces.tunnelPorts
    return transport == .udp ? ports.contains(attempt.port ?? 0) : [4, 41, 47, 50, 51].contains(transport.rawValue)
  }

  var inbound: String {
    model.configuration.inbound == .services
      ? "Add \(attempt.source.map(\.description) ?? "its network") to inboundSources, or come by a Service."
      : "Set inbound: services and add \(attempt.source.map(\.description) ?? "its network") to inboundSources, or set"
        + " inbound: any."
  }
}
