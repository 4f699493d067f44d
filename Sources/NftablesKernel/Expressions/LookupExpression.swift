import CLibnftnl
import CNetfilter
import Nftables

/// `lookup`: whether the key in the first registers is in a named set.
struct LookupExpression: Hashable {
  var set: String
  var membership: Membership
}

extension LookupExpression {
  init?(_ object: ExpressionObject) {
    guard object.word(NFTNL_EXPR_LOOKUP_SREG) == 0, !object.has(NFTNL_EXPR_LOOKUP_DREG),
      let set = object.text(NFTNL_EXPR_LOOKUP_SET), !set.hasPrefix("__")
    else { return nil }
    self.set = set
    switch object.u32(NFTNL_EXPR_LOOKUP_FLAGS) {
    case 0: membership = .isIn
    case NFT_LOOKUP_F_INV.rawValue: membership = .isNotIn
    default: return nil
    }
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "lookup") else { return nil }
    object.set(NFTNL_EXPR_LOOKUP_SREG, word: 0)
    object.set(NFTNL_EXPR_LOOKUP_SET, set)
    if membership == .isNotIn { object.set(NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV.rawValue) }
    return object
  }
}
