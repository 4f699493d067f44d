import CLibnftnl
import CNetfilter

/// `payload load …`: bytes of the packet.
struct PayloadExpression: Hashable {
  /// Which header `offset` counts from: NFT_PAYLOAD_*.
  var base: UInt32
  var offset: UInt32
  var length: UInt32

  static func link(_ offset: UInt32, _ length: UInt32) -> PayloadExpression {
    PayloadExpression(base: NFT_PAYLOAD_LL_HEADER.rawValue, offset: offset, length: length)
  }

  static func network(_ offset: UInt32, _ length: UInt32) -> PayloadExpression {
    PayloadExpression(base: NFT_PAYLOAD_NETWORK_HEADER.rawValue, offset: offset, length: length)
  }

  static func transport(_ offset: UInt32, _ length: UInt32) -> PayloadExpression {
    PayloadExpression(base: NFT_PAYLOAD_TRANSPORT_HEADER.rawValue, offset: offset, length: length)
  }
}

extension PayloadExpression {
  init?(_ object: ExpressionObject) {
    guard !object.has(NFTNL_EXPR_PAYLOAD_SREG) else { return nil }
    base = object.u32(NFTNL_EXPR_PAYLOAD_BASE)
    offset = object.u32(NFTNL_EXPR_PAYLOAD_OFFSET)
    length = object.u32(NFTNL_EXPR_PAYLOAD_LEN)
  }

  func makeObject(_ word: Int) -> ExpressionObject? {
    guard let object = ExpressionObject(name: "payload") else { return nil }
    object.set(NFTNL_EXPR_PAYLOAD_DREG, word: word)
    object.set(NFTNL_EXPR_PAYLOAD_BASE, base)
    object.set(NFTNL_EXPR_PAYLOAD_OFFSET, offset)
    object.set(NFTNL_EXPR_PAYLOAD_LEN, length)
    return object
  }
}
