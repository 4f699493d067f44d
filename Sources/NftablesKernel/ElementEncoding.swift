import CNetfilter
import Netlink
import Nftables

/// Elements per message at most. The list's length is a 16-bit number, which only 2,340 small elements would fill.
private let elementsPerMessage = 1000

/// Bytes of a list of elements at most.
private let bytesPerMessage = 60_000

extension NetlinkBatch {
  /// Adds or deletes elements, about a thousand a message, written straight into the batch.
  mutating func appendElements(
    _ message: nf_tables_msg_types, flags: Int32, _ table: TableID, _ set: SetDefinition, _ elements: SetElements,
    step: Int
  ) throws(KernelError) {
    let target = ElementTarget(message: UInt16(message), flags: flags, table: table, set: set.name, step: step)
    switch (set.kind, elements) {
    case (.hash, .keys(let keys)):
      append(keys, size: ElementWriter.keySize(set.keyLength), target) { $0.element($1) }
    case (.interval, .ranges(let ranges)) where set.type.count > 1:
      append(ranges, size: 2 * ElementWriter.keySize(set.keyLength), target) { $0.element($1.first, to: $1.last) }
    case (.interval, .ranges(let ranges)):
      let bits = 8 * set.keyLength
      append(ranges, size: 2 * ElementWriter.keySize(set.keyLength) + 20, target) { $0.interval($1, bits: bits) }
    default:
      throw KernelError(operation: "add element \(table) \(set.name)", code: 0, reason: "keys and ranges are mixed up")
    }
  }

  /// Messages of `elements` that take `size` bytes each at most.
  @inline(__always)
  private mutating func append<Element>(
    _ elements: [Element], size: Int, _ target: ElementTarget, _ write: (inout ElementWriter, Element) -> Void
  ) {
    let limit = min(elementsPerMessage, bytesPerMessage / size)
    var next = 0
    while next < elements.count {
      let end = min(next + limit, elements.count)
      let family = target.table.family.number
      let start = beginMessage(target.message, flags: target.flags, family: family, step: target.step)
      buffer.putAttribute(UInt16(NFTA_SET_ELEM_LIST_TABLE.rawValue), text: target.table.name)
      buffer.putAttribute(UInt16(NFTA_SET_ELEM_LIST_SET.rawValue), text: target.set)
      let list = buffer.beginNest(UInt16(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue))
      buffer.reserve((end - next) * size + 64)
      var writer = ElementWriter(buffer.base + buffer.count)
      for index in next..<end { write(&writer, elements[index]) }
      buffer.advance(writer.cursor - (buffer.base + buffer.count))
      buffer.endNest(list)
      endMessage(start)
      next = end
    }
  }
}

/// Where elements go.
private struct ElementTarget {
  var message: UInt16
  var flags: Int32
  var table: TableID
  var set: String
  var step: Int
}

/// Writes elements to memory that was found large enough, with 48 bytes to spare.
private struct ElementWriter {
  var cursor: UnsafeMutableRawPointer

  init(_ start: UnsafeMutableRawPointer) { cursor = start }

  /// Bytes of an element with one key of `length` bytes.
  static func keySize(_ length: Int) -> Int { 12 + (length + 3) & ~3 }

  /// An element of a hash set.
  @inline(__always)
  mutating func element(_ key: ElementKey) {
    let start = beginNest(UInt16(NFTA_LIST_ELEM.rawValue))
    put(key.words, key.count, NFTA_SET_ELEM_KEY)
    endNest(start)
  }

  /// An element of a set of concatenated ranges.
  @inline(__always)
  mutating func element(_ first: ElementKey, to last: ElementKey) {
    let start = beginNest(UInt16(NFTA_LIST_ELEM.rawValue))
    put(first.words, first.count, NFTA_SET_ELEM_KEY)
    put(last.words, last.count, NFTA_SET_ELEM_KEY_END)
    endNest(start)
  }

  /// A range of single values of `bits` bits: an element where it starts, and one that marks what comes after its end.
  /// A range up to the highest value has no end, which nft notes.
  @inline(__always)
  mutating func interval(_ range: ElementRange, bits: Int) {
    let shift = UInt128(128 - bits)
    let last = range.last.words.0 >> shift
    let isOpen = last == UInt128.max >> shift
    let start = beginNest(UInt16(NFTA_LIST_ELEM.rawValue))
    put(range.first.words, range.first.count, NFTA_SET_ELEM_KEY)
    if isOpen { putOpenNote() }
    endNest(start)
    guard !isOpen else { return }
    let end = beginNest(UInt16(NFTA_LIST_ELEM.rawValue))
    put(UInt16(8))
    put(UInt16(NFTA_SET_ELEM_FLAGS.rawValue))
    put(NFT_SET_ELEM_INTERVAL_END.rawValue.bigEndian)
    put(((last + 1) << shift, 0, 0), range.last.count, NFTA_SET_ELEM_KEY)
    endNest(end)
  }

  /// User data: flags, NFTNL_SET_ELEM_F_INTERVAL_OPEN.
  private mutating func putOpenNote() {
    put(UInt16(10))
    put(UInt16(NFTA_SET_ELEM_USERDATA.rawValue))
    put(UInt32(0x0001_0401).littleEndian)
    put(UInt32(0))
  }

  /// A key attribute: a nest with the bytes of `words`.
  @inline(__always)
  private mutating func put(
    _ words: (UInt128, UInt128, UInt128), _ count: Int, _ attribute: nft_set_elem_attributes
  ) {
    put(UInt16(truncatingIfNeeded: 8 + (count + 3) & ~3))
    put(UInt16(truncatingIfNeeded: attribute.rawValue) | UInt16(NLA_F_NESTED))
    put(UInt16(truncatingIfNeeded: 4 + count))
    put(UInt16(NFTA_DATA_VALUE.rawValue))
    cursor.storeBytes(of: words.0.bigEndian, as: UInt128.self)
    if count > 16 {
      cursor.storeBytes(of: words.1.bigEndian, toByteOffset: 16, as: UInt128.self)
      cursor.storeBytes(of: words.2.bigEndian, toByteOffset: 32, as: UInt128.self)
    }
    cursor += (count + 3) & ~3
  }

  @inline(__always)
  private mutating func beginNest(_ type: UInt16) -> UnsafeMutableRawPointer {
    let start = cursor
    put(UInt16(0))
    put(type | UInt16(NLA_F_NESTED))
    return start
  }

  @inline(__always)
  private mutating func endNest(_ start: UnsafeMutableRawPointer) {
    start.storeBytes(of: UInt16(truncatingIfNeeded: cursor - start), as: UInt16.self)
  }

  @inline(__always)
  private mutating func put<Number: FixedWidthInteger>(_ value: Number) {
    cursor.storeBytes(of: value, as: Number.self)
    cursor += MemoryLayout<Number>.size
  }
}
