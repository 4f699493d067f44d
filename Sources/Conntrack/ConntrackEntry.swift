import CNetfilter
import Glibc
import Netlink
import NetworkValues
import Nftables

/// An entry of connection tracking: the connection, and what names the entry to the kernel.
package struct ConntrackEntry: Sendable {
  /// The connection, as rules judge it.
  package let connection: Connection

  /// AF_INET or AF_INET6.
  let family: UInt8

  /// The original tuple, as the kernel wrote it.
  private let tuple: [UInt8]

  /// CTA_ID; an entry made later of the same tuple has another one, or by chance the same.
  private let id: [UInt8]

  /// CTA_ZONE; absent in the default zone.
  private let zone: [UInt8]?

  /// `nil` for a message without what names an entry.
  init?(_ connection: Connection, _ message: NetlinkMessage) {
    var (tuple, id, zone): ([UInt8]?, [UInt8]?, [UInt8]?)
    for attribute in message.attributes(after: 4) {
      switch UInt32(attribute.type) {
      case CTA_TUPLE_ORIG.rawValue: tuple = Array(attribute.value)
      case CTA_ID.rawValue: id = Array(attribute.value)
      case CTA_ZONE.rawValue: zone = Array(attribute.value)
      default: break
      }
    }
    guard let tuple, let id else { return nil }
    self.connection = connection
    self.tuple = tuple
    self.id = id
    self.zone = zone
    family = message.netfilterFamily
  }

  /// Appends the attributes that name the entry.
  func putName(into buffer: inout MessageBuffer) {
    buffer.putAttribute(UInt16(CTA_TUPLE_ORIG.rawValue) | UInt16(NLA_F_NESTED), bytes: tuple)
    if let zone { buffer.putAttribute(UInt16(CTA_ZONE.rawValue), bytes: zone) }
    buffer.putAttribute(UInt16(CTA_ID.rawValue), bytes: id)
  }
}

extension Connection {
  /// What a conntrack message tells; `nil` where it has no two tuples of addresses.
  init?(_ message: NetlinkMessage) {
    var (original, reply): (Tuple?, Tuple?)
    var status: UInt32 = 0
    for attribute in message.attributes(after: 4) {
      switch UInt32(attribute.type) {
      case CTA_TUPLE_ORIG.rawValue: original = Tuple(attribute.nested)
      case CTA_TUPLE_REPLY.rawValue: reply = Tuple(attribute.nested)
      case CTA_STATUS.rawValue: status = attribute.bigEndian32 ?? 0
      default: break
      }
    }
    guard let original, let reply else { return nil }
    self.init(
      from: original.source, original.sourcePort, to: reply.source, reply.sourcePort, original.transport,
      icmpType: original.icmpType, isAnswered: status & IPS_SEEN_REPLY.rawValue != 0,
      isDestinationTranslated: status & IPS_DST_NAT.rawValue != 0)
  }
}

/// One direction of a connection. The destination is not needed: it is the other direction's source.
private struct Tuple {
  var source: IPAddress
  var transport: TransportProtocol
  var sourcePort: UInt16?
  var icmpType: UInt8?

  init?(_ attributes: NetlinkAttributes) {
    var (source, transport): (IPAddress?, TransportProtocol?)
    for attribute in attributes {
      switch UInt32(attribute.type) {
      case CTA_TUPLE_IP.rawValue: source = Self.source(attribute.nested)
      case CTA_TUPLE_PROTO.rawValue:
        for part in attribute.nested {
          switch UInt32(part.type) {
          case CTA_PROTO_NUM.rawValue: transport = part.value.first.map(TransportProtocol.init(rawValue:))
          case CTA_PROTO_SRC_PORT.rawValue: sourcePort = part.bigEndian16
          case CTA_PROTO_ICMP_TYPE.rawValue, CTA_PROTO_ICMPV6_TYPE.rawValue: icmpType = part.value.first
          default: break
          }
        }
      default: break
      }
    }
    guard let source, let transport else { return nil }
    self.source = source
    self.transport = transport
  }

  private static func source(_ attributes: NetlinkAttributes) -> IPAddress? {
    for attribute in attributes {
      switch UInt32(attribute.type) {
      case CTA_IP_V4_SRC.rawValue: return attribute.bigEndian32.map { IPAddress(v4: $0) }
      case CTA_IP_V6_SRC.rawValue where attribute.value.count == 16:
        return IPAddress(v6: UInt128(bigEndian: attribute.value.loadUnaligned(as: UInt128.self)))
      default: continue
      }
    }
    return nil
  }
}

extension NetlinkAttribute {
  /// The value as a number in network byte order; `nil` unless it has two bytes.
  fileprivate var bigEndian16: UInt16? {
    value.count == 2 ? UInt16(bigEndian: value.loadUnaligned(as: UInt16.self)) : nil
  }
}
