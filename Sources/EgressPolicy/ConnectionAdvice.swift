import ClusterModel
import NetworkValues

extension EgressModel {
  /// What would keep the connections open that enforcement cuts, as YAML for the configuration. Only what leads to the
  /// outside can be allowed; the number of those that cannot is told. Sorted; empty where there is nothing to say.
  package func advice(on connections: [CutConnection]) -> [String] {
    let outward = connections.filter { !isInside($0.destination) }
    let presets = Set(outward.compactMap(preset)).sorted()
    let host = services(outward.filter { $0.isHosts && preset($0) == nil })
    let pods = Dictionary(grouping: outward.filter { !$0.isHosts }) { owner(of: $0.source)?.pod.identity }
    var lines: [String] = []
    if !presets.isEmpty || !host.isEmpty { lines.append("host:") }
    if !presets.isEmpty { lines.append("  presets: [\(presets.joined(separator: ", "))]") }
    if !host.isEmpty { lines.append("  allow:") }
    for (index, service) in host.enumerated() { lines += entry("open-\(index + 1)", service) }
    let owned = pods.compactMap { account, list in account.map { ($0, services(list)) } }
      .sorted { "\($0.0)" < "\($1.0)" }
    if !owned.isEmpty { lines.append("exceptions:") }
    for (account, services) in owned {
      for (index, service) in services.enumerated() {
        let from = "    from: { namespace: \(account.namespace), serviceAccount: \(account.name) }"
        lines += entry("\(account.namespace)-\(account.name)-\(index + 1)", service, from: from)
      }
    }
    let rest = connections.count - outward.count + (pods[nil] ?? []).count
    return lines + (rest == 0 ? [] : ["# \(rest) more that no entry of the configuration can allow"])
  }

  /// The finding that goes with it.
  package func cutFindings(_ connections: [CutConnection]) -> [Finding] {
    Set(connections.map { ($0.isHosts ? "host" : owner(of: $0.source)?.name ?? "\($0.source)", $0) }.map(CutLine.init))
      .map { line in
        Finding(
          .connectionWouldBeCut, path: line.who, "has a connection open to \(line.far), which enforcement cuts",
          advice: "allow it before enforcing, if it is meant")
      }.sorted()
  }

  private func preset(_ connection: CutConnection) -> String? {
    guard connection.isHosts, let port = connection.port else { return nil }
    switch (connection.transport, port) {
    case (.udp, 53), (.tcp, 53): return snapshot.hostResolvers.contains(connection.destination) ? "dns" : nil
    case (.udp, 123): return "ntp"
    case (.tcp, 179): return "bgp"
    default: return nil
    }
  }

  private func services(_ connections: [CutConnection]) -> [CutConnection] {
    let distinct = connections.map { connection -> CutConnection in
      var copy = connection
      copy.source = IPAddress(connection.source.family, 0)
      return copy
    }
    return Set(distinct).filter { $0.configured != nil }.sorted { CutLine("", $0).far < CutLine("", $1).far }
  }

  private func entry(_ name: String, _ service: CutConnection, from: String? = nil) -> [String] {
    let port = service.port.map { ", port: \($0)" } ?? ""
    return ["  - name: \(name)"] + (from.map { [$0] } ?? []) + [
      "    to: [{ cidr: \"\(service.destination)/\(service.destination.family.bitWidth)\" }]",
      "    ports: [{ protocol: \(service.configured ?? "")\(port) }]",
    ]
  }
}

/// Who has a connection to where, without its own port.
private struct CutLine: Hashable {
  var who: String
  var far: String

  init(_ who: String, _ connection: CutConnection) {
    self.who = who
    let address =
      connection.destination.family == .v4 || connection.port == nil
      ? "\(connection.destination)" : "[\(connection.destination)]"
    far = "\(address)\(connection.port.map { ":\($0)" } ?? "")/\(connection.transport)"
  }
}

extension CutConnection {
  /// The protocol as the configuration writes it; `nil` for one that it does not know.
  fileprivate var configured: String? {
    switch transport {
    case .tcp: "TCP"
    case .udp: "UDP"
    case .sctp: "SCTP"
    case .icmp, .icmpv6: "ICMP"
    default: nil
    }
  }
}
