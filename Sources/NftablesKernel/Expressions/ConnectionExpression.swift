import CLibnftnl
import CNetfilter

/// `ct load …`: something about the packet's connection.
struct ConnectionExpression: Hashable {
  var key: UInt32

  static let state = ConnectionExpression(key: NFT_CT_STATE.rawValue)
  static let direction = ConnectionExpression(key: NFT_CT_DIRECTION.rawValue)
  static let status = ConnectionExpression(key: NFT_CT_STATUS.rawValue)
}

extension ConnectionExpression {
  init?(_ object: ExpressionObject) {
    guard !object.has(NFTNL_EXPR_CT_SREG), !object.has(NFTNL_EXPR_CT_DIR) else { return nil }
    key = object.u32(NFTNL_EXPR_CT_KEY)
  }

  func makeObject(_ word: Int) -> ExpressionObject? {
    guard let object = ExpressionObject(name: "ct") else { return nil }
    object.set(NFTNL_EXPR_CT_KEY, key)
    object.set(NFTNL_EXPR_CT_DREG, word: word)
    return object
  }
}
