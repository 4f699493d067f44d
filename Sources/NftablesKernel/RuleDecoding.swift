import Nftables

/// Reads a rule's expressions back as statements; the inverse of `RuleEncoder`, for nft's programs as well as ours.
struct RuleDecoder {
  private let family: TableID.Family
  private let expressions: [Expression]
  private var index = 0
  private var known = PacketKnowledge()
  private var statements: [Statement] = []

  /// Conditions just read that are either statements of their own or what the next statement depends on.
  private var pending: [Dependency] = []

  private init(_ expressions: [Expression], in family: TableID.Family) {
    self.family = family
    self.expressions = expressions.filter { $0 != .nothing }
  }

  /// The statements of a rule; `nil` when moat's values cannot say exactly this.
  static func statements(of expressions: [Expression], in family: TableID.Family) -> [Statement]? {
    var decoder = RuleDecoder(expressions, in: family)
    guard let statements = decoder.decode(),
      RuleEncoder(statements, in: family).expressions == decoder.expressions
    else { return nil }
    return statements
  }

  private mutating func decode() -> [Statement]? {
    while index < expressions.count {
      if let dependency = takeDependency() {
        pending.append(dependency)
      } else {
        guard let statement = takeStatement(), settle(before: statement) else { return nil }
        statements.append(statement)
        known.add(statement, in: family)
      }
    }
    return flush() ? statements : nil
  }

  /// Drops the conditions that `statement` implies; the others before it were meant.
  private mutating func settle(before statement: Statement) -> Bool {
    var implied = known.missing(for: statement, in: family)
    var absorbed: [Dependency] = []
    while let last = pending.last, last == implied.last {
      absorbed.append(pending.removeLast())
      implied.removeLast()
    }
    guard flush() else { return false }
    for dependency in absorbed { known.add(dependency) }
    return true
  }

  private mutating func flush() -> Bool {
    for dependency in pending {
      guard let statement = dependency.statement(in: family) else { return false }
      statements.append(statement)
      known.add(dependency)
    }
    pending.removeAll()
    return true
  }

  private mutating func takeDependency() -> Dependency? {
    guard index + 1 < expressions.count,
      let dependency = Dependency(expressions[index], expressions[index + 1], in: family)
    else { return nil }
    index += 2
    return dependency
  }
}

extension RuleDecoder {
  private mutating func takeStatement() -> Statement? {
    defer { index += 1 }
    switch expressions[index] {
    case .load(.connection(let key), word: 0) where key.direction == nil: return takeConnection(key)
    case .load(tcpFlagsSource, word: 0): return takeTCPFlags()
    case .load(.fib(let address), word: 0): return takeLocalAddress(address)
    case .load(.extensionHeader(.routing), word: 0): return takeRoutingHeader()
    case .load: return takeFields()
    case .counter(let counter): return .counter(counter.name)
    case .limit(let limit): return .limit(perSecond: limit.perSecond, burst: limit.burst)
    case .log(let log): return .log(prefix: log.prefix, group: log.group, snaplen: log.snaplen)
    case .reject(let reject): return .reject(reject.rejection)
    case .immediate(let immediate): return .verdict(immediate.verdict)
    case .bitwise, .compare, .lookup, .nothing: return nil
    }
  }

  /// The expression after the current one, which becomes the current one.
  private mutating func advance() -> Expression? {
    guard index + 1 < expressions.count else { return nil }
    index += 1
    return expressions[index]
  }

  private mutating func takeFields() -> Statement? {
    var packet = known
    for dependency in pending { packet.add(dependency) }
    var fields: [Field] = []
    var word = 0
    var current: Expression? = expressions[index]
    while case .load(let source, word) = current {
      guard let field = Field(source, knowing: packet, in: family) else { return nil }
      fields.append(field)
      word += field.words
      current = advance()
    }
    if fields.count == 1, let mask = fields[0].mask {
      guard current == .bitwise(BitwiseExpression(mask: mask)) else { return nil }
      current = advance()
    }
    switch current {
    case .lookup(let lookup): return .lookup(fields, lookup.membership, set: lookup.set)
    case .compare(let compare) where fields.count == 1:
      return fields[0].value(of: compare.data).map { .compare(fields[0], compare.comparison, $0) }
    default: return nil
    }
  }

  private mutating func takeConnection(_ key: ConnectionExpression) -> Statement? {
    if key == .direction { return takeDirection() }
    guard case .bitwise(let bitwise) = advance(), let mask = UInt32(hostBytes: bitwise.mask),
      case .compare(let compare) = advance(), compare.comparison == .notEqual
    else { return nil }
    switch key {
    case .state: return .connectionState(ConnectionState(rawValue: mask))
    case .status: return .destinationTranslated
    default: return nil
    }
  }

  private mutating func takeDirection() -> Statement? {
    guard case .compare(let compare) = advance(), compare.data.count == 1 else { return nil }
    return ConnectionDirection(rawValue: compare.data[0]).map { .connectionDirection($0) }
  }

  private mutating func takeTCPFlags() -> Statement? {
    guard case .bitwise(let bitwise) = advance(), bitwise.mask.count == 1, case .compare(let compare) = advance(),
      compare.data.count == 1
    else { return nil }
    return .tcpFlags(
      mask: TCPFlags(rawValue: bitwise.mask[0]), compare.comparison, TCPFlags(rawValue: compare.data[0]))
  }

  private mutating func takeRoutingHeader() -> Statement? {
    guard case .compare(let compare) = advance(), compare == CompareExpression(comparison: .equal, data: [1]) else {
      return nil
    }
    return .routingHeader
  }

  private mutating func takeLocalAddress(_ address: FibExpression) -> Statement? {
    guard case .compare(let compare) = advance() else { return nil }
    return .localAddress(address == .source ? .source : .destination, compare.comparison)
  }
}
