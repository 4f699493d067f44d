import CNetfilter
import Nftables

/// Rewrites a rule's statements as the expressions that nft 1.0.6 would send for them.
struct RuleEncoder {
  private let family: TableID.Family
  private var known = PacketKnowledge()
  private(set) var expressions: [Expression] = []

  /// The expressions of `statements` in a table of `family`.
  init(_ statements: [Statement], in family: TableID.Family) {
    self.family = family
    for statement in statements { append(statement) }
  }

  private mutating func append(_ statement: Statement) {
    for dependency in known.missing(for: statement, in: family) {
      expressions += dependency.expressions(in: family)
      known.add(dependency)
    }
    expressions += statement.expressions
    known.add(statement, in: family)
  }
}

extension Statement {
  /// The expressions of the statement itself, its dependencies being met.
  fileprivate var expressions: [Expression] {
    switch self {
    case .lookup(let fields, let membership, let set):
      loads(of: fields) + [.lookup(LookupExpression(set: set, membership: membership))]
    case .compare(let field, let comparison, let value):
      [.load(field.source, word: 0)] + (field.mask.map { [.bitwise(BitwiseExpression(mask: $0))] } ?? [])
        + [.compared(comparison, field.bytes(of: value))]
    case .connectionState(let state): masked(.connection(.state), state.rawValue)
    case .connectionDirection(let direction):
      [.load(.connection(.direction), word: 0), .compared(.equal, [direction.rawValue])]
    case .destinationTranslated: masked(.connection(.status), connectionStatusDestinationTranslated)
    case .tcpFlags(let mask, let comparison, let value):
      [
        .load(tcpFlagsSource, word: 0), .bitwise(BitwiseExpression(mask: [mask.rawValue])),
        .compared(comparison, [value.rawValue]),
      ]
    case .localAddress(let role, let comparison):
      [.load(.fib(role == .source ? .source : .destination), word: 0), .compared(comparison, routeTypeLocal)]
    case .routingHeader: [.load(.extensionHeader(.routing), word: 0), .compared(.equal, [1])]
    case .counter(let name): [.counter(CounterExpression(name: name))]
    case .limit(let perSecond, let burst): [.limit(LimitExpression(perSecond: perSecond, burst: burst))]
    case .log(let prefix, let group, let snaplen):
      [.log(LogExpression(prefix: prefix, group: group, snaplen: snaplen))]
    case .reject(let rejection): [.reject(RejectExpression(rejection: rejection))]
    case .verdict(let verdict): [.immediate(ImmediateExpression(verdict: verdict))]
    }
  }

  private func loads(of fields: [Field]) -> [Expression] {
    var word = 0
    return fields.map { field in
      defer { word += field.words }
      return .load(field.source, word: word)
    }
  }

  /// `source & mask != 0`.
  private func masked(_ source: LoadSource, _ mask: UInt32) -> [Expression] {
    [
      .load(source, word: 0), .bitwise(BitwiseExpression(mask: mask.hostBytes)),
      .compared(.notEqual, UInt32(0).hostBytes),
    ]
  }
}

extension Expression {
  fileprivate static func compared(_ comparison: Comparison, _ data: [UInt8]) -> Expression {
    .compare(CompareExpression(comparison: comparison, data: data))
  }
}

/// Where TCP's flags are.
let tcpFlagsSource = LoadSource.payload(.transport(13, 1))

/// See: linux/netfilter/nf_conntrack_common.h, IPS_DST_NAT
let connectionStatusDestinationTranslated: UInt32 = 1 << 5

/// See: linux/rtnetlink.h, RTN_LOCAL
let routeTypeLocal = UInt32(2).hostBytes

extension UInt32 {
  /// The number as it lies in memory.
  var hostBytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }

  /// The number of four bytes as they lie in memory; `nil` unless there are four.
  init?(hostBytes bytes: [UInt8]) {
    guard bytes.count == 4 else { return nil }
    self = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
  }
}
