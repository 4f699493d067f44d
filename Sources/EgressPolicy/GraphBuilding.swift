import ClusterModel
import NetworkValues

extension EgressModel {
  /// Who may reach what by a node's rules, and through which gateway.
  package func graph(on node: NodeName) -> EgressGraph { graph(of: flows(on: node)) }

  /// - Parameter flows: what a node enforces, derived from this model.
  package func graph(of flows: EgressFlows) -> EgressGraph {
    var drawing = GraphSketch()
    let accounts = accounts(ofPods: Set((flows.hopA + flows.exceptions).compactMap(\.from?.pod)))
    drawing.addClients(flows, accounts)
    let isMesh = flows.rules.admission == .mesh
    if isMesh { drawing.addMesh(flows) }
    let local = Set(localListeners(on: flows.node, gateways.gateways).flatMap(\.listeners).map(\.gateway))
    let toAll = grantedDestinations(to: ownership.grantableByIdentity)
    let toOwn = isMesh ? toAll : grantedDestinations(to: grantableByIdentity(on: flows.node))
    for (number, gateway) in gateways.gateways.enumerated() {
      let isGranted = local.contains(number) ? toAll : toOwn
      guard local.contains(number) || drawing.hasGateway(gateway.virtual.reference) else { continue }
      for (index, destination) in destinations.all.enumerated() where isGranted[index] {
        drawing.add(destination, behind: number, gateway.virtual.reference)
      }
    }
    drawing.addDirect(flows, accounts)
    let title = "node \(flows.node), role \(flows.role.rawValue), mode \(flows.rules.mode.rawValue)"
    return drawing.graph(title: shown(title, limit: GraphSketch.nameLimit))
  }

  private func accounts(ofPods names: Set<String>) -> [String: String] {
    var accounts: [String: String] = [:]
    for place in ownership.places {
      let name = ownership.name(at: place)
      if names.contains(name) { accounts[name] = "\(ownership.identity(at: place))" }
    }
    return accounts
  }

  private func grantableByIdentity(on node: NodeName) -> [ServiceAccountName: [IPAddress]] {
    var result: [ServiceAccountName: [IPAddress]] = [:]
    for place in ownership.places(on: node) {
      result[ownership.identity(at: place), default: []] += ownership.grantable(at: place)
    }
    return result
  }
}

/// A graph that is being drawn: vertices by column and name, edges by their ends.
private struct GraphSketch {
  /// Longer names are cut, visibly; Kubernetes' own are not longer.
  static let nameLimit = 253

  private struct Key: Hashable {
    var column: EgressGraph.Column
    var name: String
  }

  private struct Ends: Hashable {
    var from: Key
    var to: Key
  }

  private struct Allowance {
    var ports: Set<String> = []
    var reasons: Set<String> = []
  }

  /// The pods or addresses of each vertex.
  private var members: [Key: Set<String>] = [:]
  private var allowances: [Ends: Allowance] = [:]

  func hasGateway(_ gateway: ObjectReference) -> Bool { members[key(of: gateway)] != nil }

  /// Hop A. Endpoints tell which gateway stands at an address and port.
  mutating func addClients(_ flows: EgressFlows, _ accounts: [String: String]) {
    var gateways: [WireEndpoint: ObjectReference] = [:]
    for endpoint in flows.endpoints {
      gateways[WireEndpoint(address: endpoint.pod.address, port: endpoint.port)] = endpoint.gateway
    }
    for flow in flows.hopA {
      let place = WireEndpoint(address: flow.destination.address, port: flow.ports.first)
      guard let gateway = gateways[place], let client = client(flow, accounts) else { continue }
      add(flow.target, to: key(of: gateway))
      connect(client, key(of: gateway), port(flow), flow.reasons)
    }
  }

  /// `admission: mesh`: every pod may come to every gateway.
  mutating func addMesh(_ flows: EgressFlows) {
    let everybody = add([], to: .client, "every pod (gateways.admission: mesh)")
    for endpoint in flows.endpoints {
      add(endpoint.pod.pod, to: key(of: endpoint.gateway))
      connect(
        everybody, key(of: endpoint.gateway), "tcp \(endpoint.port)",
        [Reason(nil, path: "gateways.admission", detail: "mesh")])
    }
  }

  /// What of a destination lies behind a gateway.
  mutating func add(_ destination: ExternalDestination, behind number: Int, _ gateway: ObjectReference) {
    let targets = Set(destination.exposures.filter { $0.gateway == number }.flatMap(\.targets)).sorted()
    for target in targets.map({ destination.targets[$0] }) {
      let name = target.host ?? "addresses of \(destination.service.reference)"
      let place = add(target.far.flatMap(\.prefixes).map(inWords), to: .destination, name)
      let reason = Reason(destination.service.reference, path: destination.path)
      let ports = Set(target.far.map { "tcp \($0.port)" })
      // Which addresses a wildcard opens is known when a resolver has told a gateway's pod.
      let unknown = name.hasPrefix("*") ? "tcp 443" : "no address known"
      for port in ports.isEmpty ? [unknown] : ports { connect(key(of: gateway), place, port, [reason]) }
    }
  }

  /// What leaves without a gateway.
  mutating func addDirect(_ flows: EgressFlows, _ accounts: [String: String]) {
    for flow in flows.exceptions {
      if let client = client(flow, accounts) { connect(client, destination(flow), port(flow), flow.reasons) }
    }
    for flow in flows.host { connectHost("host", flow) }
    for unit in flows.hostUnits where unit.cgroup.id != nil {
      for flow in unit.flows { connectHost("host \(unit.cgroup.path)", flow) }
    }
    for group in flows.hostCgroups where group.id != nil {
      let everything = add([], to: .destination, "every address")
      connect(
        add([], to: .client, "host \(group.path)"), everything, "every protocol",
        [Reason(nil, path: "host.mode", detail: "unrestricted")])
    }
    for flow in flows.apiServer { connectHost(flows.rules.apiServerFromPods ? "host and pods" : "host", flow) }
  }

  private mutating func connectHost(_ name: String, _ flow: Flow) {
    connect(add([], to: .client, name), destination(flow), port(flow), flow.reasons)
  }

  /// The ServiceAccount of a flow's pod.
  private mutating func client(_ flow: Flow, _ accounts: [String: String]) -> Key? {
    guard let pod = flow.from?.pod, let account = accounts[pod] else { return nil }
    return add([ownName(ofPod: pod)], to: .client, account)
  }

  private mutating func destination(_ flow: Flow) -> Key {
    let address = inWords(flow.destination)
    let isNamed = flow.target != address && flow.target != "\(flow.destination)"
    return add(isNamed ? [address] : [], to: .destination, isNamed ? flow.target : address)
  }

  private func key(of gateway: ObjectReference) -> Key {
    let name = (gateway.namespace.map { $0 + "/" } ?? "") + gateway.name
    return Key(column: .gateway, name: shown(name, limit: Self.nameLimit))
  }

  private mutating func add(_ pod: String, to key: Key) { members[key, default: []].insert(ownName(ofPod: pod)) }

  @discardableResult
  private mutating func add(_ members: [String], to column: EgressGraph.Column, _ name: String) -> Key {
    let key = Key(column: column, name: shown(name, limit: Self.nameLimit))
    self.members[key, default: []].formUnion(members)
    return key
  }

  private mutating func connect(_ from: Key, _ to: Key, _ port: String, _ reasons: [Reason]) {
    var allowance = allowances[Ends(from: from, to: to)] ?? Allowance()
    allowance.ports.insert(port)
    for reason in reasons { allowance.reasons.insert(reason.subject) }
    allowances[Ends(from: from, to: to)] = allowance
  }

  func graph(title: String) -> EgressGraph {
    let keys = members.keys.sorted { ($0.column, $0.name) < ($1.column, $1.name) }
    let places = Dictionary(uniqueKeysWithValues: zip(keys, keys.indices))
    var graph = EgressGraph(title: title)
    graph.vertices = keys.map { key in
      EgressGraph.Vertex(column: key.column, name: key.name, detail: detail(of: members[key] ?? [], key.column))
    }
    graph.edges = allowances.compactMap { ends, allowance in
      guard let from = places[ends.from], let to = places[ends.to] else { return nil }
      return EgressGraph.Edge(
        from: from, to: to, ports: allowance.ports.sorted(), reasons: allowance.reasons.sorted())
    }.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    return graph
  }
}

/// Address and port of a gateway's listener on the wire.
private struct WireEndpoint: Hashable {
  var address: IPAddress
  var port: UInt16
}

/// The one pod or address, or how many there are.
private func detail(of members: Set<String>, _ column: EgressGraph.Column) -> String {
  if members.count == 1, let only = members.first { return shown(only, limit: GraphSketch.nameLimit) }
  if members.isEmpty { return "" }
  return "\(members.count) \(column == .destination ? "addresses" : "pods")"
}

/// Without its namespace.
private func ownName(ofPod name: String) -> String { String(name.drop { $0 != "/" }.dropFirst()) }

private func inWords(_ prefix: Prefix) -> String {
  prefix.length == prefix.address.family.bitWidth ? "\(prefix.address)" : "\(prefix)"
}

/// `tcp 443`, `icmp`.
private func port(_ flow: Flow) -> String {
  flow.transport.hasPorts ? "\(flow.transport) \(flow.ports)" : "\(flow.transport)"
}

extension Reason {
  /// The object; of the configuration the entry.
  fileprivate var subject: String {
    guard let object else { return description }
    return shown(object.description, limit: GraphSketch.nameLimit)
  }
}
