import CLibnftnl
import CNetfilter
import Nftables

/// `reject`: ends the packet with an answer.
struct RejectExpression: Hashable {
  var rejection: Rejection
}

extension RejectExpression {
  init?(_ object: ExpressionObject) {
    // libnftnl has no code for a TCP reset.
    let code = object.has(NFTNL_EXPR_REJECT_CODE) ? nftnl_expr_get_u8(object.handle, UInt16(NFTNL_EXPR_REJECT_CODE)) : 0
    switch (object.u32(NFTNL_EXPR_REJECT_TYPE), UInt32(code)) {
    case (NFT_REJECT_TCP_RST.rawValue, _): rejection = .tcpReset
    case (NFT_REJECT_ICMPX_UNREACH.rawValue, NFT_REJECT_ICMPX_ADMIN_PROHIBITED.rawValue):
      rejection = .administrativelyProhibited
    default: return nil
    }
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "reject") else { return nil }
    switch rejection {
    case .tcpReset:
      object.set(NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST.rawValue)
      nftnl_expr_set_u8(object.handle, UInt16(NFTNL_EXPR_REJECT_CODE), 0)
    case .administrativelyProhibited:
      object.set(NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH.rawValue)
      let code = UInt8(NFT_REJECT_ICMPX_ADMIN_PROHIBITED.rawValue)
      nftnl_expr_set_u8(object.handle, UInt16(NFTNL_EXPR_REJECT_CODE), code)
    }
    return object
  }
}
