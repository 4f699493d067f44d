import Foundation
import Testing

@testable import EgressPolicy
@testable import StatusPage
@testable import Telemetry

/// What the page says, whatever the cluster's names are.
@Suite struct PageTests {
  private static let evil = "</td><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\u{202e}"

  private func page(_ name: String, records: Int, vertices: Int) -> Page {
    var status = StatusDocument(version: name, node: name, process: 1, started: Timestamp(milliseconds: 0))
    status.enforced = StatusDocument.Enforced(
      since: Timestamp(milliseconds: 0), verified: Timestamp(milliseconds: 0), generation: 1, mode: name, role: name,
      allowances: StatusDocument.Allowances(hopA: 1, hopB: 2, exceptions: 3, host: 4, apiServer: 5),
      findings: ["warning": 900, "note": 1],
      shownFindings: (0..<StatusDocument.Finding.limit).map { _ in .init(code: name, severity: "warning", text: name) })
    status.faults = (0..<500).map { .init(source: "s\($0)", message: name, since: Timestamp(milliseconds: 0)) }
    status.keepers = [name]
    let record = FlowRecord(
      time: name, node: name, verdict: .refused, reason: name, rule: name, protocol: name,
      source: .init(ip: name, namespace: name, pod: name, serviceAccount: name),
      destination: .init(ip: name, port: 1, host: name), count: 3, hint: name)
    let flows = FlowsDocument(
      records: Array(repeating: record, count: records), position: UInt64(records), missed: 0, counts: FlowCounts())
    // A graph's text is as long as names are.
    let name = printable(name, limit: 253)
    var graph = EgressGraph(title: name)
    for column in EgressGraph.Column.allCases {
      graph.vertices += (0..<vertices).map { .init(column: column, name: "\(name) \($0)", detail: name) }
    }
    for one in 0..<vertices {
      for other in 0..<min(vertices, 40) {
        graph.edges.append(
          .init(from: one, to: vertices + other, ports: [name], reasons: [name, name + "1", name + "2"]))
        graph.edges.append(.init(from: vertices + one, to: 2 * vertices + other, ports: [name], reasons: [name]))
        graph.edges.append(.init(from: one, to: 2 * vertices + other, ports: [name], reasons: [name]))
      }
    }
    return Page(status: status, flows: flows, counters: ["refused_\(name)": 1], graph: graph)
  }

  @Test func `Nothing that the cluster named is read as markup`() {
    let html = page(Self.evil, records: 3, vertices: 2).html(nonce: "n0")
    #expect(html.components(separatedBy: "<script").count == 2 && html.components(separatedBy: "<img").count == 1)
    #expect(!html.contains("alert(1)</script>") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(!html.unicodeScalars.contains("\u{202e}") && html.contains("u{202e}"))
    // Every tag's attributes are those that the page itself writes.
    let known = [
      "lang", "charset", "name", "content", "nonce", "data-position", "data-since", "class", "href", "id",
      "datetime", "aria-labelledby", "aria-label", "scope", "role", "tabindex", "viewbox", "x", "y", "d", "width",
      "height", "rx", "hidden",
    ]
    let withoutScript = html.replacing(/<script[\s\S]*?<\/script>/, with: "")
    for tag in withoutScript.matches(of: /<[a-z][^>]*>/) {
      let names = String(tag.0).replacing(/"[^"]*"/, with: "")
      for attribute in names.matches(of: /\s([A-Za-z-]+)=/) {
        #expect(known.contains(attribute.1.lowercased()), "\(tag.0)")
      }
    }
  }

  @Test(arguments: ["&'\"<>", "a", "\u{0}", "é"])
  func `However much there is, the page stays small and says what it leaves out`(character: String) {
    let html = page(String(repeating: character, count: 20_000), records: 2048, vertices: 100).html(nonce: "n0")
    #expect(html.utf8.count < Page.sizeLimit, "\(html.utf8.count)")
    #expect(html.contains(/and (80|92|96|99) more/) && html.contains("and 850 more") && html.contains("and 480 more"))
    #expect(html.contains("The newest 50 of"))
  }

  @Test func `Nothing is loaded from elsewhere, and only its own style and script run`() {
    let html = page("a", records: 1, vertices: 1).html(nonce: "n0")
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("src=") && !html.contains("url("))
    #expect(html.matches(of: /<(style|script)[^>]*>/).allSatisfy { $0.0.contains("nonce=\"n0\"") })
    #expect(Page.policy(nonce: "n0").hasPrefix("default-src 'none'; style-src 'nonce-n0'; script-src 'nonce-n0';"))
    #expect(!Page.script.contains("innerHTML") && !Page.script.contains("eval"))
  }

  @Test func `A daemon that enforces nothing yet says so`() {
    let status = StatusDocument(version: "1", node: "n", process: 1, started: Timestamp(milliseconds: 0))
    let flows = FlowsDocument(records: [], position: 0, missed: 0, counts: FlowCounts())
    let html = Page(status: status, flows: flows, counters: nil, graph: nil).html(nonce: "n0")
    for text in [
      "starting", "Nothing of this daemon’s own is enforced yet", "counters could not be read",
      "Nothing is derived yet", "Nothing was refused since",
    ] { #expect(html.contains(text), "\(text)") }
  }

  /// See: WCAG 2.2, contrast (minimum)
  @Test(arguments: [false, true]) func `Text can be read in both themes`(isDark: Bool) throws {
    let sheet = EgressGraph.pictureColors + Page.style
    let parts = sheet.components(separatedBy: "@media (prefers-color-scheme: dark)")
    var colors: [String: Double] = [:]
    for (number, part) in parts.enumerated() {
      // What follows the block of the dark theme belongs to both.
      let (dark, both) = number == 0 ? ("", part) : split(part)
      for text in isDark ? [both, dark] : [both] {
        for match in text.matches(of: /--([a-z]+): #([0-9a-f]{6})/) {
          if colors[String(match.1)] == nil || text == dark { colors[String(match.1)] = luminance(String(match.2)) }
        }
      }
    }
    for name in ["ink", "faint", "accent", "caution", "good", "bad"] {
      for ground in ["paper", "card"] {
        let (one, other) = (try #require(colors[name]), try #require(colors[ground]))
        #expect((max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5, "\(name) on \(ground)")
      }
    }
    let (line, card) = (try #require(colors["line"]), try #require(colors["card"]))
    #expect((max(line, card) + 0.05) / (min(line, card) + 0.05) >= 3)
  }
}

/// A block in braces, and what follows it.
private func split(_ text: String) -> (block: String, rest: String) {
  var depth = 0
  for (index, character) in zip(text.indices, text) {
    if character == "{" { depth += 1 }
    if character == "}" {
      depth -= 1
      if depth == 0 { return (String(text[...index]), String(text[text.index(after: index)...])) }
    }
  }
  return (text, "")
}

/// Relative luminance of `rrggbb`.
private func luminance(_ hex: String) -> Double {
  let value = Int(hex, radix: 16) ?? 0
  let parts = [16, 8, 0].map { shift -> Double in
    let part = Double((value >> shift) & 255) / 255
    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
  }
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
}
