import CNetfilter
import ClusterModel
import Glibc
import NetworkValues

/// A socket of the rtnetlink bus that asks the kernel for interfaces, addresses and routes of its network namespace.
///
/// Requests are checked strictly (NETLINK_GET_STRICT_CHK, Linux 4.20), so that filters are obeyed or refused.
/// See: rtnetlink(7)
struct RouteSocket {
  private let socket: NetlinkSocket

  /// How often a dump is tried that concurrent changes interrupt.
  private static let attempts = 16

  /// Addresses of one peer that are looked at; a pod can make as many as it likes.
  private static let maximumPeerAddresses = 256

  init() throws(NetlinkError) {
    socket = try NetlinkSocket(bus: NETLINK_ROUTE)
    try setNetlinkOption(NETLINK_GET_STRICT_CHK, 1, of: socket.descriptor, for: "check rtnetlink requests strictly")
  }

  /// Every interface, ascending by index.
  func links() throws(NetlinkError) -> [HostLink] {
    var found: [UInt32: HostLink] = [:]
    try dump("list interfaces", type: UInt16(RTM_GETLINK)) { buffer in
      buffer.putHeader([UInt8](repeating: 0, count: 16))
      buffer.putAttribute(UInt16(IFLA_EXT_MASK), host: UInt32(RTEXT_FILTER_SKIP_STATS))
    } restart: {
      found = [:]
    } each: { message in
      if let link = LinkMessage(message)?.link { found[link.index] = link }
    }
    return found.values.sorted { $0.index < $1.index }
  }

  /// The interface of this index as it is now; `nil` where there is none.
  func link(_ index: UInt32) throws(NetlinkError) -> HostLink? {
    var buffer = MessageBuffer(capacity: 64)
    let sequence = socket.takeSequence()
    let start = buffer.beginMessage(type: UInt16(RTM_GETLINK), flags: NLM_F_REQUEST, sequence: sequence)
    buffer.putHeader([0, 0, 0, 0] + withUnsafeBytes(of: index) { Array($0) } + [UInt8](repeating: 0, count: 8))
    buffer.putAttribute(UInt16(IFLA_EXT_MASK), host: UInt32(RTEXT_FILTER_SKIP_STATS))
    buffer.endMessage(start)
    var found: HostLink?
    do {
      try socket.request(buffer, sequence: sequence, dump: false, for: "look at interface \(index)") { message in
        found = LinkMessage(message)?.link
      }
    } catch { guard error.sequence != nil, error.code == ENODEV else { throw error } }
    return found
  }

  /// Every address of this namespace, sorted.
  func addresses() throws(NetlinkError) -> [HostAddress] {
    var found: Set<HostAddress> = []
    for family in [AF_INET, AF_INET6] {
      var part: Set<HostAddress> = []
      try dump("list addresses", type: UInt16(RTM_GETADDR)) { buffer in
        buffer.putHeader([UInt8(family), 0, 0, 0, 0, 0, 0, 0])
      } restart: {
        part = []
      } each: { message in
        if let entry = AddressMessage(message) { part.insert(HostAddress(index: entry.index, address: entry.address)) }
      }
      found.formUnion(part)
    }
    return found.sorted()
  }

  /// Every unicast route of the main table, in the kernel's order.
  func routes() throws(NetlinkError) -> [RouteMessage] {
    var found: [RouteMessage] = []
    for family in [AF_INET, AF_INET6] {
      var part: [RouteMessage] = []
      do {
        try dump("list routes", type: UInt16(RTM_GETROUTE)) { buffer in
          // family, lengths, tos, table, protocol, scope, type, flags
          buffer.putHeader([
            UInt8(family), 0, 0, 0, UInt8(RT_TABLE_MAIN.rawValue), 0, 0, UInt8(RTN_UNICAST), 0, 0, 0, 0,
          ])
        } restart: {
          part = []
        } each: { message in
          if let route = RouteMessage(message) { part.append(route) }
        }
      } catch {
        // The main table comes with its first route; IPv6 may be off.
        guard error.sequence != nil, [ENOENT, EAFNOSUPPORT, EOPNOTSUPP].contains(error.code) else { throw error }
      }
      found += part
    }
    return found
  }

  /// The addresses of an interface's peer in its own namespace, sorted, without those that name no pod: link-local,
  /// loopback, multicast.
  ///
  /// - Returns: `nil` where the peer cannot be seen: it is here, or its namespace has no number here or is gone.
  func peerAddresses(of link: HostLink) throws(NetlinkError) -> [IPAddress]? {
    guard let peer = link.peer, let namespace = link.peerNamespace, namespace >= 0 else { return nil }
    var found: Set<IPAddress> = []
    for family in [AF_INET, AF_INET6] {
      do {
        try dump("list the addresses behind \(link.name)", type: UInt16(RTM_GETADDR)) { buffer in
          buffer.putHeader([UInt8(family), 0, 0, 0] + withUnsafeBytes(of: peer) { Array($0) })
          buffer.putAttribute(UInt16(IFA_TARGET_NETNSID), host: UInt32(bitPattern: namespace))
        } restart: {
        } each: { message in
          guard let entry = AddressMessage(message), entry.index == peer, found.count < Self.maximumPeerAddresses,
            !namelessNetworks.contains(entry.address)
          else { return }
          found.insert(entry.address)
        }
      } catch {
        // The kernel's answer: no such namespace or interface, or a kernel that cannot look into another one.
        guard error.sequence != nil else { throw error }
        return nil
      }
    }
    return found.sorted()
  }
}

extension RouteSocket {
  /// Asks for a list. Where it changes meanwhile it is asked for again, after `restart`.
  private func dump(
    _ operation: String, type: UInt16, fill: (inout MessageBuffer) -> Void, restart: () -> Void,
    each: (NetlinkMessage) -> Void
  ) throws(NetlinkError) {
    for attempt in 1... {
      var buffer = MessageBuffer(capacity: 128)
      let sequence = socket.takeSequence()
      let start = buffer.beginMessage(type: type, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
      fill(&buffer)
      buffer.endMessage(start)
      do {
        return try socket.request(buffer, sequence: sequence, dump: true, for: operation) { message in each(message) }
      } catch {
        socket.discardReplies()
        guard error.code == EINTR, attempt < Self.attempts else { throw error }
        restart()
      }
    }
  }
}

extension MessageBuffer {
  /// Appends a fixed header after the message's own.
  fileprivate mutating func putHeader(_ bytes: [UInt8]) {
    reserve(bytes.count + 4)
    for byte in bytes { put(byte) }
  }

  /// Appends an attribute with a number in host byte order, as rtnetlink wants them.
  fileprivate mutating func putAttribute(_ type: UInt16, host value: UInt32) {
    reserve(8)
    put(UInt16(8))
    put(type)
    put(value)
  }
}

/// Addresses that say nothing of who is behind an interface: unspecified, loopback, link-local, multicast.
private let namelessNetworks = PrefixSet([
  Prefix(containing: IPAddress(v4: 0), length: 8), Prefix(containing: IPAddress(v4: 127 << 24), length: 8),
  Prefix(containing: IPAddress(v4: 169 << 24 | 254 << 16), length: 16),
  Prefix(containing: IPAddress(v4: 224 << 24), length: 4), Prefix(containing: IPAddress(v6: 0), length: 127),
  Prefix(containing: IPAddress(v6: 0xfe80 << 112), length: 10),
  Prefix(containing: IPAddress(v6: 0xff00 << 112), length: 8),
])

/// Sets an option of a netlink socket. See: netlink(7)
func setNetlinkOption(
  _ option: Int32, _ value: Int32, of descriptor: Int32, for operation: String
) throws(NetlinkError) {
  var value = value
  // SOL_NETLINK, which the C library's headers lack in older versions.
  guard setsockopt(descriptor, 270, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
    throw NetlinkError(operation, code: errno)
  }
}
