import CNetfilter
import Glibc
import Netlink
import NetworkValues
import Nftables

extension NodeAddresses {
  /// The addresses of the calling thread's network namespace: its table of local routes, which is what rules with
  /// `fib … type local` ask. See: rtnetlink(7), RTM_GETROUTE
  package static func current() throws(NetlinkError) -> NodeAddresses {
    let socket = try NetlinkSocket(bus: NETLINK_ROUTE)
    var on: Int32 = 1
    // Without it (Linux before 4.20) the answer holds all tables, of which only the local one counts.
    _ = setsockopt(
      socket.descriptor, SOL_NETLINK, Int32(NETLINK_GET_STRICT_CHK), &on, socklen_t(MemoryLayout<Int32>.size))
    var routes: [LocalRoute] = []
    for family in [AF_INET, AF_INET6] { routes += try localRoutes(socket, UInt8(family)) }
    return NodeAddresses(
      own: PrefixSet(routes.filter(\.isOwn).map(\.destination)),
      shared: PrefixSet(routes.filter { !$0.isOwn }.map(\.destination) + multicast))
  }
}

private let multicast = [
  Prefix(containing: IPAddress(v4: 0xe000_0000), length: 4), Prefix(IPAddress(v4: 0xffff_ffff)),
  Prefix(containing: IPAddress(v6: 0xff << 120), length: 8),
]

/// A route of the local table.
private struct LocalRoute {
  let destination: Prefix

  /// Of type local, not broadcast or multicast.
  let isOwn: Bool

  /// `nil` for other routes. The message begins with struct rtmsg: family, destination length, …, table, protocol,
  /// scope, type.
  init?(_ message: NetlinkMessage) {
    let header = message.payload
    guard header.count >= 12, header[4] == UInt8(RT_TABLE_LOCAL.rawValue) else { return nil }
    let family: IPFamily = header[0] == UInt8(AF_INET) ? .v4 : .v6
    let length = Int(header[1])
    guard length <= family.bitWidth else { return nil }
    var address = IPAddress(family, 0)
    for attribute in message.attributes(after: 12) where UInt32(attribute.type) == RTA_DST.rawValue {
      address = IPAddress(family, attribute.value.reduce(UInt128(0)) { $0 << 8 | UInt128($1) })
    }
    switch UInt32(header[7]) {
    case UInt32(RTN_LOCAL): isOwn = true
    case UInt32(RTN_BROADCAST), UInt32(RTN_MULTICAST), UInt32(RTN_ANYCAST): isOwn = false
    default: return nil
    }
    destination = Prefix(containing: address, length: length)
  }
}

private func localRoutes(_ socket: NetlinkSocket, _ family: UInt8) throws(NetlinkError) -> [LocalRoute] {
  var buffer = MessageBuffer(capacity: 64)
  let sequence = socket.takeSequence()
  let start = buffer.beginMessage(
    type: UInt16(RTM_GETROUTE), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
  buffer.reserve(12)
  for byte in [family, 0, 0, 0, UInt8(RT_TABLE_LOCAL.rawValue), 0, 0, 0] { buffer.put(byte) }
  buffer.put(UInt32(0))
  buffer.endMessage(start)
  var routes: [LocalRoute] = []
  do {
    try socket.request(buffer, sequence: sequence, dump: true, for: "read local routes") { message in
      if let route = LocalRoute(message) { routes.append(route) }
    }
  } catch {
    // A namespace without an address has no such table.
    guard error.code == ENOENT else { throw error }
  }
  return routes
}
