import NetworkValues

/// A set element's key as the kernel holds it: every field in network byte order, and where there are several, each
/// padded with zeros to a multiple of four bytes. At most 48 bytes.
///
/// Keys sort by their bytes, which is the order of addresses and ports.
package struct ElementKey: Hashable, Comparable, Sendable {
  /// The bytes, most significant first, left-aligned over three words; unused bytes are zero.
  package private(set) var words: (UInt128, UInt128, UInt128) = (0, 0, 0)

  /// How many bytes are used.
  package private(set) var count: Int = 0

  package init() {}

  /// The key of one value per field of `type`.
  ///
  /// - Precondition: every value fits its field's width.
  package init(_ type: [FieldType], _ values: [UInt128]) {
    precondition(type.count == values.count, "a key needs one value a field")
    for (field, value) in zip(type, values) { append(value, as: field, padded: type.count > 1) }
  }

  /// Appends one field.
  package mutating func append(_ value: UInt128, as field: FieldType, padded: Bool) {
    append(field.isHostOrder ? field.swapped(value) : value, width: field.width)
    if padded { count = (count + 3) & ~3 }
  }

  /// The values of the fields of `type`, the inverse of `init(_:_:)`.
  package func values(as type: [FieldType]) -> [UInt128] {
    var offset = 0
    return type.map { field in
      let value = value(at: offset, width: field.width)
      offset += field.stride(among: type.count)
      return field.swapped(value)
    }
  }

  /// The byte at `index`.
  package subscript(index: Int) -> UInt8 {
    let word = index < 16 ? words.0 : index < 32 ? words.1 : words.2
    return UInt8(truncatingIfNeeded: word >> UInt128(120 - 8 * (index & 15)))
  }

  /// A key of bytes as the kernel sent them.
  package init(bytes: some Sequence<UInt8>) {
    for byte in bytes { append(UInt128(byte), width: 1) }
  }

  /// Appends the low `width` bytes of `value`, which may come to lie in two words.
  private mutating func append(_ value: UInt128, width: Int) {
    precondition(count + width <= 48, "a key has at most 48 bytes")
    let aligned = value &<< UInt128(truncatingIfNeeded: 128 - 8 * width)
    let (word, bit) = (count >> 4, 8 * (count & 15))
    fill(word, with: aligned &>> UInt128(truncatingIfNeeded: bit))
    if bit + 8 * width > 128 { fill(word + 1, with: aligned &<< UInt128(truncatingIfNeeded: 128 - bit)) }
    count += width
  }

  private mutating func fill(_ word: Int, with bits: UInt128) {
    switch word {
    case 0: words.0 |= bits
    case 1: words.1 |= bits
    default: words.2 |= bits
    }
  }

  package static func == (left: ElementKey, right: ElementKey) -> Bool {
    left.words == right.words && left.count == right.count
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
  }

  package static func < (left: ElementKey, right: ElementKey) -> Bool {
    if left.words.0 != right.words.0 { return left.words.0 < right.words.0 }
    if left.words.1 != right.words.1 { return left.words.1 < right.words.1 }
    if left.words.2 != right.words.2 { return left.words.2 < right.words.2 }
    return left.count < right.count
  }
}

/// An interval element: for each field the range from `first`'s value to `last`'s, both included.
package struct ElementRange: Hashable, Comparable, Sendable {
  /// The lowest value of every field.
  package var first: ElementKey

  /// The highest value of every field.
  package var last: ElementKey

  package init(first: ElementKey, last: ElementKey) {
    self.first = first
    self.last = last
  }

  package static func < (left: ElementRange, right: ElementRange) -> Bool {
    left.first == right.first ? left.last < right.last : left.first < right.first
  }
}

extension NamedSet {
  /// The interval set of a disjoint set of addresses of one family: `inside4`, `inside6`.
  package init(intervals name: String, _ addresses: PrefixSet, family: IPFamily) {
    let type: [FieldType] = [family == .v4 ? .address4 : .address6]
    self.init(
      intervals: name, of: type,
      ranges: addresses.ranges(of: family).map {
        ElementRange(first: ElementKey(type, [$0.first.value]), last: ElementKey(type, [$0.last.value]))
      })
  }
}
