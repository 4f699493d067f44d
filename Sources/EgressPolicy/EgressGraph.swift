import ClusterModel

/// Who may leave by a node's rules, and how: client → gateway → destination, and client → destination where no gateway
/// stands between.
///
/// Lines behind a gateway are joined, as they are on the node: which client uses which of a gateway's destinations is
/// the gateway's to judge (E6). All text is printable, and as long as names are; a format escapes it.
package struct EgressGraph: Hashable, Sendable {
  /// Where a vertex stands.
  package enum Column: Int, Hashable, Comparable, Sendable, CaseIterable {
    case client
    case gateway
    case destination

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// What one is called, and several.
    package func words(_ count: Int) -> String { count == 1 ? "\(self)" : "\(self)s" }
  }

  /// One client, gateway or destination.
  package struct Vertex: Hashable, Sendable {
    /// Where it stands.
    package var column: Column

    /// `bookinfo/bookinfo-productpage`, `host`, `istio-egress/egress-vg`, `httpbin.org`.
    package var name: String

    /// Its pods or addresses in a few words; may be empty.
    package var detail: String

    /// How many others it stands for, where there is no room for all.
    package var others = 0
  }

  /// What may be opened from one vertex to another.
  package struct Edge: Hashable, Sendable {
    /// Indices into `vertices`.
    package var from: Int

    /// Likewise.
    package var to: Int

    /// `tcp 443`. Sorted.
    package var ports: [String]

    /// The objects and settings that allow it. Sorted.
    package var reasons: [String]
  }

  /// The node, its role and its mode, in words.
  package var title: String

  /// Sorted by column and name.
  package var vertices: [Vertex] = []

  /// Sorted by their ends.
  package var edges: [Edge] = []

  /// How many vertices a column has, those without room included.
  package func count(_ column: Column) -> Int {
    vertices.filter { $0.column == column }.reduce(0) { $0 + max(1, $1.others) }
  }

  /// Indices of a column's vertices.
  func places(in column: Column) -> [Int] { vertices.indices.filter { vertices[$0].column == column } }

  /// Every port by which something comes to a vertex. Sorted.
  func ports(into place: Int) -> [String] { Set(edges.filter { $0.to == place }.flatMap(\.ports)).sorted() }
}

extension EgressGraph {
  /// The graph with at most `limit` vertices in a column, and in each that has more one that says how many more.
  package func bounded(to limit: Int) -> EgressGraph {
    var result = EgressGraph(title: title)
    var places: [Int] = []
    for column in Column.allCases {
      let own = self.places(in: column)
      result.vertices += own.prefix(limit).map { vertices[$0] }
      places += own.indices.map { result.vertices.count - min(own.count, limit) + min($0, limit) }
      guard own.count > limit else { continue }
      let rest = own.dropFirst(limit).reduce(0) { $0 + max(1, vertices[$1].others) }
      result.vertices.append(Vertex(column: column, name: "and \(rest) more", detail: "", others: rest))
    }
    var joined: [[Int]: Edge] = [:]
    for edge in edges {
      let ends = [places[edge.from], places[edge.to]]
      let isWhole = ends.allSatisfy { result.vertices[$0].others == 0 }
      var merged = joined[ends] ?? Edge(from: ends[0], to: ends[1], ports: [], reasons: [])
      merged.ports = Set(merged.ports + edge.ports).sorted()
      merged.reasons = isWhole ? edge.reasons : []
      joined[ends] = merged
    }
    result.edges = joined.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    return result
  }
}

extension EgressGraph {
  /// The graph in words: what goes through one gateway, or through none.
  package struct Section: Hashable, Sendable {
    /// One allowance, or what allows it.
    package struct Line: Hashable, Sendable {
      /// Who may, or where to.
      package var name: String

      /// Its pods, addresses and ports.
      package var detail: String

      /// What allows it; the first few.
      package var reason: String
    }

    /// The gateway; `nil` where there is none.
    package var gateway: Vertex?

    /// Its ports, then its pods.
    package var detail: String

    /// Who may come to it.
    package var clients: [Line] = []

    /// Where it may go. Without a gateway each names its client, too.
    package var destinations: [Line] = []
  }

  /// One for each gateway, and a last one for what needs none, if there is anything.
  package var sections: [Section] {
    let gateways = places(in: .gateway).map { place in
      Section(
        gateway: vertices[place], detail: inWords(ports(into: place), vertices[place].detail),
        clients: edges.filter { $0.to == place }.map { line($0, about: $0.from, showsPorts: false) },
        destinations: edges.filter { $0.from == place }.map { line($0, about: $0.to, showsPorts: true) })
    }
    let direct = edges.filter { vertices[$0.from].column == .client && vertices[$0.to].column == .destination }
    guard !direct.isEmpty else { return gateways }
    let lines = direct.map { edge in
      var line = line(edge, about: edge.to, showsPorts: true)
      line.name = "\(vertices[edge.from].name) → \(line.name)"
      return line
    }
    return gateways + [Section(gateway: nil, detail: "", destinations: lines)]
  }

  private func line(_ edge: Edge, about place: Int, showsPorts: Bool) -> Section.Line {
    let more = edge.reasons.count - Self.shownReasons
    return Section.Line(
      name: vertices[place].name, detail: inWords(showsPorts ? edge.ports : [], vertices[place].detail),
      reason: edge.reasons.prefix(Self.shownReasons).joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""))
  }

  /// `tcp 443, 2 addresses`; of many ports the first.
  func inWords(_ ports: [String], _ detail: String) -> String {
    let more = ports.count - Self.shownPorts
    let shown = ports.prefix(Self.shownPorts) + (more > 0 ? ["\(more) more ports"] : [])
    return (shown + (detail.isEmpty ? [] : [detail])).joined(separator: ", ")
  }

  private static let shownReasons = 2
  private static let shownPorts = 4
}
