import CLibnftnl
import CNetfilter

/// `exthdr load ipv6 … present`: whether the packet has an IPv6 extension header of this type.
struct ExtensionHeaderExpression: Hashable {
  /// The header's protocol number.
  var type: UInt8

  static let routing = ExtensionHeaderExpression(type: UInt8(IPPROTO_ROUTING))
}

extension ExtensionHeaderExpression {
  init?(_ object: ExpressionObject) {
    guard object.u32(NFTNL_EXPR_EXTHDR_OP) == NFT_EXTHDR_OP_IPV6.rawValue,
      object.u32(NFTNL_EXPR_EXTHDR_FLAGS) == NFT_EXTHDR_F_PRESENT.rawValue,
      object.u32(NFTNL_EXPR_EXTHDR_OFFSET) == 0, object.u32(NFTNL_EXPR_EXTHDR_LEN) == 1
    else { return nil }
    type = object.u8(NFTNL_EXPR_EXTHDR_TYPE)
  }

  func makeObject(_ word: Int) -> ExpressionObject? {
    guard let object = ExpressionObject(name: "exthdr") else { return nil }
    object.set(NFTNL_EXPR_EXTHDR_DREG, word: word)
    object.set(NFTNL_EXPR_EXTHDR_TYPE, u8: type)
    object.set(NFTNL_EXPR_EXTHDR_OFFSET, 0)
    object.set(NFTNL_EXPR_EXTHDR_LEN, 1)
    object.set(NFTNL_EXPR_EXTHDR_FLAGS, NFT_EXTHDR_F_PRESENT.rawValue)
    object.set(NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6.rawValue)
    return object
  }
}
