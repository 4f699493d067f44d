import CNetfilter
import Netlink
import Nftables

/// A socket that owns a table: what another daemon would be. See: linux/netfilter/nf_tables.h, NFT_TABLE_F_OWNER
final class TableOwner {
  private let socket: NetlinkSocket

  /// Makes the table and owns it.
  init(_ table: TableID) throws {
    socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
    var batch = NetlinkBatch()
    batch.begin(subsystem: UInt16(NFNL_SUBSYS_NFTABLES), generation: nil, sequence: socket.takeSequence(3))
    let start = batch.beginMessage(
      UInt16(NFT_MSG_NEWTABLE.rawValue), flags: NLM_F_CREATE, family: UInt8(NFPROTO_INET), step: 0)
    batch.buffer.putAttribute(UInt16(NFTA_TABLE_NAME.rawValue), text: table.name)
    batch.buffer.putAttribute(UInt16(NFTA_TABLE_FLAGS.rawValue), bigEndian: UInt32(NFT_TABLE_F_OWNER.rawValue))
    batch.endMessage(start)
    batch.end()
    try socket.commit(batch, for: "own \(table)")
  }

  /// Ends the ownership, and with it the table.
  func release() {}
}
