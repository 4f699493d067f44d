import CLibnftnl
import CNetfilter
import Nftables

/// `immediate reg 0 …`: the rule's verdict.
struct ImmediateExpression: Hashable {
  var verdict: Verdict
}

extension ImmediateExpression {
  init?(_ object: ExpressionObject) {
    guard object.u32(NFTNL_EXPR_IMM_DREG) == NFT_REG_VERDICT.rawValue, object.has(NFTNL_EXPR_IMM_VERDICT) else {
      return nil
    }
    let chain = object.text(NFTNL_EXPR_IMM_CHAIN)
    switch (Int32(bitPattern: object.u32(NFTNL_EXPR_IMM_VERDICT)), chain) {
    case (NF_ACCEPT, nil): verdict = .accept
    case (NF_DROP, nil): verdict = .drop
    case (NFT_JUMP.rawValue, .some(let chain)): verdict = .jump(chain)
    case (NFT_GOTO.rawValue, .some(let chain)): verdict = .goto(chain)
    default: return nil
    }
  }

  func makeObject() -> ExpressionObject? {
    guard let object = ExpressionObject(name: "immediate") else { return nil }
    object.set(NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT.rawValue)
    switch verdict {
    case .accept: object.set(NFTNL_EXPR_IMM_VERDICT, UInt32(NF_ACCEPT))
    case .drop: object.set(NFTNL_EXPR_IMM_VERDICT, UInt32(NF_DROP))
    case .jump(let chain): object.setVerdict(NFT_JUMP.rawValue, chain)
    case .goto(let chain): object.setVerdict(NFT_GOTO.rawValue, chain)
    }
    return object
  }
}

extension ExpressionObject {
  fileprivate func setVerdict(_ code: Int32, _ chain: String) {
    set(NFTNL_EXPR_IMM_VERDICT, UInt32(bitPattern: code))
    set(NFTNL_EXPR_IMM_CHAIN, chain)
  }
}
