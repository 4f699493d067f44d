import NetworkValues

/// Who should get a probe's packets: the place, and the address and port after translation.
struct Receiver: Hashable {
  let place: Place
  let local: SocketAddress
}

extension LabTopology {
  /// The receiver of what `from` sends to an address and port; nil if nobody has the address.
  func receiver(from: LabHost, to: IPAddress, _ transport: TransportProtocol, _ port: UInt16) -> Receiver? {
    let target = translation(from: from, to: to, transport, port)
    let address = target?.target ?? to
    let local = SocketAddress(address, target?.targetPort ?? port)
    return place(of: address, from: from).map { Receiver(place: $0, local: local) }
  }

  /// Whether the address is one of the host's own.
  func owns(_ host: LabHost, _ address: IPAddress) -> Bool {
    switch host {
    case .node(let name): node(of: address) == name || localNode(name, has: address)
    case .pod(let name): pods.contains { $0.name == name && $0.addresses.contains(address) }
    case .outside: outside.contains { $0.addresses.contains(address) }
    }
  }

  /// The source a host's probes have if they name none; nil leaves it to the routes.
  func defaultSource(of host: LabHost, _ family: IPFamily) -> IPAddress? {
    guard case .outside(let name) = host else { return nil }
    return outside.first { $0.name == name }?.addresses.first { $0.family == family }
  }

  /// The translation that applies, on the node that makes it.
  private func translation(
    from: LabHost, to: IPAddress, _ transport: TransportProtocol, _ port: UInt16
  ) -> Translation? {
    let near = nearNode(from) ?? inboundNode ?? nodes.first?.name
    return translations.first { translation in
      guard translation.transport == transport, translation.port == port else { return false }
      let (matches, maker) =
        switch translation.match {
        case .address(let address): (address == to, near)
        case .nodePort: (translation.target.family == to.family && node(of: to) != nil, node(of: to))
        }
      guard matches, let maker else { return false }
      return translation.nodes?.contains(maker) ?? true
    }
  }

  /// The place that has the address, as seen from a host: what is on its own node comes first.
  private func place(of address: IPAddress, from: LabHost) -> Place? {
    let near = nearNode(from)
    if let near, localNode(near, has: address) { return .node(near) }
    let owners = pods.filter { $0.addresses.contains(address) }
    if let pod = owners.first(where: { $0.node == near }) ?? owners.first { return .pod(pod.name) }
    if let node = node(of: address) { return .node(node) }
    return outside.contains { $0.addresses.contains(address) } ? .outside : nil
  }

  private func nearNode(_ host: LabHost) -> String? {
    switch host {
    case .node(let name): name
    case .pod(let name): pods.first { $0.name == name }?.node
    case .outside: nil
    }
  }

  private func localNode(_ name: String, has address: IPAddress) -> Bool {
    nodes.contains { $0.name == name && $0.localAddresses.contains(address) }
  }

  /// The node that has the address on its LAN or uplink interface.
  private func node(of address: IPAddress) -> String? {
    nodes.first { node in
      node.addresses.contains(address) || uplinkAddress(ofNode: node.name, address.family) == address
    }?.name
  }
}
