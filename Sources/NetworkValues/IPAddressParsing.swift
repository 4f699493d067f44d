/// Why a text is no address, prefix or port. `reason` is a sentence part that names the remedy where there is one.
package struct NetworkSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was read.
  package let text: String

  /// What is wrong with it, in lower case, without a final stop.
  package let reason: String

  package init(text: String, reason: String) {
    self.text = text
    self.reason = reason
  }

  package var description: String { "\"\(text)\" \(reason)" }
}

extension IPAddress {
  /// Reads an address strictly: four decimal numbers without leading zeros, or RFC 4291 text without a zone id.
  ///
  /// - Throws: `NetworkSyntaxError` that says which rule the text breaks.
  package init(parsing text: some StringProtocol) throws(NetworkSyntaxError) {
    let bytes = Array(text.utf8)
    if bytes.contains(UInt8(ascii: "%")) {
      throw NetworkSyntaxError(text: String(text), reason: "has a zone id; write the address without it")
    }
    if bytes.contains(UInt8(ascii: ":")) {
      self.init(v6: try parseIPv6(bytes[...], in: text))
    } else {
      self.init(v4: try parseIPv4(bytes[...], in: text))
    }
  }
}

/// Four decimal numbers from 0 to 255, no leading zeros (they would be octal to some readers).
private func parseIPv4(_ bytes: ArraySlice<UInt8>, in text: some StringProtocol) throws(NetworkSyntaxError) -> UInt32 {
  let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  guard parts.count == 4 else { throw NetworkSyntaxError(text: String(text), reason: "is not an IP address") }
  var value: UInt32 = 0
  for part in parts {
    guard (1...3).contains(part.count), part.allSatisfy(isDigit) else {
      throw NetworkSyntaxError(text: String(text), reason: "is not an IP address")
    }
    if part.count > 1, part.first == UInt8(ascii: "0") {
      throw NetworkSyntaxError(text: String(text), reason: "has a number with a leading zero; write it in decimal")
    }
    let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
    guard number <= 255 else { throw NetworkSyntaxError(text: String(text), reason: "has a number above 255") }
    value = value << 8 | number
  }
  return value
}

/// Eight groups of up to four hexadecimal digits, one `::` at most, an optional dotted tail.
///
/// See: RFC 4291, section 2.2
private func parseIPv6(_ bytes: ArraySlice<UInt8>, in text: some StringProtocol) throws(NetworkSyntaxError) -> UInt128 {
  let fault = NetworkSyntaxError(text: String(text), reason: "is not an IPv6 address")
  let colon = UInt8(ascii: ":")
  var head: [UInt16] = []
  var tail: [UInt16]?
  var rest = bytes
  if rest.starts(with: [colon, colon]) {
    tail = []
    rest = rest.dropFirst(2)
  }
  while !rest.isEmpty {
    let part = rest.prefix { $0 != colon }
    let isLast = part.endIndex == rest.endIndex
    if isLast, part.contains(UInt8(ascii: ".")) {
      let dotted = try parseIPv4(part, in: text)
      append([UInt16(dotted >> 16), UInt16(dotted & 0xffff)])
      break
    }
    guard (1...4).contains(part.count), let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16),
      part.allSatisfy(isHexDigit)
    else { throw fault }
    append([group])
    rest = rest[part.endIndex...].dropFirst()
    guard !isLast else { break }
    if rest.first == colon {
      guard tail == nil else { throw fault }
      tail = []
      rest = rest.dropFirst()
    } else if rest.isEmpty {
      throw fault
    }
  }
  let groups: [UInt16]
  if let tail {
    guard head.count + tail.count <= 7 else { throw fault }
    groups = head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
  } else {
    guard head.count == 8 else { throw fault }
    groups = head
  }
  return groups.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }

  func append(_ new: [UInt16]) {
    if tail == nil { head += new } else { tail?.append(contentsOf: new) }
  }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

private func isHexDigit(_ byte: UInt8) -> Bool {
  isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
}
