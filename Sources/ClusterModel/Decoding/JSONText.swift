/// Why a text is no JSON document.
package struct JSONSyntaxError: Error, Hashable, Sendable {
  /// In lower case, without a final stop.
  package var reason: String

  /// Counted from 1.
  package var line: Int

  package init(reason: String, line: Int) {
    self.reason = reason
    self.line = line
  }
}

/// How deep values may lie inside each other, in JSON and in YAML.
package let maximumNesting = 200

extension ManifestValue {
  /// Reads JSON documents, one after another. What follows a broken one is not read.
  ///
  /// Foundation's `JSONDecoder` is not used: of two equal member names it takes one in silence, and it knows no lines.
  /// Two equal names are refused here, so is nesting below `maximumNesting`.
  ///
  /// See: RFC 8259
  package static func documents(ofJSON bytes: [UInt8]) -> (values: [ManifestValue], error: JSONSyntaxError?) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      return ([], JSONSyntaxError(reason: "is not UTF-8", line: 1))
    }
    var parser = JSONParser(bytes: bytes)
    var values: [ManifestValue] = []
    do {
      while parser.peek() != nil { values.append(try parser.value()) }
      return (values, nil)
    } catch {
      return (values, error)
    }
  }

  /// Reads one JSON document. Members that are not `kept` are passed over: only their brackets and quotes must fit.
  package init(ofJSON bytes: [UInt8], keeping kept: KeptFields = .all) throws(JSONSyntaxError) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw JSONSyntaxError(reason: "is not UTF-8", line: 1)
    }
    var parser = JSONParser(bytes: bytes)
    self = try parser.value(keeping: kept)
    guard parser.peek() == nil else { throw parser.fault("goes on after its end") }
  }
}

/// Which members of a JSON object are wanted. Those of a list's elements are each element's.
package indirect enum KeptFields: Sendable {
  case all

  /// These, and of each what its own value says.
  case only([String: KeptFields])
}

extension KeptFields {
  /// What is wanted of a member; `nil` where the member is not wanted.
  fileprivate subscript(name: String) -> KeptFields? {
    switch self {
    case .all: .all
    case .only(let members): members[name]
    }
  }
}

/// Reads from `bytes`, which are valid UTF-8, at `position`.
private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  var line = 1
  var depth = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  func fault(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(reason: reason, line: line) }

  /// The next byte that is no white space; `position` stands on it. `nil` at the end.
  mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x0a:
        line += 1
        position += 1
      case 0x20, 0x09, 0x0d: position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  mutating func value(keeping kept: KeptFields = .all) throws(JSONSyntaxError) -> ManifestValue {
    guard let byte = peek() else { throw fault("ends where a value is expected") }
    let start = line
    return switch byte {
    case UInt8(ascii: "{"): ManifestValue(try object(keeping: kept), line: start)
    case UInt8(ascii: "["): ManifestValue(try array(keeping: kept), line: start)
    case UInt8(ascii: "\""): ManifestValue(.string(try string()), line: start)
    case UInt8(ascii: "-"), 0x30...0x39: ManifestValue(try number(), line: start)
    default: ManifestValue(try word(), line: start)
    }
  }

  mutating func enter() throws(JSONSyntaxError) {
    position += 1
    depth += 1
    if depth > maximumNesting { throw fault("is nested more than \(maximumNesting) levels deep") }
  }

  mutating func object(keeping kept: KeptFields) throws(JSONSyntaxError) -> ManifestValue.Content {
    try enter()
    var members: [ManifestMember] = []
    var names: Set<String> = []
    var isFirst = true
    while try !ends(with: UInt8(ascii: "}"), isFirst: isFirst) {
      isFirst = false
      guard peek() == UInt8(ascii: "\"") else { throw fault("has something else than a name in quotes in an object") }
      let name = try string()
      if isRepeated(name, among: members, &names) { throw fault("has the name \"\(shown(name, limit: 60))\" twice") }
      guard peek() == UInt8(ascii: ":") else { throw fault("lacks a colon after a name") }
      position += 1
      if let part = kept[name] {
        members.append(ManifestMember(name: name, value: try value(keeping: part)))
      } else {
        try pass()
      }
    }
    depth -= 1
    return .object(members)
  }

  /// Goes behind a value without reading it.
  mutating func pass() throws(JSONSyntaxError) {
    guard let first = peek() else { throw fault("ends where a value is expected") }
    var scanner = JSONValueScanner(first)
    guard let end = scanner.scan(bytes.span, from: position) else { throw fault("ends inside of a value") }
    position = end
  }

  /// Few members are compared one by one, many through a set.
  func isRepeated(_ name: String, among members: [ManifestMember], _ names: inout Set<String>) -> Bool {
    if members.count < 16 { return members.contains { $0.name == name } }
    if names.isEmpty { names = Set(members.map(\.name)) }
    return !names.insert(name).inserted
  }

  mutating func array(keeping kept: KeptFields) throws(JSONSyntaxError) -> ManifestValue.Content {
    try enter()
    var elements: [ManifestValue] = []
    while try !ends(with: UInt8(ascii: "]"), isFirst: elements.isEmpty) { elements.append(try value(keeping: kept)) }
    depth -= 1
    return .array(elements)
  }

  /// Whether a list or object ends here; else a comma is passed, but before the first element.
  mutating func ends(with closing: UInt8, isFirst: Bool) throws(JSONSyntaxError) -> Bool {
    guard let byte = peek() else { throw fault("ends inside of a list or an object") }
    if byte == closing {
      position += 1
      return true
    }
    if isFirst { return false }
    guard byte == UInt8(ascii: ",") else { throw fault("lacks a comma") }
    position += 1
    if peek() == closing { throw fault("has a comma before a closing bracket") }
    return false
  }

  mutating func word() throws(JSONSyntaxError) -> ManifestValue.Content {
    let words: [(StaticString, ManifestValue.Content)] = [
      ("true", .bool(true)), ("false", .bool(false)), ("null", .null),
    ]
    let start = position
    while position < bytes.count, (97...122).contains(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    for (word, content) in words where "\(word)" == text { return content }
    throw fault("has something that is no value")
  }

  /// See: RFC 8259, section 6
  mutating func number() throws(JSONSyntaxError) -> ManifestValue.Content {
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let first = position
    var isInteger = try digits()
    if bytes[first] == UInt8(ascii: "0"), position - first > 1 { throw fault("has a number with a leading zero") }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      isInteger = try !digits()
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        position += 1
      }
      isInteger = try !digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let number = Int(text) { return .integer(number) }
    return .number(text)
  }

  /// Passes at least one digit.
  mutating func digits() throws(JSONSyntaxError) -> Bool {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    guard position > start else { throw fault("has a number without digits") }
    return true
  }

  /// See: RFC 8259, section 7
  mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
      case UInt8(ascii: "\\"): return try escapedString(from: start)
      case 0..<0x20: throw fault("has a control character in a string")
      default: position += 1
      }
    }
    throw fault("ends inside of a string")
  }

  /// A string with escapes, of which the bytes from `start` to `position` have been passed.
  mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
    var result = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
      case UInt8(ascii: "\\"): result += Array(String(Character(try escape())).utf8)
      case 0..<0x20: throw fault("has a control character in a string")
      default: result.append(byte)
      }
    }
    throw fault("ends inside of a string")
  }

  /// The character of an escape; `position` stands after the backslash.
  mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    guard position < bytes.count else { throw fault("ends inside of a string") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw fault("has an unknown escape in a string")
    }
  }

  /// Four hexadecimal digits, and a second escape where they are the first half of a surrogate pair.
  mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xd800..<0xdc00).contains(first), bytes[position...].starts(with: [0x5c, 0x75]) else {
      throw fault("has half a surrogate pair in a string")
    }
    position += 2
    let second = try hexadecimal()
    guard (0xdc00..<0xe000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    else { throw fault("has half a surrogate pair in a string") }
    return scalar
  }

  mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    let end = position + 4
    guard end <= bytes.count, bytes[position..<end].allSatisfy({ UInt8(ascii: "+") != $0 && $0 != 0x2d }),
      let value = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
    else { throw fault("has an escape without four hexadecimal digits") }
    position = end
    return value
  }
}
