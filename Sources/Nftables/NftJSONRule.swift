extension Rule {
  /// The rule's statements as the `expr` array.
  var json: JSONValue {
    .array(statements.indices.flatMap { statements[$0].json(tcpIsKnown: impliesTCP(before: $0)) })
  }
}

extension Statement {
  /// The statement's objects; a TCP reset brings its dependency along unless `tcpIsKnown`. See: libnftables-json(5)
  func json(tcpIsKnown: Bool) -> [JSONValue] {
    switch self {
    case .lookup(let fields, let membership, let set):
      [match(membership == .isIn ? "==" : "!=", concatenation(fields), .string("@\(set)"))]
    case .compare(let field, let comparison, let value):
      [match(comparison.jsonOperator, field.json, field.jsonName(of: value))]
    case .connectionState(let states): [match("in", connectionKey("state"), .list(states.nftNames))]
    case .connectionDirection(let direction):
      [match("==", connectionKey("direction"), .string(direction.nftName))]
    case .destinationTranslated: [match("in", connectionKey("status"), .string("dnat"))]
    case .tcpFlags(let mask, let comparison, let value): [flagsObject(mask, comparison, value)]
    case .localAddress(let role, let comparison):
      [match(comparison.jsonOperator, addressType(role), .string("local"))]
    case .routingHeader: [match("==", .object([("exthdr", .object([("name", .string("rt"))]))]), .bool(true))]
    case .counter(let name): [.object([("counter", .string(name))])]
    case .limit(let rate, let burst): [limitObject(rate, burst)]
    case .log(let prefix, let group, let snaplen): [logObject(prefix, group, snaplen)]
    case .reject(let rejection): rejection.json(tcpIsKnown: tcpIsKnown)
    case .verdict(let verdict): [verdict.json]
    }
  }
}

extension Field {
  /// The field as a `payload` or `meta` expression.
  fileprivate var json: JSONValue {
    // nft 1.0.6 leaves the level out, and does not read this object back.
    if case .cgroup = self { return .object([("socket", .object([("key", .string("cgroupv2"))]))]) }
    if type == .interface { return .object([("meta", .object([("key", .string(nftExpression))]))]) }
    if let protocolName = originalProtocol {
      return .object([
        ("ct", .object([("key", .string("\(protocolName) daddr")), ("dir", .string("original"))]))
      ])
    }
    if self == .neighbourTarget6 {
      let place: [(String, JSONValue)] = [("base", .string("th")), ("offset", .number(64)), ("len", .number(128))]
      return .object([("payload", .object(place))])
    }
    let words = nftExpression.split(separator: " ", maxSplits: 1).map { JSONValue.string(String($0)) }
    if self == .networkProtocol || self == .transportProtocol {
      return .object([("meta", .object([("key", words[1])]))])
    }
    return .object([("payload", .object([("protocol", words[0]), ("field", words[1])]))])
  }

  private var originalProtocol: String? {
    switch self {
    case .originalDestination4: "ip"
    case .originalDestination6: "ip6"
    default: nil
    }
  }

  fileprivate func jsonName(of value: UInt16) -> JSONValue {
    self == .networkProtocol ? nftName(of: value).json : type.jsonName(of: value)
  }
}

extension Rejection {
  fileprivate func json(tcpIsKnown: Bool) -> [JSONValue] {
    switch self {
    case .administrativelyProhibited:
      return [rejectObject([("type", .string("icmpx")), ("expr", .string("admin-prohibited"))])]
    case .tcpReset:
      let dependency = match("==", .object([("meta", .object([("key", .string("l4proto"))]))]), .string("tcp"))
      return (tcpIsKnown ? [] : [dependency]) + [rejectObject([("type", .string("tcp reset"))])]
    }
  }

  private func rejectObject(_ members: [(String, JSONValue)]) -> JSONValue { .object([("reject", .object(members))]) }
}

extension Verdict {
  fileprivate var json: JSONValue {
    switch self {
    case .accept: .object([("accept", .null)])
    case .drop: .object([("drop", .null)])
    case .jump(let chain): .object([("jump", .object([("target", .string(chain))]))])
    case .goto(let chain): .object([("goto", .object([("target", .string(chain))]))])
    }
  }
}

extension Comparison {
  fileprivate var jsonOperator: String { self == .equal ? "==" : "!=" }
}

private func match(_ comparison: String, _ left: JSONValue, _ right: JSONValue) -> JSONValue {
  .object([("match", .object([("op", .string(comparison)), ("left", left), ("right", right)]))])
}

private func concatenation(_ fields: [Field]) -> JSONValue {
  fields.count == 1 ? fields[0].json : .object([("concat", .array(fields.map(\.json)))])
}

private func connectionKey(_ key: String) -> JSONValue { .object([("ct", .object([("key", .string(key))]))]) }

private func addressType(_ role: AddressRole) -> JSONValue {
  .object([("fib", .object([("result", .string("type")), ("flags", .array([.string(role.nftName)]))]))])
}

/// The forms of `flagsText`: any, none, or a comparison under a mask.
private func flagsObject(_ mask: TCPFlags, _ comparison: Comparison, _ value: TCPFlags) -> JSONValue {
  let field = JSONValue.object([("payload", .object([("protocol", .string("tcp")), ("field", .string("flags"))]))])
  let masks = JSONValue.list(mask.nftNames)
  if value.isEmpty { return match(comparison == .equal ? "!" : "in", field, masks) }
  return match(comparison.jsonOperator, .object([("&", .array([field, masks]))]), .list(value.nftNames))
}

private func limitObject(_ rate: UInt64, _ burst: UInt32) -> JSONValue {
  .object([
    ("limit", .object([("rate", .number(rate)), ("burst", .number(UInt64(burst))), ("per", .string("second"))]))
  ])
}

private func logObject(_ prefix: String, _ group: UInt16, _ snaplen: UInt32) -> JSONValue {
  let prefixes: [(String, JSONValue)] = prefix.isEmpty ? [] : [("prefix", .string(prefix))]
  let lengths: [(String, JSONValue)] = snaplen == 0 ? [] : [("snaplen", .number(UInt64(snaplen)))]
  return .object([("log", .object(prefixes + [("group", .number(UInt64(group)))] + lengths))])
}
