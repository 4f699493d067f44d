extension EgressGraph {
  /// For people who read text: each gateway with its clients and destinations, then what needs no gateway.
  package var text: String {
    let counts = Column.allCases.map { "\(count($0)) \($0.words(count($0)))" }
    var lines = [title, counts.joined(separator: ", ")]
    for section in sections {
      lines.append("")
      lines.append(section.gateway.map { "gateway \($0.name)" + inParentheses(section.detail) } ?? "without a gateway")
      lines += section.clients.map { "  from  " + words($0) }
      lines += section.destinations.map { (section.gateway == nil ? "  " : "  to    ") + words($0) }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

private func words(_ line: EgressGraph.Section.Line) -> String {
  line.name + inParentheses(line.detail) + (line.reason.isEmpty ? "" : "  by \(line.reason)")
}

private func inParentheses(_ text: String) -> String { text.isEmpty ? "" : "  (\(text))" }
