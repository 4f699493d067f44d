import ClusterModel
import NamespaceLab
import NetworkValues

/// The network that a scenario's cluster stands in: what the lab builds, and what the traces follow.
struct ScenarioTopology {
  let lab: LabTopology
  private let podNames: [String]

  init(_ scenario: Scenario, _ rows: [PacketRow]) throws {
    let snapshot = scenario.snapshot
    let nodes = snapshot.nodes.sorted { $0.name < $1.name }.map { node in
      LabTopology.Node(
        node.name.rawValue, addresses: node.internalIPs, podNetworks: node.podCIDRs,
        localAddresses: scenario.configuration.cluster.localAddresses)
    }
    // The route to an address that a finished pod left goes to the live one: the last one wins.
    let pods = snapshot.pods.filter { !$0.hostNetwork && $0.node != nil }
      .sorted { ($0.isLive ? 1 : 0, $0.reference) < ($1.isLive ? 1 : 0, $1.reference) }
      .map { pod in
        LabTopology.Pod(pod.fullName, on: pod.node?.rawValue ?? "", addresses: pod.addresses)
      }
    let translated = try translations(of: scenario)
    podNames = pods.map(\.name)
    var lab = LabTopology(nodes: nodes, pods: pods, translations: translated)
    lab.outside = outsideHosts(lab, rows)
    lab.inboundNode =
      rows.lazy.compactMap { row in
        guard case .outside(_, let node) = row.from else { return nil }
        return translated.contains { $0.match == .address(row.to) } ? node : nil
      }.first
    self.lab = lab
  }

  /// Where a row starts.
  func sender(_ row: PacketRow) throws -> LabHost {
    switch row.from {
    case .pod(let name): .pod(try podName(name))
    case .host(let name): .node(name)
    case .outside(let address, _): .outside("\(address)")
    }
  }

  /// The node whose hooks a row's packet meets first.
  func start(_ row: PacketRow) throws -> String {
    switch row.from {
    case .pod(let name):
      let full = try podName(name)
      return lab.pods.first { $0.name == full }?.node ?? ""
    case .host(let name): return name
    case .outside(_, let node): return node
    }
  }

  /// The node to which the outside must be told to send a row's packet, because it would send it elsewhere.
  func detour(_ row: PacketRow) -> String? {
    guard case .outside(_, let node) = row.from, node != lab.defaultArrival(of: row.to) else { return nil }
    return node
  }

  /// The address a row's packet comes from.
  func source(_ row: PacketRow) throws -> IPAddress {
    if let source = row.source { return source }
    let own: [IPAddress]
    switch row.from {
    case .pod(let name):
      let full = try podName(name)
      own = lab.pods.first { $0.name == full }?.addresses ?? []
    case .host(let name): own = lab.nodes.first { $0.name == name }?.addresses ?? []
    case .outside(let address, _): own = [address]
    }
    guard let address = own.first(where: { $0.family == row.to.family }) else {
      throw ScenarioError("\(row): the sender has no address of this family")
    }
    return address
  }

  /// The full name of a pod, whose generated suffix may be left out.
  private func podName(_ name: String) throws -> String {
    if podNames.contains(name) { return name }
    let fitting = podNames.filter { $0.hasPrefix(name + "-") }
    guard fitting.count == 1 else { throw ScenarioError("\(name) names \(fitting.count) pods") }
    return fitting[0]
  }
}

extension LabTopology {
  /// The node where a packet to `address` goes on `node`, by its routes; `nil` where it leaves the cluster.
  func node(towards address: IPAddress, from node: String) -> String? {
    if isLocal(address, at: node) { return node }
    let owners = pods.filter { $0.addresses.contains(address) }
    if owners.contains(where: { $0.node == node }) { return node }
    return owners.first?.node ?? nodes.first { $0.addresses.contains(address) }?.name
  }

  /// Whether `address` is one of the node's own.
  func isLocal(_ address: IPAddress, at node: String) -> Bool {
    nodes.contains { $0.name == node && ($0.addresses + $0.localAddresses).contains(address) }
  }

  /// What `node` makes of a destination.
  func translation(
    of address: IPAddress, _ transport: TransportProtocol, _ port: UInt16, at node: String
  ) -> Translation? {
    translations.first { one in
      guard one.transport == transport, one.port == port, one.nodes?.contains(node) ?? true else { return false }
      switch one.match {
      case .address(let own): return own == address
      case .nodePort: return one.target.family == address.family && isLocal(address, at: node)
      }
    }
  }

  /// The node where the outside delivers packets to `address` without being told otherwise.
  func defaultArrival(of address: IPAddress) -> String? {
    if let node = nodes.first(where: { node in node.addresses.contains(address) })
      ?? nodes.first(where: { node in node.podNetworks.contains { $0.contains(address) } })
    {
      return node.name
    }
    return pods.first { $0.addresses.contains(address) }?.node ?? inboundNode ?? nodes.first?.name
  }
}

/// Every address outside that a row or a Service's endpoint mentions, each as a host of its own.
private func outsideHosts(_ lab: LabTopology, _ rows: [PacketRow]) -> [LabTopology.OutsideHost] {
  var addresses: Set<IPAddress> = []
  for row in rows {
    addresses.insert(row.to)
    if case .outside(let address, _) = row.from { addresses.insert(address) }
    if let quote = row.quote { addresses.formUnion([quote.source.address, quote.destination.address]) }
  }
  addresses.formUnion(lab.translations.map(\.target))
  let translated = Set(
    lab.translations.compactMap { translation -> IPAddress? in
      if case .address(let address) = translation.match { address } else { nil }
    })
  let inside = Set(lab.pods.flatMap(\.addresses) + lab.nodes.flatMap { $0.addresses + $0.localAddresses })
  return addresses.subtracting(translated).subtracting(inside).sorted()
    .map { LabTopology.OutsideHost("\($0)", addresses: [$0]) }
}

extension Pod {
  /// `namespace/name`.
  fileprivate var fullName: String { "\(metadata.namespace)/\(metadata.name)" }

  /// Whether it may still own its addresses.
  fileprivate var isLive: Bool { phase != .succeeded && phase != .failed }
}
