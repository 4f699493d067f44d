import CNetfilter

/// A packet that a rule logged, and what the kernel says of it. Its memory belongs to the log's socket and is valid only
/// while it is being looked at.
package struct LoggedPacket {
  /// The packet from its network header on, as far as it was handed over.
  package private(set) var payload = UnsafeRawBufferPointer(start: nil, count: 0)

  /// What the rule says: `log prefix`. In its bytes, without the terminating zero.
  package private(set) var prefixBytes = UnsafeRawBufferPointer(start: nil, count: 0)

  /// NFPROTO_IPV4, NFPROTO_IPV6 or NFPROTO_BRIDGE.
  package let family: UInt8

  /// The type of the payload: 0x0800, 0x86dd, on bridges anything. See: IEEE 802 Numbers
  package private(set) var etherType: UInt16 = 0

  /// The hook where it was logged: NF_INET_*.
  package private(set) var hook: UInt8 = 0

  /// The index of the interface it came in by; `nil` in the output hook. Of a bridged packet the bridge.
  package private(set) var inputInterface: UInt32?

  /// The index of the interface it goes out by; `nil` in the prerouting and input hooks.
  package private(set) var outputInterface: UInt32?

  /// The bridge's port that it came in by, where a bridge shows it.
  package private(set) var inputPort: UInt32?

  /// The bridge's port that it goes out by, where a bridge shows it.
  package private(set) var outputPort: UInt32?

  /// The packet's mark; 0 where it has none.
  package private(set) var mark: UInt32 = 0

  /// Counts the group's packets; the first has 0. `nil` from a kernel that does not count.
  package private(set) var sequence: UInt32?

  /// When the packet came in, in microseconds since 1970; `nil` where the kernel does not say, as in the output hook.
  package private(set) var microseconds: Int64?

  /// What the rule says, as text.
  package var prefix: String { String(decoding: prefixBytes, as: UTF8.self) }

  /// `nil` for other messages.
  init?(_ message: NetlinkMessage) {
    guard message.type == UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_PACKET.rawValue) else { return nil }
    family = message.netfilterFamily
    for attribute in message.attributes(after: 4) { take(attribute) }
  }

  private mutating func take(_ attribute: NetlinkAttribute) {
    let value = attribute.value
    switch UInt32(attribute.type) {
    case NFULA_PACKET_HDR.rawValue where value.count >= 3:
      etherType = UInt16(bigEndian: value.loadUnaligned(as: UInt16.self))
      hook = value[2]
    case NFULA_PAYLOAD.rawValue: payload = value
    case NFULA_PREFIX.rawValue:
      prefixBytes = UnsafeRawBufferPointer(rebasing: value.last == 0 ? value.dropLast() : value[...])
    case NFULA_IFINDEX_INDEV.rawValue: inputInterface = attribute.bigEndian32
    case NFULA_IFINDEX_OUTDEV.rawValue: outputInterface = attribute.bigEndian32
    case NFULA_IFINDEX_PHYSINDEV.rawValue: inputPort = attribute.bigEndian32
    case NFULA_IFINDEX_PHYSOUTDEV.rawValue: outputPort = attribute.bigEndian32
    case NFULA_MARK.rawValue: mark = attribute.bigEndian32 ?? 0
    case NFULA_SEQ.rawValue: sequence = attribute.bigEndian32
    case NFULA_TIMESTAMP.rawValue where value.count >= 16: microseconds = Self.microseconds(value)
    default: break
    }
  }

  /// Seconds and microseconds, 64 bits each, in network byte order.
  private static func microseconds(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    let seconds = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    let rest = Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
    return seconds &* 1_000_000 &+ rest
  }
}
