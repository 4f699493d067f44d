import NetworkValues

/// The bytes of a packet, which may end anywhere and say anything: nothing is read beyond their end.
struct PacketBytes {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// `nil` beyond the end.
  func byte(at offset: Int) -> UInt8? { offset >= 0 && offset < bytes.count ? bytes[offset] : nil }

  /// Two bytes in network order; `nil` where they are not all there.
  func number(at offset: Int) -> UInt16? {
    guard offset >= 0, bytes.count >= 2, offset <= bytes.count - 2 else { return nil }
    return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }

  /// An address of `family`; `nil` where it is not all there.
  func address(_ family: IPFamily, at offset: Int) -> IPAddress? {
    let length = family.bitWidth / 8
    guard offset >= 0, bytes.count >= length, offset <= bytes.count - length else { return nil }
    var value: UInt128 = 0
    for index in offset..<offset + length { value = value << 8 | UInt128(bytes[index]) }
    return IPAddress(family, value)
  }

  /// What follows the first `count` bytes; empty where there is nothing.
  func dropFirst(_ count: Int) -> PacketBytes { PacketBytes(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(count))) }

  /// At most the first `count` bytes.
  func prefix(_ count: Int) -> PacketBytes { PacketBytes(UnsafeRawBufferPointer(rebasing: bytes.prefix(count))) }
}
