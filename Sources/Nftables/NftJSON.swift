extension Ruleset {
  /// The ruleset in the JSON schema of libnftables, one object a line, in the order and form of `nft -j list ruleset`.
  ///
  /// There are no handles. `nft -j -f` loads it into a namespace without these tables, unless it asks for cgroups, which
  /// nft 1.0.6 writes but does not read. See: libnftables-json(5)
  package var nftJSON: String { nftJSON() }

  /// - Parameter cgroupNames: as for `nftSyntax`.
  package func nftJSON(cgroupNames: [UInt64: String] = [:]) -> String {
    var buffer = TextBuffer(cgroupNames: cgroupNames)
    buffer.append("{\"nftables\": [\n")
    buffer.append(object("metainfo", [("json_schema_version", .number(1))]))
    for table in tables {
      for value in table.jsonObjects {
        buffer.append(",\n")
        buffer.append(value)
      }
    }
    buffer.append("\n]}\n")
    return buffer.text
  }
}

extension Table {
  /// The table and all it holds: counters, sets, chains, and then the rules of all chains.
  fileprivate var jsonObjects: [JSONValue] {
    [object("table", [("family", .string(id.family.rawValue)), ("name", .string(id.name))])]
      + counters.map { $0.json(in: id) } + sets.map { $0.json(in: id) } + chains.map { $0.json(in: id) }
      + chains.flatMap { chain in chain.rules.map { $0.json(in: id, chain: chain.name) } }
  }
}

extension Counter {
  fileprivate func json(in table: TableID) -> JSONValue {
    object("counter", named(name, in: table) + [("packets", .number(0)), ("bytes", .number(0))])
  }
}

extension NamedSet {
  fileprivate func json(in table: TableID) -> JSONValue {
    let kind: (String, JSONValue) =
      switch definition.kind {
      case .hash(let size): ("size", .number(UInt64(size)))
      case .interval: ("flags", .array([.string("interval")]))
      }
    let elements: [(String, JSONValue)] =
      elements.count == 0 ? [] : [("elem", .elements(elements, of: definition.type))]
    let timeout: [(String, JSONValue)] =
      definition.timeout.map { [("flags", .array([.string("timeout")])), ("timeout", .number(UInt64($0)))] } ?? []
    return object(
      "set", named(name, in: table) + [("type", .list(definition.type.map(\.nftName))), kind] + timeout + elements)
  }
}

extension Chain {
  fileprivate func json(in table: TableID) -> JSONValue {
    let entrance: [(String, JSONValue)] =
      hook.map {
        [
          ("type", .string("filter")), ("hook", .string($0.point.rawValue)), ("prio", .integer(Int64($0.priority))),
          ("policy", .string($0.policy.rawValue)),
        ]
      } ?? []
    return object("chain", placed(in: table) + [("name", .string(name))] + entrance)
  }
}

extension Rule {
  fileprivate func json(in table: TableID, chain: String) -> JSONValue {
    let comment: [(String, JSONValue)] = comment.map { [("comment", .string($0))] } ?? []
    return object("rule", placed(in: table) + [("chain", .string(chain))] + comment + [("expr", json)])
  }
}

/// `{"kind": {…}}`, the shape of every entry.
private func object(_ kind: String, _ members: [(String, JSONValue)]) -> JSONValue {
  .object([(kind, .object(members))])
}

/// How counters and sets begin.
private func named(_ name: String, in table: TableID) -> [(String, JSONValue)] {
  [("family", .string(table.family.rawValue)), ("name", .string(name)), ("table", .string(table.name))]
}

/// How chains and rules begin.
private func placed(in table: TableID) -> [(String, JSONValue)] {
  [("family", .string(table.family.rawValue)), ("table", .string(table.name))]
}
