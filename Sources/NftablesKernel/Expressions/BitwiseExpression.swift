import CLibnftnl
import CNetfilter

/// `bitwise`: masks the value in the first registers.
struct BitwiseExpression: Hashable {
  /// As long as the value.
  var mask: [UInt8]
}

extension BitwiseExpression {
  init?(_ object: ExpressionObject) {
    guard object.word(NFTNL_EXPR_BITWISE_SREG) == 0, object.word(NFTNL_EXPR_BITWISE_DREG) == 0,
      object.u32(NFTNL_EXPR_BITWISE_OP) == UInt32(MOAT_NFT_BITWISE_MASK_XOR),
      object.bytes(NFTNL_EXPR_BITWISE_XOR).allSatisfy({ $0 == 0 })
    else { return nil }
    mask = object.bytes(NFTNL_EXPR_BITWISE_MASK)
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "bitwise") else { return nil }
    object.set(NFTNL_EXPR_BITWISE_SREG, word: 0)
    object.set(NFTNL_EXPR_BITWISE_DREG, word: 0)
    object.set(NFTNL_EXPR_BITWISE_OP, UInt32(MOAT_NFT_BITWISE_MASK_XOR))
    object.set(NFTNL_EXPR_BITWISE_LEN, UInt32(mask.count))
    object.set(NFTNL_EXPR_BITWISE_MASK, mask)
    object.set(NFTNL_EXPR_BITWISE_XOR, [UInt8](repeating: 0, count: mask.count))
    return object
  }
}
