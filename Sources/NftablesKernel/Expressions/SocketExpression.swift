import CLibnftnl
import CNetfilter

/// `socket load cgroupv2`: the cgroup above the packet's socket that lies `level` below the root.
struct SocketExpression: Hashable {
  var level: UInt8
}

extension SocketExpression {
  init?(_ object: ExpressionObject) {
    guard object.u32(NFTNL_EXPR_SOCKET_KEY) == UInt32(NFT_SOCKET_CGROUPV2.rawValue),
      let level = UInt8(exactly: object.u32(NFTNL_EXPR_SOCKET_LEVEL))
    else { return nil }
    self.level = level
  }

  func makeObject(_ word: Int) -> ExpressionObject? {
    guard let object = ExpressionObject(name: "socket") else { return nil }
    object.set(NFTNL_EXPR_SOCKET_KEY, UInt32(NFT_SOCKET_CGROUPV2.rawValue))
    object.set(NFTNL_EXPR_SOCKET_LEVEL, UInt32(level))
    object.set(NFTNL_EXPR_SOCKET_DREG, word: word)
    return object
  }
}
