import CLibnftnl
import CNetfilter
import Nftables

/// `cmp eq|neq`: compares the value in the first registers with a constant.
struct CompareExpression: Hashable {
  var comparison: Comparison

  /// The constant as it lies in the registers.
  var data: [UInt8]
}

extension CompareExpression {
  init?(_ object: ExpressionObject) {
    guard object.word(NFTNL_EXPR_CMP_SREG) == 0 else { return nil }
    switch object.u32(NFTNL_EXPR_CMP_OP) {
    case NFT_CMP_EQ.rawValue: comparison = .equal
    case NFT_CMP_NEQ.rawValue: comparison = .notEqual
    default: return nil
    }
    data = object.bytes(NFTNL_EXPR_CMP_DATA)
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "cmp") else { return nil }
    object.set(NFTNL_EXPR_CMP_SREG, word: 0)
    object.set(NFTNL_EXPR_CMP_OP, comparison == .equal ? NFT_CMP_EQ.rawValue : NFT_CMP_NEQ.rawValue)
    object.set(NFTNL_EXPR_CMP_DATA, data)
    return object
  }
}
