import Foundation
import NamespaceLab
import Telemetry
import Testing

@Suite struct MetricsTests {
  private var status: StatusDocument {
    var status = StatusDocument(version: "1.2 \"x\"", node: "n", process: 1, started: Timestamp(milliseconds: 0))
    status.enforced = StatusDocument.Enforced(
      since: Timestamp(milliseconds: 0), verified: Timestamp(milliseconds: 0), generation: 1, mode: "audit",
      role: "gateway",
      allowances: StatusDocument.Allowances(hopA: 1, hopB: 2, exceptions: 3, host: 4, apiServer: 5),
      findings: ["warning": 2], shownFindings: [])
    status.source = StatusDocument.Source(manifests: ["m"], files: 1, objects: 1, read: Timestamp(milliseconds: 1000))
    return status
  }

  private var text: String {
    let timings = Timings()
    timings.note(commit: .milliseconds(3), of: 1, sinceEvent: .now)
    timings.note(commit: .milliseconds(3), of: 0, sinceEvent: .now)
    timings.note(commit: .seconds(30), of: 2, sinceEvent: nil)
    var flows = FlowCounts()
    (flows.records, flows.lost, flows.overflowed) = (7, 2, 3)
    let names = NamesDocument(
      resolvers: [],
      entries: [
        NamesDocument.Entry(name: "a", addresses: []), NamesDocument.Entry(name: "b", addresses: [], fault: "SERVFAIL"),
        NamesDocument.Entry(name: "a", client: "10.1.2.10", addresses: []),
      ])
    return MetricsSample(
      status: status, counters: ["refused_spoof": 3, "refused_external": 12, "accepted_gateway": 1],
      timings: timings.values, flows: flows, names: names, now: Timestamp(milliseconds: 3500)
    ).text
  }

  @Test func `Values are those of the sample`() {
    let lines = Set(text.split(separator: "\n").map(String.init))
    for line in [
      "moat_build_info{version=\"1.2 \\\"x\\\"\"} 1", "moat_ready 1", "moat_mode{mode=\"enforce\"} 0",
      "moat_mode{mode=\"audit\"} 1", "moat_refused_packets_total{reason=\"external\"} 12",
      "moat_refused_packets_total{reason=\"spoof\"} 3", "moat_accepted_packets_total{hop=\"gateway\"} 1",
      "moat_allowances{hop=\"external\"} 2", "moat_findings{severity=\"warning\"} 2",
      "moat_snapshot_age_seconds 2.5", "moat_source_in_sync 1", "moat_flow_records_total 7",
      "moat_flow_records_dropped_total 5", "moat_commit_seconds_count 2", "moat_commit_seconds_bucket{le=\"0.0025\"} 0",
      "moat_commit_seconds_bucket{le=\"0.005\"} 1", "moat_commit_seconds_bucket{le=\"2.5\"} 1",
      "moat_commit_seconds_bucket{le=\"+Inf\"} 2", "moat_event_to_kernel_seconds_count 1",
      "moat_names_resolved{state=\"answered\"} 1", "moat_names_resolved{state=\"failing\"} 1",
      "moat_names_resolved{state=\"observed\"} 1",
    ] { #expect(lines.contains(line), "\(line)") }
  }

  @Test func `A kernel that cannot be read shows no counters, rather than zero`() {
    let sample = MetricsSample(
      status: status, counters: nil, timings: Timings.Values(), flows: FlowCounts(), names: nil)
    #expect(!sample.text.contains("packets_total") && sample.text.contains("moat_ready 1\n"))
  }

  /// Prometheus' own tool is the judge. `Tests/run` says where it is.
  @Test(.enabled(if: promtool != nil, "needs MOAT_PROMTOOL"))
  func `promtool takes the metrics and the alert rules`() throws {
    let tool = try #require(promtool)
    let metrics = try runProgram([tool, "check", "metrics"], input: text)
    #expect(metrics.status == 0 && metrics.output.isEmpty, "\(metrics.output)")
    let rules = try runProgram([tool, "check", "rules", monitoring + "/rules.yaml"])
    #expect(rules.status == 0, "\(rules.output)")
  }

  @Test(arguments: ["rules.yaml", "dashboard.json"])
  func `Rules and dashboard name only metrics that there are`(file: String) throws {
    let lines = text.split(separator: "\n")
    let families = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.dropFirst(7).prefix { $0.isMetric } }
    let exposed = Set(lines.filter { !$0.hasPrefix("#") }.map { $0.prefix { $0.isMetric } } + families)
    let contents = try String(contentsOfFile: "\(monitoring)/\(file)", encoding: .utf8)
    let named = Set(contents.split { !$0.isMetric }.filter { $0.hasPrefix("moat_") })
    #expect(named.count > 5)
    for name in named { #expect(exposed.contains(name), "\(name)") }
    if file.hasSuffix(".json") { _ = try JSONSerialization.jsonObject(with: Data(contents.utf8)) }
  }
}

private let promtool = ProcessInfo.processInfo.environment["MOAT_PROMTOOL"]

private let monitoring = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("deploy/monitoring").path

extension Character {
  fileprivate var isMetric: Bool { self == "_" || isASCII && (isLetter || isNumber) }
}
