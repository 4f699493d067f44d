import ClusterModel
import NetworkValues

/// What a node may enforce before its daemon knows the cluster again: the last good flows without anything of pods.
///
/// Every pod and address of a pod is left out, so that nothing can be granted to a pod that has another's address after
/// a reboot.
package struct LockState: Hashable, Sendable {
  /// Locked: see `EgressFlows.locked`.
  package let flows: EgressFlows

  package init(_ flows: EgressFlows) { self.flows = flows.locked }
}

extension LockState: Codable {
  private enum Key: String, CodingKey {
    case node, role, mode, admission, managementPorts, log, inside, podNetworks, host, apiServer
  }

  private struct Log: Codable {
    var isEnabled: Bool
    var rate: UInt64
    var burst: UInt32
  }

  private struct Allowance: Codable {
    var target: String
    var destination: String
    var transport: UInt8
    var firstPort: UInt16
    var lastPort: UInt16
    var because: [String]

    init(_ flow: Flow) {
      target = flow.target
      destination = "\(flow.destination)"
      transport = flow.transport.rawValue
      firstPort = flow.ports.first
      lastPort = flow.ports.last
      because = flow.reasons.map { $0.path + ($0.detail.isEmpty ? "" : " \($0.detail)") }
    }

    func flow() throws -> Flow {
      guard firstPort <= lastPort else { throw LockStateDamage("ports \(firstPort)-\(lastPort) are no range") }
      return Flow(
        from: nil, target: target, destination: try Prefix(parsing: destination),
        transport: TransportProtocol(rawValue: transport), ports: PortRange(first: firstPort, last: lastPort),
        reasons: because.map { Reason(nil, path: $0) })
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(flows.node.rawValue, forKey: .node)
    try container.encode(flows.role.rawValue, forKey: .role)
    try container.encode(flows.rules.mode.rawValue, forKey: .mode)
    try container.encode(flows.rules.admission.rawValue, forKey: .admission)
    try container.encode(flows.rules.managementPorts, forKey: .managementPorts)
    let log = flows.rules.log
    try container.encode(
      Log(isEnabled: log.deniedEnabled, rate: log.deniedRate, burst: log.deniedBurst), forKey: .log)
    try container.encode(flows.inside.prefixes.map(\.description), forKey: .inside)
    try container.encode(flows.podNetworks.prefixes.map(\.description), forKey: .podNetworks)
    try container.encode(flows.host.map(Allowance.init), forKey: .host)
    try container.encode(flows.apiServer.map(Allowance.init), forKey: .apiServer)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let networks = { (key: Key) in
      PrefixSet(try container.decode([String].self, forKey: key).map { try Prefix(parsing: $0) })
    }
    let allowances = { (key: Key) in try container.decode([Allowance].self, forKey: key).map { try $0.flow() } }
    let storedLog = try container.decode(Log.self, forKey: .log)
    var log = Configuration.Log()
    log.deniedEnabled = storedLog.isEnabled
    log.deniedRate = storedLog.rate
    log.deniedBurst = storedLog.burst
    let rules = EnforcementRules(
      mode: try container.decodeWord(Configuration.Mode.self, forKey: .mode),
      admission: try container.decodeWord(Configuration.Admission.self, forKey: .admission), inbound: .none,
      inboundSources: PrefixSet(), apiServerFromPods: false,
      managementPorts: try container.decode([UInt16].self, forKey: .managementPorts), log: log)
    let flows = EgressFlows(
      node: NodeName(rawValue: try container.decode(String.self, forKey: .node)),
      role: try container.decodeWord(NodeRole.self, forKey: .role), rules: rules, inside: try networks(.inside),
      podNetworks: try networks(.podNetworks), protected: [], endpoints: [], hopA: [], hopB: [], exceptions: [],
      host: try allowances(.host), apiServer: try allowances(.apiServer), interfaces: nil,
      findings: [])
    self.init(flows)
  }
}

/// The checksum fits, the contents do not.
struct LockStateDamage: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

extension KeyedDecodingContainer {
  fileprivate func decodeWord<Word: RawRepresentable<String>>(_ type: Word.Type, forKey key: Key) throws -> Word {
    let text = try decode(String.self, forKey: key)
    guard let word = Word(rawValue: text) else { throw LockStateDamage("\(key.stringValue) is \(text)") }
    return word
  }
}
