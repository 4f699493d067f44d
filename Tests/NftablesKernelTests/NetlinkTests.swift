import CNetfilter
import Glibc
import NamespaceLab
import Netlink
import Nftables
import NftablesKernel
import Testing

/// The socket and the batch beneath the backend.
@Suite(asRoot)
struct NetlinkTests {
  /// A batch that adds counters to a table, of which the step `broken` has no name.
  private func batch(
    _ socket: NetlinkSocket, counters: [String], broken: Int? = nil, acknowledgesEnd: Bool
  ) -> NetlinkBatch {
    var batch = NetlinkBatch()
    let sequence = socket.takeSequence(counters.count + 3)
    batch.begin(subsystem: UInt16(NFNL_SUBSYS_NFTABLES), generation: nil, sequence: sequence)
    let family = UInt8(NFPROTO_INET)
    let table = batch.beginMessage(UInt16(NFT_MSG_NEWTABLE.rawValue), flags: NLM_F_CREATE, family: family, step: 0)
    batch.buffer.putAttribute(UInt16(NFTA_TABLE_NAME.rawValue), text: moat.name)
    batch.endMessage(table)
    for (index, counter) in counters.enumerated() {
      let message = UInt16(NFT_MSG_NEWOBJ.rawValue)
      let start = batch.beginMessage(message, flags: NLM_F_CREATE, family: family, step: index + 1)
      batch.buffer.putAttribute(UInt16(NFTA_OBJ_TABLE.rawValue), text: moat.name)
      if index + 1 != broken { batch.buffer.putAttribute(UInt16(NFTA_OBJ_NAME.rawValue), text: counter) }
      batch.buffer.putAttribute(UInt16(NFTA_OBJ_TYPE.rawValue), bigEndian: UInt32(NFT_OBJECT_COUNTER))
      let data = batch.buffer.beginNest(UInt16(NFTA_OBJ_DATA.rawValue))
      batch.buffer.endNest(data)
      batch.endMessage(start)
    }
    batch.end(acknowledgesEnd: acknowledgesEnd)
    return batch
  }

  @Test(arguments: [true, false])
  func acknowledgement(onEnd: Bool) throws {
    try inFreshNetworkNamespace {
      let socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
      try socket.commit(batch(socket, counters: ["a", "b"], acknowledgesEnd: onEnd), for: "add counters")
      #expect(try LibnftnlKernel().read().0?[moat]?.counters == [Counter("a"), Counter("b")])
    }
  }

  @Test(arguments: [true, false], [1, 2])
  func refusalNamesItsStep(onEnd: Bool, broken: Int) throws {
    try inFreshNetworkNamespace {
      let socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
      let refused = batch(socket, counters: ["a", "b"], broken: broken, acknowledgesEnd: onEnd)
      var error: NetlinkError?
      do throws(NetlinkError) { try socket.commit(refused, for: "add counters") } catch let refusal { error = refusal }
      let step = error?.sequence.flatMap { refused.step(of: $0) }
      #expect(error?.code == EINVAL)
      #expect(step == broken)
      #expect(try LibnftnlKernel().read().0 == nil)
      try socket.commit(batch(socket, counters: ["a"], acknowledgesEnd: onEnd), for: "add counters")
    }
  }

  @Test func silenceIsAnError() throws {
    try inFreshNetworkNamespace {
      let socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
      var unfinished = NetlinkBatch()
      unfinished.begin(subsystem: UInt16(NFNL_SUBSYS_NFTABLES), generation: nil, sequence: socket.takeSequence(2))
      #expect(throws: NetlinkError.self) { try socket.commit(unfinished, for: "send half a batch") }
    }
  }

  @Test func refusalIsExplained() {
    let error = NetlinkError("open a netlink socket", code: EPERM, message: "no")
    #expect(error.description.hasPrefix("open a netlink socket: Operation not permitted (no); run as root"))
  }

  @Test func strangeBytesAreNoMessages() {
    for bytes: [UInt8] in [
      [], [1, 2, 3], [15] + Array(repeating: 0, count: 15), [32] + Array(repeating: 0, count: 15),
    ] {
      bytes.withUnsafeBytes { #expect(Array(NetlinkMessages($0)).isEmpty) }
    }
    let short: [UInt8] = [8, 0, 1, 0, 1, 2, 3, 4, 9, 0, 1, 0]
    short.withUnsafeBytes { #expect(NetlinkAttributes($0).map(\.type) == [1]) }
  }
}
