import CLibnftnl

/// One step of a rule's program, of those that moat uses.
///
/// Registers are counted in words of four bytes, from 0 to 15. See: linux/netfilter/nf_tables.h, enum nft_registers
enum Expression: Hashable {
  /// Loads a part of the packet or of what is known about it into the registers from `word` on.
  case load(LoadSource, word: Int)
  case bitwise(BitwiseExpression)
  case compare(CompareExpression)
  case lookup(LookupExpression)
  case counter(CounterExpression)
  case limit(LimitExpression)
  case log(LogExpression)
  case reject(RejectExpression)
  case immediate(ImmediateExpression)

  /// `byteorder` of one byte, which changes nothing; nft 1.0.6 writes it after `meta load l4proto` in the keys of
  /// interval sets.
  case nothing
}

/// Where a load takes its value from.
enum LoadSource: Hashable {
  case meta(MetaExpression)
  case payload(PayloadExpression)
  case connection(ConnectionExpression)
  case fib(FibExpression)
  case socket(SocketExpression)
  case extensionHeader(ExtensionHeaderExpression)
}

extension Expression {
  /// The expression as libnftnl read it; `nil` for one that moat does not use.
  init?(_ object: ExpressionObject) {
    switch object.name {
    case "meta": self.init(load: MetaExpression(object).map(LoadSource.meta), object, register: NFTNL_EXPR_META_DREG)
    case "payload":
      self.init(load: PayloadExpression(object).map(LoadSource.payload), object, register: NFTNL_EXPR_PAYLOAD_DREG)
    case "ct":
      self.init(load: ConnectionExpression(object).map(LoadSource.connection), object, register: NFTNL_EXPR_CT_DREG)
    case "socket":
      self.init(load: SocketExpression(object).map(LoadSource.socket), object, register: NFTNL_EXPR_SOCKET_DREG)
    case "exthdr":
      self.init(
        load: ExtensionHeaderExpression(object).map(LoadSource.extensionHeader), object,
        register: NFTNL_EXPR_EXTHDR_DREG)
    case "fib": self.init(load: FibExpression(object).map(LoadSource.fib), object, register: NFTNL_EXPR_FIB_DREG)
    default: self.init(effect: object)
    }
  }

  private init?(load source: LoadSource?, _ object: ExpressionObject, register: Int) {
    guard let source, let word = object.word(register) else { return nil }
    self = .load(source, word: word)
  }

  private init?(effect object: ExpressionObject) {
    let decoded: Expression? =
      switch object.name {
      case "bitwise": BitwiseExpression(object).map(Expression.bitwise)
      case "byteorder": object.changesNothing ? .nothing : nil
      case "cmp": CompareExpression(object).map(Expression.compare)
      case "immediate": ImmediateExpression(object).map(Expression.immediate)
      case "limit": LimitExpression(object).map(Expression.limit)
      case "log": LogExpression(object).map(Expression.log)
      case "lookup": LookupExpression(object).map(Expression.lookup)
      case "objref": CounterExpression(object).map(Expression.counter)
      case "reject": RejectExpression(object).map(Expression.reject)
      default: nil
      }
    guard let decoded else { return nil }
    self = decoded
  }

  /// Makes the libnftnl object, which the caller owns; `nil` when there is no memory.
  func makeObject() -> ExpressionObject? {
    switch self {
    case .load(.meta(let meta), let word): meta.makeObject(word)
    case .load(.payload(let payload), let word): payload.makeObject(word)
    case .load(.connection(let connection), let word): connection.makeObject(word)
    case .load(.fib(let fib), let word): fib.makeObject(word)
    case .load(.socket(let socket), let word): socket.makeObject(word)
    case .load(.extensionHeader(let header), let word): header.makeObject(word)
    case .bitwise(let bitwise): bitwise.makeObject()
    case .compare(let compare): compare.makeObject()
    case .lookup(let lookup): lookup.makeObject()
    case .counter(let counter): counter.makeObject()
    case .limit(let limit): limit.makeObject()
    case .log(let log): log.makeObject()
    case .reject(let reject): reject.makeObject()
    case .immediate(let immediate): immediate.makeObject()
    case .nothing: nil
    }
  }
}

extension ExpressionObject {
  /// Whether a `byteorder` expression swaps single bytes.
  fileprivate var changesNothing: Bool {
    u32(NFTNL_EXPR_BYTEORDER_LEN) == 1 && u32(NFTNL_EXPR_BYTEORDER_DREG) == u32(NFTNL_EXPR_BYTEORDER_SREG)
  }
}
