import CLibnftnl
import CNetfilter

/// `objref`: counts in a named counter.
struct CounterExpression: Hashable {
  var name: String
}

extension CounterExpression {
  init?(_ object: ExpressionObject) {
    guard object.u32(NFTNL_EXPR_OBJREF_IMM_TYPE) == UInt32(NFT_OBJECT_COUNTER),
      let name = object.text(NFTNL_EXPR_OBJREF_IMM_NAME)
    else { return nil }
    self.name = name
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "objref") else { return nil }
    object.set(NFTNL_EXPR_OBJREF_IMM_TYPE, UInt32(NFT_OBJECT_COUNTER))
    object.set(NFTNL_EXPR_OBJREF_IMM_NAME, name)
    return object
  }
}
