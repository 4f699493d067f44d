extension Rule {
  /// The rule in one line, with its comment: `ip daddr @inside4 accept comment "S5"`. See: nft(8), RULES
  package var nftSyntax: String {
    let parts = statements.indices.map { statements[$0].nftText(tcpIsKnown: impliesTCP(before: $0)) }
    return (parts + (comment.map { ["comment \(quoted($0))"] } ?? [])).joined(separator: " ")
  }

  /// Whether the statements before `index` let only TCP packets pass; nft then leaves the dependency of a TCP reset out.
  func impliesTCP(before index: Int) -> Bool { statements[..<index].contains(where: \.impliesTCP) }
}

extension Statement {
  /// The statement as it stands in a rule. See: nft(8), EXPRESSIONS and STATEMENTS
  package var nftSyntax: String { nftText(tcpIsKnown: false) }

  /// Whether only TCP packets get past this statement.
  var impliesTCP: Bool {
    switch self {
    case .tcpFlags: true
    case .lookup(let fields, _, _): fields.contains(.tcpDestinationPort)
    case .compare(let field, let comparison, let value):
      field == .tcpDestinationPort || field == .transportProtocol && comparison == .equal && value == 6
    default: false
    }
  }

  /// The statement's text; a TCP reset names its dependency unless `tcpIsKnown`.
  func nftText(tcpIsKnown: Bool) -> String {
    switch self {
    case .lookup(let fields, let membership, let set):
      "\(fields.map(\.nftExpression).joined(separator: " . ")) \(membership == .isIn ? "" : "!= ")@\(set)"
    case .compare(let field, let comparison, let value):
      "\(field.nftExpression) \(comparison.nftText)\(field.nftName(of: value).text)"
    case .connectionState(let states): "ct state \(states.nftNames.joined(separator: ","))"
    case .connectionDirection(let direction): "ct direction \(direction.nftName)"
    case .destinationTranslated: "ct status dnat"
    case .tcpFlags(let mask, let comparison, let value): flagsText(mask, comparison, value)
    case .localAddress(let role, let comparison): "fib \(role.nftName) type \(comparison.nftText)local"
    case .routingHeader: "exthdr rt exists"
    case .counter(let name): "counter name \"\(name)\""
    case .limit(let rate, let burst): limitText(rate, burst)
    case .log(let prefix, let group, let snaplen): logText(prefix, group, snaplen)
    case .reject(.tcpReset): "\(tcpIsKnown ? "" : "meta l4proto tcp ")reject with tcp reset"
    case .reject(.administrativelyProhibited): "reject with icmpx admin-prohibited"
    case .verdict(let verdict): verdict.nftText
    }
  }
}

extension Verdict {
  var nftText: String {
    switch self {
    case .accept: "accept"
    case .drop: "drop"
    case .jump(let chain): "jump \(chain)"
    case .goto(let chain): "goto \(chain)"
    }
  }
}

extension Comparison {
  /// `!= `, or nothing: equality needs no sign.
  fileprivate var nftText: String { self == .equal ? "" : "!= " }
}

/// The forms in which nft lists flags: `syn / fin,syn` for several masked ones, `& syn == syn` for one, `! fin,syn` and
/// `fin,syn` for none and any.
private func flagsText(_ mask: TCPFlags, _ comparison: Comparison, _ value: TCPFlags) -> String {
  let masks = mask.nftNames.joined(separator: ",")
  let values = value.nftNames.joined(separator: ",")
  if value.isEmpty { return "tcp flags \(comparison == .equal ? "! " : "")\(masks)" }
  if mask.rawValue.nonzeroBitCount > 1 { return "tcp flags \(comparison.nftText)\(values) / \(masks)" }
  return "tcp flags & \(masks) \(comparison == .equal ? "==" : "!=") \(values)"
}

/// nft leaves its default burst of five packets out.
private func limitText(_ rate: UInt64, _ burst: UInt32) -> String {
  "limit rate \(rate)/second" + (burst == 5 ? "" : " burst \(burst) packets")
}

private func logText(_ prefix: String, _ group: UInt16, _ snaplen: UInt32) -> String {
  "log" + (prefix.isEmpty ? "" : " prefix \(quoted(prefix))") + " group \(group)"
    + (snaplen == 0 ? "" : " snaplen \(snaplen)")
}

/// A string in quotes. nft has no escapes, so what would end the string or the line is replaced; `validate` reports it.
private func quoted(_ text: String) -> String {
  let characters = text.unicodeScalars.map { $0 == "\"" ? "'" : $0.value < 32 || $0.value == 127 ? " " : $0 }
  return "\"\(String(String.UnicodeScalarView(characters)))\""
}
