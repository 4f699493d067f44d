import CNetfilter

/// One received message. Its memory belongs to the socket and is valid only while it is being looked at.
package struct NetlinkMessage {
  /// nlmsg_type.
  package let type: UInt16

  /// nlmsg_flags.
  package let flags: UInt16

  /// nlmsg_seq: the number of the request it answers.
  package let sequence: UInt32

  /// nlmsg_pid: the port whose request it answers, or that caused the event; 0 for the kernel itself.
  package let port: UInt32

  /// The whole message with its header.
  package let bytes: UnsafeRawBufferPointer

  /// What follows the header.
  package var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes.dropFirst(16)) }

  /// The attributes after a fixed header of `length` bytes.
  package func attributes(after length: Int) -> NetlinkAttributes {
    let start = min(16 + length, bytes.count)
    return NetlinkAttributes(UnsafeRawBufferPointer(rebasing: bytes[start...]))
  }

  /// The family in a netfilter header: NFPROTO_*, AF_*.
  package var netfilterFamily: UInt8 { bytes.count < 20 ? 0 : bytes[16] }

  /// The resource number in a netfilter header: for nf_tables the low 16 bits of the generation.
  package var netfilterResource: UInt16 {
    bytes.count < 20 ? 0 : UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 18, as: UInt16.self))
  }

  /// The first message in `bytes`; `nil` when there is none that is whole.
  package init?(first bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 16 else { return nil }
    let length = Int(bytes.loadUnaligned(as: UInt32.self))
    guard length >= 16, length <= bytes.count else { return nil }
    self.bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(length))
    type = bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
    flags = bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
    sequence = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    port = bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
  }
}

/// The messages of one datagram.
package struct NetlinkMessages: Sequence, IteratorProtocol {
  private var rest: UnsafeRawBufferPointer

  /// - Parameter bytes: what one receive call returned.
  package init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  /// The next message, or `nil` at the end and where the rest is cut short.
  package mutating func next() -> NetlinkMessage? {
    guard let message = NetlinkMessage(first: rest) else { return nil }
    let step = Swift.min((message.bytes.count + 3) & ~3, rest.count)
    rest = UnsafeRawBufferPointer(rebasing: rest[step...])
    return message
  }
}

/// One attribute: type and value.
package struct NetlinkAttribute {
  /// The type without the flag bits.
  package let type: UInt16

  /// The bytes.
  package let value: UnsafeRawBufferPointer

  /// What is nested in it.
  package var nested: NetlinkAttributes { NetlinkAttributes(value) }

  /// The value as a number in network byte order; `nil` unless it has four bytes.
  package var bigEndian32: UInt32? {
    value.count == 4 ? UInt32(bigEndian: value.loadUnaligned(as: UInt32.self)) : nil
  }

  /// The value as a number in host byte order; `nil` unless it has four bytes.
  package var host32: UInt32? { value.count == 4 ? value.loadUnaligned(as: UInt32.self) : nil }

  /// The value as a text, up to its terminating zero.
  package var text: String { String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }
}

/// A run of attributes. See: linux/netlink.h, struct nlattr
package struct NetlinkAttributes: Sequence, IteratorProtocol {
  private var rest: UnsafeRawBufferPointer

  package init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  /// The next attribute, or `nil` at the end and where the rest is cut short.
  package mutating func next() -> NetlinkAttribute? {
    guard rest.count >= 4 else { return nil }
    let length = Int(rest.loadUnaligned(as: UInt16.self))
    guard length >= 4, length <= rest.count else { return nil }
    let type = rest.loadUnaligned(fromByteOffset: 2, as: UInt16.self) & 0x3fff
    let value = UnsafeRawBufferPointer(rebasing: rest[4..<length])
    rest = UnsafeRawBufferPointer(rebasing: rest[Swift.min((length + 3) & ~3, rest.count)...])
    return NetlinkAttribute(type: type, value: value)
  }
}
