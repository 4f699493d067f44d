import CLibnftnl
import CNetfilter

/// `limit rate N/second burst M packets`.
struct LimitExpression: Hashable {
  var perSecond: UInt64
  var burst: UInt32
}

extension LimitExpression {
  init?(_ object: ExpressionObject) {
    guard object.u64(NFTNL_EXPR_LIMIT_UNIT) == 1, object.u32(NFTNL_EXPR_LIMIT_FLAGS) == 0,
      object.u32(NFTNL_EXPR_LIMIT_TYPE) == NFT_LIMIT_PKTS.rawValue
    else { return nil }
    perSecond = object.u64(NFTNL_EXPR_LIMIT_RATE)
    burst = object.u32(NFTNL_EXPR_LIMIT_BURST)
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "limit") else { return nil }
    object.set(NFTNL_EXPR_LIMIT_RATE, u64: perSecond)
    object.set(NFTNL_EXPR_LIMIT_UNIT, u64: 1)
    object.set(NFTNL_EXPR_LIMIT_BURST, burst)
    object.set(NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS.rawValue)
    object.set(NFTNL_EXPR_LIMIT_FLAGS, 0)
    return object
  }
}
