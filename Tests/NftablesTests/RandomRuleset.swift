import SeededRandom

@testable import Nftables

extension Seeded {
  /// A valid ruleset of few names, so that two of them have much in common and much that differs.
  mutating func ruleset() -> Ruleset {
    var tables = [table(moat)]
    if oneIn(6) { tables.append(Table(id: TableID(.bridge, "moat"), counters: [], sets: [], chains: [])) }
    if oneIn(20) { tables = [] }
    return Ruleset(tables: tables)
  }

  private mutating func table(_ id: TableID) -> Table {
    let counters = some(of: ["one", "three", "two"].map(Counter.init))
    let sets = some(of: ["alpha", "beta", "delta", "gamma"]).map { set($0) }
    let names = some(of: ["chain-a", "chain-b", "chain-c", "chain-d"])
    let regular = some(of: names, butOneIn: 6)
    let bases = names.filter { !regular.contains($0) } + some(of: ["base", "forward", "output"])
    let chains = regular.indices.map { index in
      chain(regular[index], hook: nil, counters, sets, targets: Array(regular[(index + 1)...]))
    }
    let entrances = bases.map { chain($0, hook: hook(), counters, sets, targets: regular) }
    return Table(id: id, counters: counters, sets: sets, chains: chains + entrances)
  }

  private mutating func hook() -> Hook {
    Hook(pick([.forward, .output, .prerouting]), priority: pick([-300, 0, 0, 5, 77]), policy: pick([.accept, .drop]))
  }

  /// Mostly of the type that goes with the name.
  mutating func set(_ name: String) -> NamedSet {
    let types: [[FieldType]] = [[.address4], [.address4, .port], [.address4, .address4, .transportProtocol, .port]]
    let usual = types[name.utf8.count % 3]
    let type = oneIn(5) ? pick(types) : usual
    return oneIn(2) == (name < "c") ? intervals(name, type) : keys(name, type)
  }

  private mutating func keys(_ name: String, _ type: [FieldType]) -> NamedSet {
    let rows = some(of: Array(1...40)).map { row in type.map { value(of: $0, row) } }
    let set = NamedSet(name, type, keys: rows)
    guard oneIn(3) else { return set }
    let definition = SetDefinition(name: name, type: type, kind: .hash(size: pick([64, 128, 2048])))
    return NamedSet(definition: definition, elements: set.elements)
  }

  private mutating func intervals(_ name: String, _ type: [FieldType]) -> NamedSet {
    let rows = some(of: Array(1...4)).map { row in
      type.map { field in
        let first = value(of: field, 10 * row)
        return first...(first + pick([0, 1, 5]))
      }
    }
    return NamedSet(name, type, ranges: rows)
  }

  /// Protocols lie where /etc/protocols names none.
  private func value(of field: FieldType, _ row: Int) -> UInt128 {
    UInt128(row) + (field == .address4 ? 0x0a00_0000 : field == .transportProtocol ? 150 : 0)
  }

  private mutating func chain(
    _ name: String, hook: Hook?, _ counters: [Counter], _ sets: [NamedSet], targets: [String]
  ) -> Chain {
    let count = Int.random(in: 0...3, using: &self)
    return Chain(name, hook: hook, rules: (0..<count).map { _ in rule(counters, sets, targets) })
  }

  private mutating func rule(_ counters: [Counter], _ sets: [NamedSet], _ targets: [String]) -> Rule {
    var statements = matches()
    if !sets.isEmpty, oneIn(2) { statements.append(lookup(pick(sets), tcp: statements.contains(where: \.impliesTCP))) }
    if !counters.isEmpty, oneIn(2) { statements.append(.counter(pick(counters).name)) }
    var ends: [Statement] = [
      .verdict(.accept), .verdict(.drop), .reject(.administrativelyProhibited), .reject(.tcpReset),
    ]
    ends += targets.map { .verdict(.jump($0)) } + targets.map { .verdict(.goto($0)) }
    if statements.isEmpty || !oneIn(4) { statements.append(pick(ends)) }
    return Rule(statements, comment: oneIn(3) ? pick(["S1", "S5 inside stays open"]) : nil)
  }

  private mutating func matches() -> [Statement] {
    some(
      of: [
        .connectionDirection(.reply), .connectionState(pick([.new, [.established, .related], .invalid])),
        .destinationTranslated, .localAddress(pick([.source, .destination]), pick([.equal, .notEqual])),
        .limit(perSecond: pick([1, 200]), burst: pick([5, 500])),
        .log(prefix: pick(["", "refused"]), group: 28015, snaplen: pick([0, 128])), flags(),
      ], oneIn: 5)
  }

  private mutating func flags() -> Statement {
    let mask: TCPFlags = pick([.syn, [.fin, .syn, .rst, .ack]])
    return .tcpFlags(mask: mask, pick([.equal, .notEqual]), pick([.syn, [], mask]))
  }

  /// Where only TCP packets come, nft lists `th dport` as `tcp dport`.
  private mutating func lookup(_ set: NamedSet, tcp: Bool) -> Statement {
    let fields: [Field] = set.definition.type.enumerated().map { index, type in
      switch type {
      case .address4: index == 0 ? .destination4 : .source4
      case .port: tcp || set.definition.type.count == 2 ? .tcpDestinationPort : .destinationPort
      default: .transportProtocol
      }
    }
    return .lookup(fields, pick([.isIn, .isIn, .isNotIn]), set: set.name)
  }
}
