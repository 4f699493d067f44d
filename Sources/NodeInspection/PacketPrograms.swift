import CNetfilter
import ClusterModel
import Glibc
import Netlink

/// Interfaces with an XDP program or a clsact hook. Programs attached by tcx are not told by rtnetlink.
///
/// See: linux/if_link.h, IFLA_XDP; linux/rtnetlink.h, RTM_GETQDISC
func packetPrograms(on interfaces: HostInterfaces) -> NodeReading<[String: String]> {
  do {
    let socket = try NetlinkSocket(bus: NETLINK_ROUTE)
    var found: [String: String] = [:]
    try dump(UInt16(RTM_GETQDISC), header: 20, socket, for: "read queueing disciplines") { message in
      let index = UInt32(bitPattern: message.payload.loadUnaligned(fromByteOffset: 4, as: Int32.self))
      let isHook = message.attributes(after: 20).contains { $0.type == UInt16(TCA_KIND) && $0.text == "clsact" }
      if isHook, let link = interfaces.link(index) { found[link.name] = "clsact" }
    }
    try dump(UInt16(RTM_GETLINK), header: 16, socket, for: "read links") { message in
      let index = UInt32(bitPattern: message.payload.loadUnaligned(fromByteOffset: 4, as: Int32.self))
      guard let link = interfaces.link(index) else { return }
      for attribute in message.attributes(after: 16) where attribute.type == xdpAttribute {
        let isAttached = attribute.nested.contains { $0.type == xdpAttached && $0.value.first.map { $0 != 0 } ?? false }
        if isAttached { found[link.name] = "XDP" }
      }
    }
    return .value(found)
  } catch {
    return .unreadable("programs on interfaces cannot be read: \(error)")
  }
}

/// IFLA_XDP and IFLA_XDP_ATTACHED. See: linux/if_link.h
private let xdpAttribute: UInt16 = 43
private let xdpAttached: UInt16 = 2

/// Tables in which a rule masquerades, `ip nat`; what iptables made with nf_tables is among them.
func masqueradingTables() -> NodeReading<[String]> {
  do {
    let socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
    var tables: Set<String> = []
    var buffer = MessageBuffer(capacity: 64)
    let sequence = socket.takeSequence()
    let type = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_GETRULE.rawValue)
    let start = buffer.beginMessage(
      netfilter: type, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence, family: UInt8(NFPROTO_UNSPEC))
    buffer.endMessage(start)
    try socket.request(buffer, sequence: sequence, dump: true, for: "read rules") { message in
      if let table = masqueradingTable(message) { tables.insert(table) }
    }
    return .value(tables.sorted())
  } catch {
    return .unreadable("rules of others cannot be read: \(error)")
  }
}

/// NFTA_TARGET_NAME. See: linux/netfilter/nf_tables_compat.h
private let targetName: UInt16 = 1

/// The table of a rule that masquerades, by nft's own expression or iptables' target.
private func masqueradingTable(_ message: NetlinkMessage) -> String? {
  var (table, masquerades) = ("", false)
  for attribute in message.attributes(after: 4) {
    if UInt32(attribute.type) == NFTA_RULE_TABLE.rawValue { table = attribute.text }
    guard UInt32(attribute.type) == NFTA_RULE_EXPRESSIONS.rawValue else { continue }
    for expression in attribute.nested {
      let parts = Array(expression.nested)
      let name = parts.first { UInt32($0.type) == NFTA_EXPR_NAME.rawValue }?.text
      let data = parts.first { UInt32($0.type) == NFTA_EXPR_DATA.rawValue }?.nested
      let target = data?.first { $0.type == targetName }?.text
      if name == "masq" || name == "target" && target == "MASQUERADE" { masquerades = true }
    }
  }
  guard masquerades else { return nil }
  let family: String =
    switch Int32(message.netfilterFamily) {
    case Int32(NFPROTO_IPV4): "ip"
    case Int32(NFPROTO_IPV6): "ip6"
    case Int32(NFPROTO_INET): "inet"
    default: "family \(message.netfilterFamily)"
    }
  return "\(family) \(table)"
}

private func dump(
  _ type: UInt16, header: Int, _ socket: NetlinkSocket, for operation: String, _ body: (NetlinkMessage) -> Void
) throws(NetlinkError) {
  var buffer = MessageBuffer(capacity: 64)
  let sequence = socket.takeSequence()
  let start = buffer.beginMessage(type: type, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
  buffer.reserve(header)
  for _ in 0..<(header / 4) { buffer.put(UInt32(0)) }
  buffer.endMessage(start)
  try socket.request(buffer, sequence: sequence, dump: true, for: operation) { message in
    if message.payload.count >= header { body(message) }
  }
}
