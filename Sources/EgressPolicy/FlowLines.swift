extension EgressFlows {
  /// The allowances as `moat render --format flows` prints them: one a line, tab-separated, sorted.
  ///
  ///     HOP  FROM  TO  PROTO  PORT  BECAUSE
  package var lines: [String] {
    let groups: [(hop: String, flows: [Flow], sourceless: String)] = [
      ("A", hopA, ""), ("B", hopB + observed, ""), ("exception", exceptions, ""), ("host", host, "host"),
      ("apiserver", apiServer, rules.apiServerFromPods ? "host,pods" : "host"),
    ]
    let units = hostUnits.filter { $0.cgroup.id != nil }
      .map { (hop: "host", flows: $0.flows, sourceless: "host \($0.cgroup.path)") }
    return (groups + units).flatMap { group in
      group.flows.map { line($0, hop: group.hop, sourceless: group.sourceless) }
    }.sorted()
  }
}

private func line(_ flow: Flow, hop: String, sourceless: String) -> String {
  let isSingle = flow.destination.length == flow.destination.family.bitWidth
  let address = isSingle ? "\(flow.destination.address)" : "\(flow.destination)"
  let columns = [
    hop, flow.from.map { "\($0.pod) \($0.address)" } ?? sourceless,
    flow.target == address || flow.target == "\(flow.destination)" ? address : "\(flow.target) \(address)",
    "\(flow.transport)", flow.transport.hasPorts ? "\(flow.ports)" : "-",
    flow.reasons.map(\.description).joined(separator: "; "),
  ]
  return columns.map { column in column.replacing("\t", with: " ").replacing("\n", with: " ") }.joined(separator: "\t")
}
