/// What a scrape sees, at one moment.
package struct MetricsSample: Sendable {
  /// How the daemon is.
  package var status: StatusDocument

  /// Packets by the names of the table's counters; `nil` where the kernel could not be read.
  package var counters: [String: UInt64]?

  /// How long commits took.
  package var timings: Timings.Values

  /// What became of refused packets.
  package var flows: FlowCounts

  /// `nil` where names could not be asked for.
  package var names: NamesDocument?

  /// Of the scrape.
  package var now: Timestamp

  package init(
    status: StatusDocument, counters: [String: UInt64]?, timings: Timings.Values, flows: FlowCounts,
    names: NamesDocument?, now: Timestamp = .now
  ) {
    self.status = status
    self.counters = counters
    self.timings = timings
    self.flows = flows
    self.names = names
    self.now = now
  }

  /// In Prometheus' text format. Labels have few values: none names a pod, an address or a host.
  /// See: Prometheus' exposition formats, version 0.0.4
  package var text: String {
    var page = MetricsPage()
    let counts = status.counts
    page.gauge("moat_build_info", "Always 1; the label says which moat.", [(["version": status.version], 1)])
    page.gauge("moat_ready", "Whether the kernel holds what this process derived.", [([:], status.isReady ? 1 : 0)])
    page.gauge(
      "moat_mode", "1 for the mode that is in force.",
      ["enforce", "audit"].map { (["mode": $0], status.enforced?.mode == $0 ? 1 : 0) })
    if let counters {
      page.counter(
        "moat_refused_packets_total", "Packets that were refused, or would be in audit mode.",
        samples(of: counters, "refused_", label: "reason"))
      page.counter(
        "moat_accepted_packets_total", "Packets on their way out that an allowance let pass; answers are not counted.",
        samples(of: counters, "accepted_", label: "hop"))
    }
    if let allowances = status.enforced?.allowances {
      page.gauge(
        "moat_allowances", "Allowances in force.",
        [
          (["hop": "gateway"], Double(allowances.hopA)), (["hop": "external"], Double(allowances.hopB)),
          (["hop": "exception"], Double(allowances.exceptions)), (["hop": "host"], Double(allowances.host)),
          (["hop": "apiserver"], Double(allowances.apiServer)),
        ])
    }
    page.histogram("moat_commit_seconds", "Time of transactions that changed something.", timings.commit)
    page.histogram(
      "moat_event_to_kernel_seconds", "From a source's news to the acknowledged commit.", timings.eventToKernel)
    page.counter(
      "moat_commits_total", "Transactions by how they ended.",
      [(["result": "ok"], Double(counts.commits)), (["result": "error"], Double(counts.kernelErrors))])
    page.counter("moat_tamper_total", "Changes of moat's tables by others.", [([:], Double(counts.tampered))])
    page.summary(
      "moat_repairs_seconds", "Time that repairs of such changes took.", sum: counts.repairSeconds,
      count: UInt64(counts.repairs))
    page.gauge("moat_source_in_sync", "Whether the source is read without a fault.", [([:], isSourceInSync ? 1 : 0)])
    if let read = status.source?.read ?? status.cluster?.changed {
      page.gauge(
        "moat_snapshot_age_seconds", "Time since the source last told something new.",
        [([:], Double(max(0, now.milliseconds - read.milliseconds)) / 1000)])
    }
    page.gauge(
      "moat_findings", "Findings about the model and the configuration.",
      ["error", "warning", "note"].map { (["severity": $0], Double(status.enforced?.findings[$0] ?? 0)) })
    page.counter("moat_flow_records_total", "Records of refused packets.", [([:], Double(flows.records))])
    page.counter(
      "moat_flow_records_dropped_total", "Refused packets that were handed over and have no record.",
      [([:], Double(flows.dropped))])
    page.counter("moat_conntrack_revoked_total", "Tracked connections that were cut.", [([:], Double(counts.revoked))])
    if let names {
      page.gauge(
        "moat_names_resolved", "Names by what is known of them.",
        [
          (["state": "answered"], Double(names.entries.count { $0.client == nil && $0.fault == nil })),
          (["state": "failing"], Double(names.entries.count { $0.client == nil && $0.fault != nil })),
          (["state": "observed"], Double(names.entries.count { $0.client != nil })),
        ])
    }
    return page.text
  }

  private var isSourceInSync: Bool {
    (status.source != nil || status.cluster != nil)
      && !status.faults.contains { ["manifests", "kubernetes"].contains($0.source) }
  }

  private func samples(of counters: [String: UInt64], _ prefix: String, label: String) -> [MetricsPage.Sample] {
    counters.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map { name, packets in
      ([label: String(name.dropFirst(prefix.count))], Double(packets))
    }
  }
}

/// Lines of metrics.
private struct MetricsPage {
  typealias Sample = (labels: [String: String], value: Double)

  private(set) var text = ""

  mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) { add(name, "gauge", help, samples) }

  mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) { add(name, "counter", help, samples) }

  mutating func summary(_ name: String, _ help: String, sum: Double, count: UInt64) {
    begin(name, "summary", help)
    add("\(name)_sum", [:], sum)
    add("\(name)_count", [:], Double(count))
  }

  mutating func histogram(_ name: String, _ help: String, _ values: Histogram) {
    begin(name, "histogram", help)
    for (bound, count) in zip(Histogram.bounds, values.counts) {
      add("\(name)_bucket", ["le": "\(bound)"], Double(count))
    }
    add("\(name)_bucket", ["le": "+Inf"], Double(values.count))
    add("\(name)_sum", [:], values.sum)
    add("\(name)_count", [:], Double(values.count))
  }

  private mutating func add(_ name: String, _ type: String, _ help: String, _ samples: [Sample]) {
    begin(name, type, help)
    for sample in samples { add(name, sample.labels, sample.value) }
  }

  private mutating func begin(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func add(_ name: String, _ labels: [String: String], _ value: Double) {
    let shown = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    let number = value == value.rounded() && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
    text += shown.isEmpty ? "\(name) \(number)\n" : "\(name){\(shown)} \(number)\n"
  }

  private func escaped(_ value: String) -> String {
    var result = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
