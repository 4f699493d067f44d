import EgressPolicy
import Telemetry

extension Page {
  /// Refused packets, the newest first.
  var refused: String {
    let records = flows.records.suffix(Self.shownRecords).reversed()
    let heads = ["Time", "From", "To", "Why, and what to change"].map { "<th scope=\"col\">\($0)</th>" }.joined()
    return section(
      "refused", "Refused connections",
      """
      <p class="counters"><span role="status" id="news"></span> \(summary)</p>
      <div class="wide" tabindex="0" role="group" aria-labelledby="refused-title"><table class="records">
      <thead><tr>\(heads)</tr></thead>
      <tbody id="records">
      \(records.map(row).joined())</tbody></table></div>
      <p id="none"\(records.isEmpty ? "" : " hidden")>Nothing was refused since the daemon listens.</p>
      <template id="row">\(Self.cells)</template>

      """)
  }

  private var summary: String {
    let counts = flows.counts
    let shown = min(flows.records.count, Self.shownRecords)
    let lost = counts.dropped == 0 ? "none lost" : "\(counts.dropped) lost"
    return "The newest \(shown) of \(counts.records) records, of \(counts.handed) logged packets, \(lost). "
      + "<code>moat flows</code> has more."
  }

  /// A row without its words, which the script fills in.
  private static let cells = row(
    time: "<time></time>", verdict: ("", ""), from: ("", ""), to: ("", ""), rule: "", hint: "")

  private func row(_ record: FlowRecord) -> String {
    let many = record.count > 1 ? " ×\(record.count)" : ""
    let isRefused = record.verdict == .refused
    let clock = record.time.dropFirst(11).prefix(12)
    return Self.row(
      time: "<time datetime=\"\(text(record.time, limit: 40))\">\(text(String(clock), limit: 12))</time>",
      verdict: (isRefused ? "bad" : "caution", (isRefused ? "refused" : "would deny") + many),
      from: (text(record.source.name), text(record.source.detail)),
      to: (text(record.destination.name), text(record.destination.detail + " " + record.protocol)),
      rule: text("\(record.rule) \(record.reason.split(separator: "_").last ?? "")"),
      hint: text(record.hint, limit: 500))
  }

  private static func row(
    time: String, verdict: (shade: String, words: String), from: (String, String), to: (String, String), rule: String,
    hint: String
  ) -> String {
    "<tr><td>\(time)</td><td><b>\(from.0)</b><small>\(from.1)</small></td><td><b>\(to.0)</b><small>\(to.1)</small></td>"
      + "<td><span class=\"badge \(verdict.shade)\">\(verdict.words)</span> <b>\(rule)</b><small>\(hint)</small></td></tr>\n"
  }
}

extension FlowRecord.Source {
  fileprivate var name: String { qualifiedPod ?? (interface == nil ? "host" : "stranger") }

  fileprivate var detail: String { [serviceAccount, ip].compactMap { $0 }.joined(separator: ", ") }
}

extension FlowRecord.Destination {
  fileprivate var name: String { gateway.map { "gateway \($0)" } ?? host ?? place ?? "unknown" }

  fileprivate var detail: String { gateway == nil && host == nil ? "" : place ?? "" }
}
