import CNetfilter
import ClusterModel
import NetworkValues

/// What a message of the rtnetlink bus says of one interface.
///
/// See: rtnetlink(7); linux/if_link.h
struct LinkMessage {
  /// Without appearance and peer addresses, which the kernel does not tell.
  var link: HostLink

  /// - Returns: `nil` for a message that does not describe an interface as a whole: bridges and wireless drivers send
  ///   such of their own.
  init?(_ message: NetlinkMessage) {
    let header = message.payload
    guard header.count >= 16, header[0] == UInt8(AF_UNSPEC) else { return nil }
    let hardwareType = header.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
    let index = header.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    guard index > 0 else { return nil }
    link = HostLink(index: index, name: "", flags: header.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    for attribute in message.attributes(after: 16) {
      switch Int(attribute.type) {
      case Int(IFLA_WIRELESS): return nil
      case Int(IFLA_IFNAME): link.name = attribute.text
      case Int(IFLA_ADDRESS): link.hardwareAddress = hardwareAddress(attribute.value)
      case Int(IFLA_LINK): link.peer = attribute.host32
      case Int(IFLA_LINK_NETNSID): link.peerNamespace = attribute.host32.map { Int32(bitPattern: $0) }
      case Int(IFLA_MASTER): link.master = attribute.host32.flatMap { $0 == 0 ? nil : $0 }
      case Int(IFLA_LINKINFO): link.kind = kind(in: attribute.nested, hardwareType)
      default: break
      }
    }
    // A tunnel without a device below says 0, a veth that lost its peer its own index.
    if link.peer == 0 || (link.peer == index && link.peerNamespace == nil) { link.peer = nil }
  }
}

/// IFLA_INFO_KIND, with `tap` for a `tun` that carries frames. See: linux/if_arp.h, ARPHRD_ETHER
private func kind(in information: NetlinkAttributes, _ hardwareType: UInt16) -> String? {
  for attribute in information where Int(attribute.type) == Int(IFLA_INFO_KIND) {
    let kind = attribute.text
    return kind == "tun" && hardwareType == 1 ? "tap" : kind
  }
  return nil
}

/// None for an address of zeros, which stands for no address.
private func hardwareAddress(_ value: UnsafeRawBufferPointer) -> [UInt8] {
  value.contains { $0 != 0 } && value.count <= 32 ? Array(value) : []
}

/// What a message says of one interface's address. See: linux/if_addr.h
struct AddressMessage {
  var index: UInt32
  var address: IPAddress

  init?(_ message: NetlinkMessage) {
    let header = message.payload
    guard header.count >= 8 else { return nil }
    index = header.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    var own: IPAddress?
    for attribute in message.attributes(after: 8) {
      // IFA_ADDRESS is the other end's on a point-to-point link; IFA_LOCAL, where there is one, is the own.
      if Int(attribute.type) == Int(IFA_LOCAL) {
        own = ipAddress(attribute.value, family: header[0])
      } else if Int(attribute.type) == Int(IFA_ADDRESS), own == nil {
        own = ipAddress(attribute.value, family: header[0])
      }
    }
    guard let own else { return nil }
    address = own
  }
}

/// What a message says of one route of the main table. See: linux/rtnetlink.h, struct rtmsg
struct RouteMessage {
  var destination: Prefix

  /// The interfaces that it leaves by: several where the traffic is spread.
  var indices: [UInt32] = []

  /// Whether a packet's destination is itself a neighbour: no gateway, no encapsulation, one interface.
  var isDirect = true

  /// - Returns: `nil` for a route that is not the main table's, not unicast, dead, or not for every source.
  init?(_ message: NetlinkMessage) {
    let header = message.payload
    guard header.count >= 12, let family = ipFamily(header[0]), Int(header[1]) <= family.bitWidth else { return nil }
    let flags = header.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    guard header[2] == 0, Int(header[7]) == Int(RTN_UNICAST), flags & (clonedRoute | deadRoute) == 0 else { return nil }
    var table = UInt32(header[4])
    var address = IPAddress(family, 0)
    for attribute in message.attributes(after: 12) {
      switch UInt32(attribute.type) {
      case RTA_TABLE.rawValue: table = attribute.host32 ?? 0
      case RTA_DST.rawValue:
        guard let destination = ipAddress(attribute.value, family: header[0]) else { return nil }
        address = destination
      case RTA_OIF.rawValue: if let index = attribute.host32 { indices.append(index) }
      case RTA_GATEWAY.rawValue, RTA_VIA.rawValue, RTA_ENCAP.rawValue: isDirect = false
      case RTA_MULTIPATH.rawValue:
        isDirect = false
        indices += nextHops(attribute.value)
      default: break
      }
    }
    guard table == UInt32(RT_TABLE_MAIN.rawValue) else { return nil }
    destination = Prefix(containing: address, length: Int(header[1]))
  }
}

/// RTM_F_CLONED, of a cached route, and RTNH_F_DEAD.
private let clonedRoute: UInt32 = 0x200
private let deadRoute: UInt32 = 1

/// The interfaces of RTA_MULTIPATH. See: linux/rtnetlink.h, struct rtnexthop
private func nextHops(_ value: UnsafeRawBufferPointer) -> [UInt32] {
  var indices: [UInt32] = []
  var position = 0
  while position + 8 <= value.count {
    let length = Int(value.loadUnaligned(fromByteOffset: position, as: UInt16.self))
    guard length >= 8 else { return indices }
    indices.append(value.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self))
    position += (length + 3) & ~3
  }
  return indices
}

private func ipFamily(_ family: UInt8) -> IPFamily? {
  switch Int32(family) {
  case AF_INET: .v4
  case AF_INET6: .v6
  default: nil
  }
}

/// An address in network order; `nil` unless its length is that of `family`.
private func ipAddress(_ value: UnsafeRawBufferPointer, family: UInt8) -> IPAddress? {
  guard let family = ipFamily(family), value.count * 8 == family.bitWidth else { return nil }
  return IPAddress(family, value.reduce(UInt128(0)) { $0 << 8 | UInt128($1) })
}
