import CLibnftnl
import CNetfilter

/// `ct load …`: something about the packet's connection.
struct ConnectionExpression: Hashable {
  var key: UInt32

  /// IP_CT_DIR_ORIGINAL or IP_CT_DIR_REPLY, where the key needs it.
  var direction: UInt8? = nil

  static let originalDestination4 = ConnectionExpression(key: NFT_CT_DST_IP.rawValue, direction: 0)
  static let originalDestination6 = ConnectionExpression(key: NFT_CT_DST_IP6.rawValue, direction: 0)
  static let state = ConnectionExpression(key: NFT_CT_STATE.rawValue)
  static let direction = ConnectionExpression(key: NFT_CT_DIRECTION.rawValue)
  static let status = ConnectionExpression(key: NFT_CT_STATUS.rawValue)
}

extension ConnectionExpression {
  init?(_ object: ExpressionObject) {
    guard !object.has(NFTNL_EXPR_CT_SREG) else { return nil }
    key = object.u32(NFTNL_EXPR_CT_KEY)
    direction = object.has(NFTNL_EXPR_CT_DIR) ? object.u8(NFTNL_EXPR_CT_DIR) : nil
  }

  func makeObject(_ word: Int) -> ExpressionObject? {
    guard let object = ExpressionObject(name: "ct") else { return nil }
    object.set(NFTNL_EXPR_CT_KEY, key)
    if let direction { object.set(NFTNL_EXPR_CT_DIR, u8: direction) }
    object.set(NFTNL_EXPR_CT_DREG, word: word)
    return object
  }
}
