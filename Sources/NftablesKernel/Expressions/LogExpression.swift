import CLibnftnl
import CNetfilter

/// `log prefix "…" group N snaplen M`.
struct LogExpression: Hashable {
  var prefix: String
  var group: UInt16
  var snaplen: UInt32
}

extension LogExpression {
  init?(_ object: ExpressionObject) {
    guard object.has(NFTNL_EXPR_LOG_GROUP), object.u16(NFTNL_EXPR_LOG_QTHRESHOLD) == 0,
      !object.has(NFTNL_EXPR_LOG_LEVEL), !object.has(NFTNL_EXPR_LOG_FLAGS)
    else { return nil }
    prefix = object.text(NFTNL_EXPR_LOG_PREFIX) ?? ""
    group = object.u16(NFTNL_EXPR_LOG_GROUP)
    snaplen = object.u32(NFTNL_EXPR_LOG_SNAPLEN)
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "log") else { return nil }
    if !prefix.isEmpty { object.set(NFTNL_EXPR_LOG_PREFIX, prefix) }
    object.set(NFTNL_EXPR_LOG_GROUP, u16: group)
    if snaplen != 0 { object.set(NFTNL_EXPR_LOG_SNAPLEN, snaplen) }
    return object
  }
}
