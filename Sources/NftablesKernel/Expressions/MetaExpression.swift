import CLibnftnl
import CNetfilter

/// `meta load …`: something about the packet that is not in it.
struct MetaExpression: Hashable {
  var key: UInt32

  static let networkProtocol = MetaExpression(key: NFT_META_NFPROTO.rawValue)
  static let transportProtocol = MetaExpression(key: NFT_META_L4PROTO.rawValue)
  static let inputInterface = MetaExpression(key: NFT_META_IIF.rawValue)
  static let outputInterface = MetaExpression(key: NFT_META_OIF.rawValue)
  static let etherType = MetaExpression(key: NFT_META_PROTOCOL.rawValue)
}

extension MetaExpression {
  init?(_ object: ExpressionObject) {
    guard !object.has(NFTNL_EXPR_META_SREG) else { return nil }
    key = object.u32(NFTNL_EXPR_META_KEY)
  }

  func makeObject(_ word: Int) -> ExpressionObject? {
    guard let object = ExpressionObject(name: "meta") else { return nil }
    object.set(NFTNL_EXPR_META_KEY, key)
    object.set(NFTNL_EXPR_META_DREG, word: word)
    return object
  }
}
