import CLibnftnl
import CNetfilter
import Netlink
import Nftables

extension TableID.Family {
  /// The family's number. See: linux/netfilter.h, NFPROTO_*
  var number: UInt8 { UInt8(self == .inet ? NFPROTO_INET : NFPROTO_BRIDGE) }
}

extension UInt16 {
  /// The number of a kind of message within the subsystem of nf_tables.
  init(_ message: nf_tables_msg_types) { self = UInt16(message.rawValue) }
}

extension NetlinkBatch {
  /// Adds `table`; on a table that exists, sets its flags.
  mutating func addTable(_ table: TableID, flags: UInt32 = 0, step: Int) throws(KernelError) {
    guard let object = nftnl_table_alloc() else { throw .outOfMemory }
    defer { nftnl_table_free(object) }
    nftnl_table_set_str(object, UInt16(NFTNL_TABLE_NAME.rawValue), table.name)
    nftnl_table_set_u32(object, UInt16(NFTNL_TABLE_FLAGS.rawValue), flags)
    appendMessage(UInt16(NFT_MSG_NEWTABLE), flags: NLM_F_CREATE, family: table.family.number, step: step) {
      nftnl_table_nlmsg_build_payload($0, object)
    }
  }

  /// A message that names an object in a table and says no more: what deletes take.
  mutating func appendName(
    _ message: nf_tables_msg_types, _ table: TableID, step: Int, _ attributes: (inout MessageBuffer) -> Void
  ) {
    let start = beginMessage(UInt16(message), flags: 0, family: table.family.number, step: step)
    // Every family of attributes has its table's name first.
    buffer.putAttribute(UInt16(NFTA_TABLE_NAME.rawValue), text: table.name)
    attributes(&buffer)
    endMessage(start)
  }
}
