import Nftables

@testable import Conntrack
@testable import Netlink
@testable import NftablesKernel

/// One datagram, given to everything of ours that reads messages, whatever type they have.
///
/// Chains, rules, sets and objects are read by libnftnl, which ends the process at once where an attribute does not have
/// the length that the kernel gives it. So nothing of theirs can be tried here.
func readNetlink(_ bytes: UnsafeRawBufferPointer) {
  var collector = ElementCollector(SetDefinition(name: "s", type: [.address4, .port], kind: .hash(size: 0)))
  for message in NetlinkMessages(bytes) {
    _ = NetlinkReply(message, of: "fuzz")
    readRoutes(message)
    collector.add(message)
    _ = LoggedPacket(message).map { ($0.prefix, $0.payload.reduce(0, &+)) }
    if let connection = Connection(message) { _ = ConntrackEntry(connection, message) }
    _ = RulesetEvent(message)
  }
  _ = collector.elements()
}

private func readRoutes(_ message: NetlinkMessage) {
  _ = LinkMessage(message)
  _ = AddressMessage(message)
  _ = RouteMessage(message)
}
