import Foundation
import FoundationXML
import Testing

@testable import EgressPolicy

/// What a graph becomes in each format, whatever its names are.
@Suite struct GraphTests {
  /// What breaks out of quotes, labels, tags and lines where it can.
  static let hostile = [
    "\"]; evil [label=\"x", "a\\", "\\\" -> n0", "</title></svg><script>alert(1)</script>", "' onload='alert(1)",
    "a|b]|",
    "#quot;", "`x`", "&lt;b&gt;", "%%{init: {}}%%", "<img src=x onerror=alert(1)>", "é→…",
  ]

  private let graph: EgressGraph = {
    var graph = EgressGraph(title: "node \"n\" <b>")
    graph.vertices = hostile.map { .init(column: .client, name: $0, detail: $0) }
    graph.vertices.append(.init(column: .gateway, name: "</svg>", detail: ""))
    graph.vertices.append(.init(column: .destination, name: "--></style><script>", detail: "x"))
    let gateway = hostile.count
    graph.edges = hostile.indices.map { .init(from: $0, to: gateway, ports: ["tcp 1"], reasons: [hostile[$0]]) }
    graph.edges.append(.init(from: gateway, to: gateway + 1, ports: ["\"|"], reasons: []))
    return graph
  }()

  @Test func `Graphviz reads every name as it is, and nothing of it as anything else`() throws {
    let read = try quoted(graph.dot) { text in
      var result = ""
      var isEscape = false
      for character in text {
        if isEscape {
          result.append(character == "n" ? "\n" : character)
        } else if character != "\\" {
          result.append(character)
        }
        isEscape = !isEscape && character == "\\"
      }
      return result.replacing("&amp;", with: "&")
    }
    for name in Self.hostile { #expect(read.strings.contains("\(name)\n\(name)"), "\(name)") }
    let structure = CharacterSet(charactersIn: " {}[]=;,->_\n").union(.alphanumerics)
    #expect(read.rest.unicodeScalars.allSatisfy { structure.contains($0) }, "\(read.rest)")
    #expect(read.rest.components(separatedBy: "->").count - 1 == graph.edges.count)
  }

  @Test func `Mermaid reads every name as it is, and nothing of it as anything else`() throws {
    let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: " ./:-,_#;"))
    let read = try quoted(graph.mermaid) { text in
      text.replacing("<br/>", with: "\n").replacing(/#([0-9]+);/) { match in
        UInt32(match.1).flatMap { Unicode.Scalar($0) }.map { String($0) } ?? ""
      }
    }
    for name in Self.hostile { #expect(read.strings.contains("\(name)\n\(name)"), "\(name)") }
    for text in read.raw.map({ $0.replacing("<br/>", with: "") }) {
      #expect(text.unicodeScalars.allSatisfy { $0.isASCII && plain.contains($0) }, "\(text)")
    }
    #expect(read.rest.components(separatedBy: "-->").count - 1 == graph.edges.count, "\(read.rest)")
  }

  @Test(arguments: [true, false]) func `A picture is well-formed and made of its own elements`(isAlone: Bool) throws {
    let elements = Elements()
    let parser = XMLParser(data: Data(graph.svg(isAlone: isAlone).utf8))
    parser.delegate = elements
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(elements.names.isSubset(of: ["svg", "style", "text", "path", "g", "title", "rect"]), "\(elements.names)")
    #expect(elements.attributes.allSatisfy { !$0.hasPrefix("on") && $0 != "href" && $0 != "style" })
    for name in Self.hostile { #expect(elements.titles.contains { $0.hasPrefix(name) }, "\(name)") }
  }

  @Test func `Of more than there is room for it says how many, and no line is lost`() {
    var graph = EgressGraph(title: "t")
    graph.vertices = (0..<30).map { .init(column: .client, name: "c\($0)", detail: "") }
    graph.vertices.append(.init(column: .gateway, name: "g", detail: ""))
    graph.vertices += (0..<7).map { .init(column: .destination, name: "d\($0)", detail: "") }
    graph.edges = (0..<30).map { .init(from: $0, to: 30, ports: ["tcp \($0 % 2)"], reasons: ["r\($0)"]) }
    graph.edges += (31..<38).map { .init(from: 30, to: $0, ports: ["tcp 443"], reasons: []) }
    let bounded = graph.bounded(to: 5)
    #expect(bounded.vertices.map(\.name).filter { $0.hasPrefix("and ") } == ["and 25 more", "and 2 more"])
    #expect(bounded.vertices.count == 6 + 1 + 6 && bounded.edges.count == 6 + 6)
    #expect(EgressGraph.Column.allCases.map { bounded.count($0) } == [30, 1, 7])
    #expect(bounded.edges.first { bounded.vertices[$0.from].others > 0 }?.ports == ["tcp 0", "tcp 1"])
    #expect(bounded.bounded(to: 3).vertices.contains { $0.name == "and 27 more" && $0.others == 27 })
    #expect(graph.bounded(to: 30) == graph)
    #expect(bounded.text.contains("30 clients, 1 gateway, 7 destinations"))
  }
}

/// The quoted strings of a text, as they are and as `unescape` reads them, and what is between them.
private func quoted(_ text: String, unescape: (String) -> String) throws -> (
  strings: Set<String>, raw: [String], rest: String
) {
  var (raw, rest, current, isInside, isEscape) = ([String](), "", "", false, false)
  for character in text {
    if character == "\"", !isEscape {
      if isInside { raw.append(current) }
      isInside.toggle()
      current = ""
    } else if isInside {
      isEscape = character == "\\" && !isEscape
      current.append(character)
    } else {
      rest.append(character)
    }
  }
  try #require(!isInside)
  return (Set(raw.map(unescape)), raw, rest)
}

/// What a parser of XML sees.
private final class Elements: NSObject, XMLParserDelegate {
  var names: Set<String> = []
  var attributes: Set<String> = []
  var titles: [String] = []
  private var isTitle = false

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    names.insert(name)
    self.attributes.formUnion(attributes.keys)
    isTitle = name == "title"
    if isTitle { titles.append("") }
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if isTitle { titles[titles.count - 1] += text }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    isTitle = false
  }
}
