/// A JSON value whose members keep their order. See: RFC 8259
indirect enum JSONValue {
  case null
  case bool(Bool)
  case number(UInt64)
  case integer(Int64)
  case string(String)
  case array([JSONValue])
  case object([(String, JSONValue)])

  /// The `elem` array of a set, written without a value an element.
  case elements(SetElements, of: [FieldType])

  /// An array of several strings; of one, that string alone, as nft writes lists.
  static func list(_ texts: [String]) -> JSONValue {
    texts.count == 1 ? .string(texts[0]) : .array(texts.map(JSONValue.string))
  }
}

extension TextBuffer {
  /// Writes `value` in one line.
  mutating func append(_ value: JSONValue) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .number(let number): append(decimal: number)
    case .integer(let number): append(String(number))
    case .string(let text): append(jsonString: text)
    case .array(let values):
      append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { append(", ") }
        append(value)
      }
      append(UInt8(ascii: "]"))
    case .object(let members):
      append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { append(", ") }
        append(jsonString: member.0)
        append(": ")
        append(member.1)
      }
      append(UInt8(ascii: "}"))
    case .elements(let elements, let type): append(json: elements, of: type)
    }
  }

  /// Writes a string with its quotes; control characters are escaped by number.
  private mutating func append(jsonString text: String) {
    append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(UInt8(ascii: "\\"))
        append(byte)
      case 0..<32:
        append(byte < 16 ? "\\u000" : "\\u00")
        append(hexadecimal: UInt16(byte))
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }
}
