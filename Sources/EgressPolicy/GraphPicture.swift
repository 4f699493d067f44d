import ClusterModel

extension EgressGraph {
  /// A picture: three columns, their boxes joined by curves; dashed is what passes no gateway.
  ///
  /// - Parameter isAlone: a file of its own, with its styles; else a part of a page that has `pictureStyle`.
  package func svg(isAlone: Bool = true) -> String {
    let layout = GraphLayout(self)
    let size = "viewBox=\"0 0 \(GraphLayout.width) \(layout.height)\""
    let own = "width=\"\(GraphLayout.width)\" height=\"\(layout.height)\" xmlns=\"http://www.w3.org/2000/svg\""
    var lines = [
      "<svg class=\"graph\" role=\"img\" aria-label=\"\(markup(summary))\" \(size)\(isAlone ? " \(own)" : "")>"
    ]
    if isAlone { lines.append("<style>\n\(Self.pictureColors)\(Self.pictureStyle)</style>") }
    lines += Column.allCases.map { column in
      let heading = column.words(2).prefix(1).uppercased() + column.words(2).dropFirst()
      return "<text class=\"column\" x=\"\(layout.left(of: column))\" y=\"16\">\(heading) · \(count(column))</text>"
    }
    lines += edges.map { path($0, layout) }
    lines += vertices.indices.map { box($0, layout) }
    return (lines + ["</svg>"]).map { $0 + "\n" }.joined()
  }

  /// What a picture's classes look like, by the properties of `pictureColors`.
  package static let pictureStyle = """
    .graph { font-family: system-ui, "DejaVu Sans", sans-serif; font-size: 13px }
    .graph text { fill: var(--ink) }
    .graph .column { font-size: 12px; font-weight: 600; fill: var(--faint) }
    .graph .detail { font-size: 11px; fill: var(--faint) }
    .graph rect { fill: var(--card); stroke: var(--line) }
    .graph .gateway rect { stroke: var(--accent); stroke-width: 2 }
    .graph .rest rect { stroke-dasharray: 3 3 }
    .graph path { fill: none; stroke: var(--accent); stroke-width: 1.6 }
    .graph path.direct { stroke: var(--caution); stroke-dasharray: 6 4 }

    """

  /// The colours, light and dark. Text has a contrast of more than 4.5 to 1, lines of more than 3 to 1.
  package static let pictureColors = """
    :root { color-scheme: light dark; --paper: #f6f8fa; --card: #ffffff; --ink: #1c2329; --faint: #55606b; --line: #848e99;
      --accent: #0b63b0; --caution: #8a5a00 }
    @media (prefers-color-scheme: dark) {
      :root { --paper: #10151a; --card: #1a2128; --ink: #e8edf2; --faint: #a5b0bb; --line: #6b7681;
        --accent: #6cb2f5; --caution: #e0ae4e }
    }

    """

  private var summary: String {
    let counts = Column.allCases.map { "\(count($0)) \($0.words(count($0)))" }
    return "Allowances of \(title): \(counts.joined(separator: ", "))"
  }

  private func path(_ edge: Edge, _ layout: GraphLayout) -> String {
    let isDirect = vertices[edge.from].column == .client && vertices[edge.to].column == .destination
    let (x1, y1) = (layout.left(of: vertices[edge.from].column) + GraphLayout.boxWidth, layout.middle(of: edge.from))
    let (x2, y2) = (layout.left(of: vertices[edge.to].column), layout.middle(of: edge.to))
    let bend = (x1 + x2) / 2
    return "<path\(isDirect ? " class=\"direct\"" : "") d=\"M\(x1) \(y1)C\(bend) \(y1) \(bend) \(y2) \(x2) \(y2)\"/>"
  }

  private func box(_ place: Int, _ layout: GraphLayout) -> String {
    let vertex = vertices[place]
    let (x, y) = (layout.left(of: vertex.column), layout.top(of: place))
    let detail = inWords(ports(into: place), vertex.detail)
    let name = "<text x=\"\(x + 10)\" y=\"\(y + (detail.isEmpty ? 26 : 18))\">\(markup(cut(vertex.name, 30)))</text>"
    let small =
      detail.isEmpty ? "" : "<text class=\"detail\" x=\"\(x + 10)\" y=\"\(y + 34)\">\(markup(cut(detail, 34)))</text>"
    return "<g class=\"\(vertex.others > 0 ? "\(vertex.column) rest" : "\(vertex.column)")\">"
      + "<title>\(markup(vertex.name + (detail.isEmpty ? "" : ", \(detail)")))</title>"
      + "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(GraphLayout.boxWidth)\" height=\"\(GraphLayout.boxHeight)\" rx=\"6\"/>"
      + name + small + "</g>"
  }
}

/// Text as HTML and XML want it, also within double or single quotes.
package func markup(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Text without controls, of at most so many characters: what cannot be seen is written as its number.
package func printable(_ text: String, limit: Int) -> String { shown(text, limit: limit) }

/// The middle of a text gives way, so that a pod's or a host's distinctive ends stay.
private func cut(_ text: String, _ limit: Int) -> String {
  guard text.count > limit else { return text }
  return text.prefix(limit / 2) + "…" + text.suffix(limit - limit / 2 - 1)
}

/// Where boxes stand. What goes through gateways is above what does not, so that no line crosses a gateway's box.
private struct GraphLayout {
  static let (boxWidth, boxHeight, gap) = (236, 44, 14)
  static let space = 104
  static let width = 3 * boxWidth + 2 * space + 2
  private static let heading = 30

  private var rows: [Int]

  /// How far the gateways stand below the others, in halves of a row.
  private let lowering: Int
  private let columns: [EgressGraph.Column]

  init(_ graph: EgressGraph) {
    columns = graph.vertices.map(\.column)
    rows = Array(repeating: 0, count: graph.vertices.count)
    var throughGateway: Set<Int> = []
    for edge in graph.edges where columns[edge.from] == .gateway || columns[edge.to] == .gateway {
      throughGateway.formUnion([edge.from, edge.to])
    }
    // Destinations stand in the order of who reaches them, so that few lines cross.
    let firstSource = Dictionary(graph.edges.map { ($0.to, $0.from) }, uniquingKeysWith: min)
    let upper = EgressGraph.Column.allCases.map { graph.places(in: $0).filter(throughGateway.contains) }
    let gateways = graph.places(in: .gateway).count
    let first = max(upper.map(\.count).max() ?? 0, gateways)
    lowering = gateways == 0 ? 0 : first - gateways
    for column in EgressGraph.Column.allCases {
      let own = graph.places(in: column)
      for (row, place) in own.filter(throughGateway.contains).enumerated() { rows[place] = row }
      let later = own.filter { !throughGateway.contains($0) }
        .sorted { (firstSource[$0] ?? 0, $0) < (firstSource[$1] ?? 0, $1) }
      for (row, place) in later.enumerated() { rows[place] = column == .gateway ? row : first + row }
    }
  }

  var height: Int {
    (rows.indices.map { top(of: $0) }.max() ?? Self.heading) + Self.boxHeight + 2
  }

  func left(of column: EgressGraph.Column) -> Int { 1 + column.rawValue * (Self.boxWidth + Self.space) }

  func top(of place: Int) -> Int {
    let lowered = columns[place] == .gateway ? lowering * (Self.boxHeight + Self.gap) / 2 : 0
    return Self.heading + rows[place] * (Self.boxHeight + Self.gap) + lowered
  }

  func middle(of place: Int) -> Int { top(of: place) + Self.boxHeight / 2 }
}
