import CLibnftnl
import CNetfilter

/// `fib saddr|daddr type`: the type of an address in the routing table.
struct FibExpression: Hashable {
  /// NFTA_FIB_F_SADDR or NFTA_FIB_F_DADDR.
  var flags: UInt32

  static let source = FibExpression(flags: NFTA_FIB_F_SADDR.rawValue)
  static let destination = FibExpression(flags: NFTA_FIB_F_DADDR.rawValue)
}

extension FibExpression {
  init?(_ object: ExpressionObject) {
    guard object.u32(NFTNL_EXPR_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE.rawValue else { return nil }
    flags = object.u32(NFTNL_EXPR_FIB_FLAGS)
  }

  func makeObject(_ word: Int) -> ExpressionObject? {
    guard let object = ExpressionObject(name: "fib") else { return nil }
    object.set(NFTNL_EXPR_FIB_DREG, word: word)
    object.set(NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE.rawValue)
    object.set(NFTNL_EXPR_FIB_FLAGS, flags)
    return object
  }
}
