extension EgressGraph {
  /// For Graphviz. See: dot(1), https://graphviz.org/doc/info/lang.html
  package var dot: String {
    var lines = [
      "digraph moat {", "  graph [rankdir=LR, label=\(dotString([title])), labelloc=t, fontname=\"sans-serif\"];",
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];", "  edge [fontname=\"sans-serif\", fontsize=10];",
    ]
    for column in Column.allCases where !places(in: column).isEmpty {
      lines.append("  subgraph \(column)s {")
      lines.append("    rank=same;")
      lines += places(in: column).map { "    n\($0) [label=\(dotString([vertices[$0].name, vertices[$0].detail]))];" }
      lines.append("  }")
    }
    lines += edges.map { edge in
      "  n\(edge.from) -> n\(edge.to) [label=\(dotString([inWords(edge.ports, "")])), "
        + "tooltip=\(dotString([edge.reasons.joined(separator: ", ")]))];"
    }
    return (lines + ["}"]).map { $0 + "\n" }.joined()
  }

  /// For Mermaid. See: https://mermaid.js.org/syntax/flowchart.html
  package var mermaid: String {
    var lines = ["flowchart LR"]
    for column in Column.allCases where !places(in: column).isEmpty {
      lines.append("  subgraph \(column)s")
      lines += places(in: column).map { "    n\($0)[\(mermaidString([vertices[$0].name, vertices[$0].detail]))]" }
      lines.append("  end")
    }
    lines += edges.map { "  n\($0.from) -->|\(mermaidString([inWords($0.ports, "")]))| n\($0.to)" }
    return lines.map { $0 + "\n" }.joined()
  }
}

/// A quoted string with a line for each part that is not empty. Graphviz reads escapes and HTML's entities in it.
private func dotString(_ parts: [String]) -> String {
  let lines = parts.filter { !$0.isEmpty }.map { text in
    text.map { character in
      switch character {
      case "\\": "\\\\"
      case "\"": "\\\""
      case "&": "&amp;"
      default: String(character)
      }
    }.joined()
  }
  return "\"" + lines.joined(separator: "\\n") + "\""
}

/// A quoted string. What might mean something to Mermaid or to HTML is written as the number of its character.
private func mermaidString(_ parts: [String]) -> String {
  let lines = parts.filter { !$0.isEmpty }.map { text in
    text.unicodeScalars.map { scalar in
      let isPlain = scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
      return isPlain || " ./:-,_".unicodeScalars.contains(scalar) ? String(scalar) : "#\(scalar.value);"
    }.joined()
  }
  return "\"" + lines.joined(separator: "<br/>") + "\""
}
