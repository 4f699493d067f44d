import CNetfilter
import Netlink
import Nftables
import Testing

@testable import NftablesKernel

/// Messages that libnftnl cannot read, from a kernel younger than it.
struct UnreadableTests {
  @Test func ruleWithAnUnknownExpression() throws {
    var buffer = MessageBuffer()
    let start = buffer.beginMessage(
      netfilter: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_NEWRULE), flags: 0, sequence: 1,
      family: UInt8(NFPROTO_INET))
    buffer.putAttribute(UInt16(NFTA_RULE_TABLE.rawValue), text: "moat")
    buffer.putAttribute(UInt16(NFTA_RULE_CHAIN.rawValue), text: "forward")
    let list = buffer.beginNest(UInt16(NFTA_RULE_EXPRESSIONS.rawValue))
    let element = buffer.beginNest(UInt16(NFTA_LIST_ELEM.rawValue))
    buffer.putAttribute(UInt16(NFTA_EXPR_NAME.rawValue), text: "younger")
    let data = buffer.beginNest(UInt16(NFTA_EXPR_DATA.rawValue))
    for nest in [data, element, list] { buffer.endNest(nest) }
    buffer.endMessage(start)
    let message = try #require(NetlinkMessage(first: buffer.bytes))
    let listed = try #require(ListedRule(message, in: .inet))
    #expect(listed.chain == "forward")
    #expect(listed.rule == Rule([], comment: "not moat's: a rule that could not be read"))
  }

  @Test func foreignMarkersSayWhatTheyStandFor() {
    for object in [
      ForeignObject.object(type: 2, name: "a b"), .flowtable(name: "fast path"), .dormancy(flags: 7),
    ] {
      #expect(ForeignObject(marker: object.marker) == object)
    }
    #expect(ForeignObject(marker: "seen") == nil)
  }
}
