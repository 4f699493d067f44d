/// Where element lists are broken, in columns; a tab counts as eight.
private let lineWidth = 100

extension TextBuffer {
  /// `{ a, b, … }`, over several lines where one is too short. `indentation` begins the lines after the first and
  /// counts `indentationWidth` columns, as what stands before the brace.
  mutating func append(_ elements: SetElements, of type: [FieldType], indentation: String, indentationWidth: Int) {
    let list = ElementList(indentation: indentation, room: lineWidth - indentationWidth)
    append("{ ")
    var start = bytes.count
    switch elements {
    case .keys(let keys):
      for (index, key) in keys.enumerated() {
        start = separate(list, index, lineContentStart: start) { $0.append(key, as: type) }
      }
    case .ranges(let ranges):
      for (index, range) in ranges.enumerated() {
        start = separate(list, index, lineContentStart: start) { $0.append(range, as: type) }
      }
    }
    append(" }")
  }

  /// Writes one element after its comma, on a new line where the old one would be too long. Returns where the contents
  /// of the line begin.
  private mutating func separate(
    _ list: ElementList, _ index: Int, lineContentStart: Int, write: (inout TextBuffer) -> Void
  ) -> Int {
    if index > 0 {
      append(UInt8(ascii: ","))
      append(UInt8(ascii: " "))
    }
    let start = bytes.count
    write(&self)
    guard index > 0, bytes.count - lineContentStart > list.room else { return lineContentStart }
    breakLine(at: start - 1, indentation: list.indentation)
    return start + list.indentation.utf8.count
  }

  /// `10.0.0.1 . tcp . 443`.
  mutating func append(_ key: ElementKey, as type: [FieldType]) {
    var offset = 0
    for field in type {
      if offset > 0 { separateFields() }
      append(key.value(at: offset, width: field.width), as: field)
      offset += field.stride(among: type.count)
    }
  }

  /// `10.0.0.0/8 . tcp . 8000-8080`.
  mutating func append(_ range: ElementRange, as type: [FieldType]) {
    var offset = 0
    for field in type {
      if offset > 0 { separateFields() }
      append(
        from: range.first.value(at: offset, width: field.width),
        to: range.last.value(at: offset, width: field.width), as: field)
      offset += field.stride(among: type.count)
    }
  }

  private mutating func separateFields() {
    append(UInt8(ascii: " "))
    append(UInt8(ascii: "."))
    append(UInt8(ascii: " "))
  }

  /// One value, a prefix, or a range; ranges are always in numbers.
  private mutating func append(from first: UInt128, to last: UInt128, as field: FieldType) {
    append(first, as: field, inRange: first != last)
    if first == last { return }
    if field.isAddress, let length = prefixLength(from: first, to: last, width: 8 * field.width) {
      append(UInt8(ascii: "/"))
      append(decimal: UInt64(length))
    } else {
      append(UInt8(ascii: "-"))
      append(last, as: field, inRange: true)
    }
  }

  private mutating func append(_ value: UInt128, as field: FieldType, inRange: Bool = false) {
    switch field {
    case .address4: append(address4: UInt32(truncatingIfNeeded: value))
    case .address6: append(address6: value)
    case .port, .byte: append(decimal: UInt64(truncatingIfNeeded: value))
    case .interface: append(decimal: UInt64(truncatingIfNeeded: field.swapped(value)))
    case .cgroup: append(cgroup: UInt64(truncatingIfNeeded: field.swapped(value)))
    case .neighbourTarget: append("0x" + String(value, radix: 16))
    case .transportProtocol, .icmpType, .icmp6Type, .etherType:
      if inRange {
        append(decimal: UInt64(truncatingIfNeeded: value))
      } else {
        append(field.nftName(of: UInt16(truncatingIfNeeded: value)).text)
      }
    }
  }
}

/// How the lines of an element list are laid out.
private struct ElementList {
  /// Begins every line after the first.
  let indentation: String

  /// Columns for elements.
  let room: Int
}

extension FieldType {
  /// Whether ranges of this type may be written as prefixes.
  var isAddress: Bool { self == .address4 || self == .address6 }
}
