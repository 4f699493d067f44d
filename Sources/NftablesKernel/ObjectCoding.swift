import CLibnftnl
import CNetfilter
import Netlink
import Nftables

/// What a named counter counted.
package struct CounterValue: Hashable, Sendable {
  /// Packets since the counter was made.
  package var packets: UInt64

  /// Their bytes, IP header included.
  package var bytes: UInt64

  package init(packets: UInt64, bytes: UInt64) {
    self.packets = packets
    self.bytes = bytes
  }
}

extension NetlinkBatch {
  /// Adds a named counter that stands at zero; leaves one that exists as it is.
  mutating func addCounter(_ table: TableID, _ name: String, step: Int) throws(KernelError) {
    guard let object = nftnl_obj_alloc() else { throw .outOfMemory }
    defer { nftnl_obj_free(object) }
    nftnl_obj_set_str(object, UInt16(NFTNL_OBJ_TABLE), table.name)
    nftnl_obj_set_str(object, UInt16(NFTNL_OBJ_NAME), name)
    nftnl_obj_set_u32(object, UInt16(NFTNL_OBJ_TYPE), UInt32(NFT_OBJECT_COUNTER))
    nftnl_obj_set_u64(object, UInt16(NFTNL_OBJ_CTR_PKTS), 0)
    nftnl_obj_set_u64(object, UInt16(NFTNL_OBJ_CTR_BYTES), 0)
    appendMessage(UInt16(NFT_MSG_NEWOBJ), flags: NLM_F_CREATE, family: table.family.number, step: step) {
      nftnl_obj_nlmsg_build_payload($0, object)
    }
  }

  /// Deletes a named counter, or what the name says stands in the table besides moat's objects.
  mutating func deleteCounter(_ table: TableID, name: String, step: Int) throws(KernelError) {
    switch ForeignObject(marker: name) {
    case nil: deleteObject(table, type: UInt32(NFT_OBJECT_COUNTER), name: name, step: step)
    case .object(let type, let name): deleteObject(table, type: type, name: name, step: step)
    case .flowtable(let name):
      appendName(NFT_MSG_DELFLOWTABLE, table, step: step) {
        $0.putAttribute(UInt16(NFTA_FLOWTABLE_NAME.rawValue), text: name)
      }
    case .dormancy(let flags):
      try addTable(table, flags: flags & ~UInt32(NFT_TABLE_F_DORMANT.rawValue), step: step)
    }
  }

  private mutating func deleteObject(_ table: TableID, type: UInt32, name: String, step: Int) {
    appendName(NFT_MSG_DELOBJ, table, step: step) {
      $0.putAttribute(UInt16(NFTA_OBJ_NAME.rawValue), text: name)
      $0.putAttribute(UInt16(NFTA_OBJ_TYPE.rawValue), bigEndian: type)
    }
  }
}

/// A named object as the kernel lists it.
struct ListedObject {
  let table: String
  let name: String

  /// NFT_OBJECT_*.
  let type: UInt32

  /// `nil` unless it is a counter.
  let value: CounterValue?

  /// The counter, or the marker of something else.
  var counter: Counter { Counter(value == nil ? ForeignObject.object(type: type, name: name).marker : name) }

  /// `nil` when the message cannot be read.
  init?(_ message: NetlinkMessage) {
    var (table, name): (String?, String?)
    var type: UInt32?
    var value = CounterValue(packets: 0, bytes: 0)
    for attribute in message.attributes(after: 4) {
      switch UInt32(attribute.type) {
      case NFTA_OBJ_TABLE.rawValue: table = attribute.text
      case NFTA_OBJ_NAME.rawValue: name = attribute.text
      case NFTA_OBJ_TYPE.rawValue: type = attribute.bigEndian32
      case NFTA_OBJ_DATA.rawValue: value = CounterValue(attribute.nested)
      default: break
      }
    }
    guard let table, let name, let type else { return nil }
    self.table = table
    self.name = name
    self.type = type
    self.value = type == UInt32(NFT_OBJECT_COUNTER) ? value : nil
  }
}

extension CounterValue {
  fileprivate init(_ attributes: NetlinkAttributes) {
    self.init(packets: 0, bytes: 0)
    for attribute in attributes where attribute.value.count == 8 {
      let value = UInt64(bigEndian: attribute.value.loadUnaligned(as: UInt64.self))
      switch UInt32(attribute.type) {
      case NFTA_COUNTER_BYTES.rawValue: bytes = value
      case NFTA_COUNTER_PACKETS.rawValue: packets = value
      default: break
      }
    }
  }
}
