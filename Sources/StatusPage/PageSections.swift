import EgressPolicy
import Telemetry

extension Page {
  /// What is enforced, what is wrong, and what was counted.
  var state: String {
    section("state", "State", faults + facts + refusals)
  }

  private var faults: String {
    guard !status.faults.isEmpty else { return "" }
    let items = status.faults.prefix(20).map {
      "<li><strong>\(text($0.source))</strong>: \(text($0.message, limit: 500)) (since \(moment($0.since)))</li>\n"
    }
    return "<ul class=\"faults\">\n\(items.joined())\(rest(status.faults.count - 20))</ul>\n"
  }

  private var facts: String {
    guard let enforced = status.enforced else {
      return "<p>Nothing of this daemon’s own is enforced yet; what stands in the kernel stays.</p>\n"
    }
    let counts = enforced.allowances
    let total = counts.hopA + counts.hopB + counts.exceptions + counts.host + counts.apiServer
    let findings = ["error", "warning", "note"].map { severity in
      let count = enforced.findings[severity] ?? 0
      return "\(count) \(severity)\(count == 1 ? "" : "s")"
    }
    return list([
      (
        "Role", text(enforced.role),
        enforced.role == "gateway" ? "its gateway pods reach outside" : "no pod leaves but by exception"
      ),
      (
        "Mode", text(enforced.mode),
        enforced.mode == "audit" ? "refuses nothing, tells everything" : "refuses what is not allowed"
      ),
      (
        "Allowances", "\(total)",
        "\(counts.hopA) to gateways, \(counts.hopB) from gateways, \(counts.exceptions) by exception, \(counts.host) of "
          + "the host, \(counts.apiServer) to the API server"
      ),
      ("Findings", "\(enforced.findings.values.reduce(0, +))", findings.joined(separator: ", ")),
      ("In the kernel", "generation \(enforced.generation)", "committed \(moment(enforced.since))"),
      ("Tables", keeping.name, keeping.detail),
    ])
  }

  private var keeping: (name: String, detail: String) {
    guard let keepers = status.keepers else { return ("without owner", "what others change is repaired") }
    if keepers.isEmpty { return ("owned", "nobody keeps the socket when the daemon dies") }
    return ("owned", "socket kept by \(text(keepers.joined(separator: ", ")))")
  }

  private func list(_ facts: [(name: String, value: String, detail: String)]) -> String {
    let items = facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)<small>\($0.detail)</small></dd></div>\n" }
    return "<dl>\n\(items.joined())</dl>\n"
  }

  /// The kernel's own counters.
  private var refusals: String {
    guard let counters else { return "<p>The kernel’s counters could not be read.</p>\n" }
    let counted = counters.filter { $0.key.hasPrefix("refused_") && $0.value > 0 }.sorted { $0.key < $1.key }
    let words = counted.map { "\(text(String($0.key.dropFirst("refused_".count)))) <strong>\($0.value)</strong>" }
    return
      "<p class=\"counters\">Refused packets, by reason: \(words.isEmpty ? "none" : words.joined(separator: " · "))</p>\n"
  }

  /// What is allowed, as a picture and in words.
  func allowances(_ graph: EgressGraph?) -> String {
    guard let graph else {
      return section("allowances", "Allowances", "<p>Nothing is derived yet.</p>\n")
    }
    let figure = """
      <figure><div class="wide" tabindex="0" role="group" aria-label="Picture of the allowances">
      \(graph.svg(isAlone: false))</div>
      <figcaption>Solid lines go through a gateway, dashed ones through none. Behind a gateway lines are joined: which
      client uses which of its destinations is judged there. <code>moat explain</code> answers for one connection.</figcaption>
      </figure>
      <details><summary>The same in words</summary>
      \(graph.sections.map(words).joined())</details>

      """
    return section("allowances", "Allowances", figure)
  }

  private func words(_ section: EgressGraph.Section) -> String {
    let title = section.gateway.map { "Gateway \(text($0.name))" } ?? "Without a gateway"
    return "<h3>\(title)</h3>\n" + (section.detail.isEmpty ? "" : "<p>\(text(section.detail))</p>\n")
      + lines("From", section.clients) + lines(section.gateway == nil ? "From and to" : "To", section.destinations)
  }

  private func lines(_ title: String, _ lines: [EgressGraph.Section.Line]) -> String {
    guard !lines.isEmpty else { return "" }
    let rows = lines.map { line in
      "<tr><td>\(text(line.name))</td><td>\(text(line.detail, limit: 120))</td><td>\(text(line.reason, limit: 200))</td></tr>\n"
    }
    let heads = [title, "Pods, addresses, ports", "Allowed by"].map { "<th scope=\"col\">\($0)</th>" }.joined()
    return "<table><thead><tr>\(heads)</tr></thead>\n<tbody>\n\(rows.joined())</tbody></table>\n"
  }

  /// What a person should know of the model.
  var findings: String {
    let shown = status.enforced?.shownFindings ?? []
    let items = shown.prefix(StatusDocument.Finding.limit).map { finding in
      let sentence = finding.text.dropFirst(finding.text.hasPrefix(finding.severity) ? finding.severity.count : 0)
      let shade = finding.severity == "error" ? "bad" : "caution"
      return
        "<li><span class=\"badge \(shade)\">\(text(finding.severity))</span> \(text(String(sentence), limit: 500))</li>\n"
    }
    let severe = ["error", "warning"].reduce(0) { $0 + (status.enforced?.findings[$1] ?? 0) }
    let list = items.isEmpty ? "" : "<ul class=\"findings\">\n\(items.joined())\(rest(severe - items.count))</ul>\n"
    let notes = status.enforced?.findings["note"] ?? 0
    let end =
      "<p>\(severe == 0 ? "No errors, no warnings. " : "")\(notes) note\(notes == 1 ? "" : "s"): <code>moat check</code> lists them.</p>\n"
    return section("findings", "Findings", list + end)
  }

  /// A part of the page with its heading.
  func section(_ id: String, _ title: String, _ contents: String) -> String {
    "<section id=\"\(id)\" aria-labelledby=\"\(id)-title\">\n<h2 id=\"\(id)-title\">\(title)</h2>\n\(contents)</section>\n"
  }

  private func rest(_ count: Int) -> String { count > 0 ? "<li>and \(count) more</li>\n" : "" }
}
