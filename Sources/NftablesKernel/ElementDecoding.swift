import CNetfilter
import Netlink
import Nftables

/// Collects a set's elements from the messages of a dump.
struct ElementCollector {
  private let definition: SetDefinition
  private let isConcatenatedInterval: Bool
  private let isInterval: Bool
  private var keys: [ElementKey] = []
  private var ranges: [ElementRange] = []
  private var marks: [IntervalMark] = []
  private var isForeign = false

  /// For the elements of a set.
  init(_ definition: SetDefinition) {
    self.definition = definition
    isInterval = definition.kind == .interval
    isConcatenatedInterval = isInterval && definition.type.count > 1
  }

  /// Adds the elements in `message`.
  mutating func add(_ message: NetlinkMessage) {
    for attribute in message.attributes(after: 4)
    where attribute.type == UInt16(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) {
      for element in attribute.nested { add(element.nested) }
    }
  }

  /// The elements; `nil` where one of them is more than a key or a range.
  func elements() -> SetElements? {
    guard !isForeign else { return nil }
    guard isInterval else { return .keys(keys) }
    guard !isConcatenatedInterval else { return .ranges(ranges) }
    return intervals(between: marks.sorted()).map { .ranges($0) }
  }

  private mutating func add(_ attributes: NetlinkAttributes) {
    var (key, end): (ElementKey?, ElementKey?)
    var flags: UInt32 = 0
    for attribute in attributes {
      switch UInt32(attribute.type) {
      case NFTA_SET_ELEM_KEY.rawValue: key = self.key(attribute)
      case NFTA_SET_ELEM_KEY_END.rawValue: end = self.key(attribute)
      case NFTA_SET_ELEM_FLAGS.rawValue: flags = attribute.bigEndian32 ?? 0
      case NFTA_SET_ELEM_USERDATA.rawValue: if attribute.value.first != 1 { isForeign = true }
      // In a set with a timeout: when the element vanishes.
      case NFTA_SET_ELEM_EXPIRATION.rawValue where definition.timeout != nil: break
      case NFTA_SET_ELEM_TIMEOUT.rawValue where definition.timeout != nil: break
      case NFTA_SET_ELEM_PAD.rawValue: break
      default: isForeign = true
      }
    }
    guard let key, flags & ~NFT_SET_ELEM_INTERVAL_END.rawValue == 0 else {
      isForeign = true
      return
    }
    if isConcatenatedInterval {
      ranges.append(ElementRange(first: key, last: end ?? key))
    } else if isInterval {
      marks.append(IntervalMark(value: key.words.0, isEnd: flags != 0))
    } else {
      keys.append(key)
    }
  }

  /// The key in a nest of data; `nil` when it is not of the set's type.
  private func key(_ attribute: NetlinkAttribute) -> ElementKey? {
    for data in attribute.nested where data.type == UInt16(NFTA_DATA_VALUE.rawValue) {
      guard data.value.count == definition.keyLength else { return nil }
      let isPadded = definition.type.count > 1
      var key = ElementKey()
      var offset = 0
      for field in definition.type {
        let number = data.value.number(at: offset, width: field.width)
        key.append(field.isHostOrder ? field.swapped(number) : number, as: field, padded: isPadded)
        offset += isPadded ? (field.width + 3) & ~3 : field.width
      }
      return key
    }
    return nil
  }
}

extension ElementCollector {
  /// The ranges that sorted marks stand for; `nil` where a range begins within another.
  private func intervals(between marks: [IntervalMark]) -> [ElementRange]? {
    let type = definition.type
    let shift = UInt128(128 - 8 * definition.keyLength)
    var ranges: [ElementRange] = []
    var start: UInt128?
    for mark in marks {
      let value = mark.value >> shift
      switch (start, mark.isEnd) {
      case (nil, false): start = value
      case (nil, true): break
      case (.some(let first), true):
        ranges.append(ElementRange(first: ElementKey(type, [first]), last: ElementKey(type, [value - 1])))
        start = nil
      case (.some, false): return nil
      }
    }
    if let start {
      ranges.append(ElementRange(first: ElementKey(type, [start]), last: ElementKey(type, [UInt128.max >> shift])))
    }
    return ranges
  }
}

/// Where a range of a single-field interval set begins, or the first value after its end.
private struct IntervalMark: Comparable {
  /// The value, left-aligned.
  var value: UInt128
  var isEnd: Bool

  /// By value; where one range ends as the next begins, the end first.
  static func < (left: IntervalMark, right: IntervalMark) -> Bool {
    left.value == right.value ? left.isEnd && !right.isEnd : left.value < right.value
  }
}

extension UnsafeRawBufferPointer {
  /// The number of `width` bytes in network byte order.
  @inline(__always)
  fileprivate func number(at offset: Int, width: Int) -> UInt128 {
    switch width {
    case 1: UInt128(self[offset])
    case 2: UInt128(UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    case 4: UInt128(UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    case 8: UInt128(UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    default: UInt128(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt128.self))
    }
  }
}
