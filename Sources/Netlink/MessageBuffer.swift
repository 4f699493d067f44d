import CNetfilter

/// Netlink messages one after the other in one growing block of memory.
///
/// Messages and nests are written front to back: lengths are filled in when they end. Offsets stay valid when the
/// block grows, pointers do not.
package struct MessageBuffer: ~Copyable {
  /// The block. Only the first `count` bytes mean anything.
  package private(set) var base: UnsafeMutableRawPointer

  /// Bytes written.
  package private(set) var count = 0

  private var capacity: Int

  /// An empty buffer with room for `capacity` bytes.
  package init(capacity: Int = 4096) {
    base = .allocate(byteCount: capacity, alignment: 16)
    self.capacity = capacity
  }

  deinit { base.deallocate() }

  /// What was written.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Forgets what was written, and the memory where it was much.
  package mutating func removeAll(keeping kept: Int = 1 << 20) {
    count = 0
    guard capacity > kept else { return }
    base.deallocate()
    base = .allocate(byteCount: kept, alignment: 16)
    capacity = kept
  }

  /// Makes room for `extra` more bytes.
  @inline(__always)
  package mutating func reserve(_ extra: Int) {
    if count + extra > capacity { grow(to: count + extra) }
  }

  /// Counts `extra` bytes that were written at the end through `base`, up to the next multiple of four.
  package mutating func advance(_ extra: Int) { count += (extra + 3) & ~3 }

  private mutating func grow(to needed: Int) {
    var larger = capacity * 2
    while larger < needed { larger *= 2 }
    let block = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    block.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = block
    capacity = larger
  }
}

extension MessageBuffer {
  /// Appends a message header and returns its offset, for `endMessage`.
  package mutating func beginMessage(type: UInt16, flags: Int32, sequence: UInt32) -> Int {
    reserve(16)
    let start = count
    put(UInt32(0))
    put(type)
    put(UInt16(truncatingIfNeeded: flags))
    put(sequence)
    put(UInt32(0))
    return start
  }

  /// Appends a netfilter message header (nlmsghdr and nfgenmsg) and returns its offset.
  ///
  /// See: linux/netfilter/nfnetlink.h
  package mutating func beginMessage(
    netfilter type: UInt16, flags: Int32, sequence: UInt32, family: UInt8, resource: UInt16 = 0
  ) -> Int {
    let start = beginMessage(type: type, flags: flags, sequence: sequence)
    reserve(4)
    put(family)
    put(UInt8(NFNETLINK_V0))
    put(resource.bigEndian)
    return start
  }

  /// Fills in the length of the message that began at `start`.
  package mutating func endMessage(_ start: Int) {
    base.storeBytes(of: UInt32(count - start), toByteOffset: start, as: UInt32.self)
  }

  /// Adds header flags to the message that began at `start`.
  package mutating func addFlags(_ flags: Int32, toMessage start: Int) {
    let old = base.loadUnaligned(fromByteOffset: start + 6, as: UInt16.self)
    base.storeBytes(of: old | UInt16(truncatingIfNeeded: flags), toByteOffset: start + 6, as: UInt16.self)
  }

  /// Begins a nested attribute and returns its offset, for `endNest`.
  package mutating func beginNest(_ type: UInt16) -> Int {
    reserve(4)
    let start = count
    put(UInt16(0))
    put(type | UInt16(NLA_F_NESTED))
    return start
  }

  /// Fills in the length of the nest that began at `start`.
  ///
  /// - Precondition: the nest has at most 65,535 bytes.
  package mutating func endNest(_ start: Int) {
    base.storeBytes(of: UInt16(count - start), toByteOffset: start, as: UInt16.self)
  }

  /// Appends an attribute with a text and its terminating zero.
  package mutating func putAttribute(_ type: UInt16, text: String) {
    var text = text
    text.withUTF8 { bytes in
      reserve(4 + bytes.count + 4)
      put(UInt16(4 + bytes.count + 1))
      put(type)
      base.storeBytes(of: 0, toByteOffset: count + bytes.count & ~3, as: UInt32.self)
      if let start = bytes.baseAddress { (base + count).copyMemory(from: start, byteCount: bytes.count) }
      advance(bytes.count + 1)
    }
  }

  /// Appends an attribute with these bytes.
  package mutating func putAttribute(_ type: UInt16, bytes: [UInt8]) {
    reserve(4 + bytes.count + 4)
    put(UInt16(4 + bytes.count))
    put(type)
    base.storeBytes(of: 0, toByteOffset: count + bytes.count & ~3, as: UInt32.self)
    bytes.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { (base + count).copyMemory(from: start, byteCount: bytes.count) }
    }
    advance(bytes.count)
  }

  /// Appends an attribute with a number in network byte order, as netfilter wants them.
  package mutating func putAttribute(_ type: UInt16, bigEndian value: UInt32) {
    reserve(8)
    put(UInt16(8))
    put(type)
    put(value.bigEndian)
  }

  /// Appends a number in host byte order, without looking for room.
  ///
  /// - Precondition: `reserve` made room.
  @inline(__always)
  package mutating func put<Number: FixedWidthInteger>(_ value: Number) {
    base.storeBytes(of: value, toByteOffset: count, as: Number.self)
    count += MemoryLayout<Number>.size
  }
}
