import NetworkValues

/// Text under construction, as UTF-8: one growing buffer, since rulesets have hundreds of thousands of elements.
struct TextBuffer {
  /// What was appended.
  private(set) var bytes: [UInt8] = []

  /// What nft calls cgroups: their paths below /sys/fs/cgroup.
  private let cgroupNames: [UInt64: String]

  init(cgroupNames: [UInt64: String] = [:]) { self.cgroupNames = cgroupNames }

  /// The index of the first byte of the last line.
  private(set) var lineStart = 0

  /// The text as a value.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// Ends the line.
  mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
    lineStart = bytes.count
  }

  /// Breaks the last line at `index`, whose byte is a space; `indentation` begins the new line.
  mutating func breakLine(at index: Int, indentation: String) {
    bytes.replaceSubrange(index...index, with: [UInt8(ascii: "\n")] + Array(indentation.utf8))
    lineStart = index + 1
  }

  mutating func append(decimal value: UInt64) {
    if value >= 10 { append(decimal: value / 10) }
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
  }

  /// The path in quotes. nft has no way to write a number, so one whose path is not known does not load.
  mutating func append(cgroup id: UInt64) { append("\"\(cgroupNames[id] ?? "cgroup \(id)")\"") }

  /// Lower case, without leading zeros.
  mutating func append(hexadecimal value: UInt16) {
    if value >= 16 { append(hexadecimal: value >> 4) }
    let digit = UInt8(truncatingIfNeeded: value & 15)
    bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
  }

  /// `a.b.c.d`.
  mutating func append(address4 value: UInt32) {
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      append(decimal: UInt64(value >> shift & 255))
      if shift > 0 { bytes.append(UInt8(ascii: ".")) }
    }
  }

  /// The text that nft prints: RFC 5952, but for IPv4-compatible addresses (`::192.0.2.1`), which it writes dotted.
  ///
  /// See: inet_ntop(3)
  mutating func append(address6 value: UInt128) {
    let low = UInt32(truncatingIfNeeded: value)
    if value >> 32 == 0xffff || value >> 32 == 0 && low > 0xffff {
      append(value >> 32 == 0 ? "::" : "::ffff:")
      append(address4: low)
      return
    }
    let zeros = longestZeroRun(value)
    var index = 0
    while index < 8 {
      if index == zeros.lowerBound, !zeros.isEmpty {
        append("::")
        index = zeros.upperBound
        continue
      }
      if index > 0, index != zeros.upperBound || zeros.isEmpty { bytes.append(UInt8(ascii: ":")) }
      append(hexadecimal: group(index, of: value))
      index += 1
    }
  }
}

/// The sixteen bits at `index` of an IPv6 address, counted from its beginning.
private func group(_ index: Int, of value: UInt128) -> UInt16 {
  UInt16(truncatingIfNeeded: value &>> UInt128(truncatingIfNeeded: 112 - 16 * index))
}

/// The first longest run of at least two zero groups, else an empty range.
private func longestZeroRun(_ value: UInt128) -> Range<Int> {
  var best = 0..<0
  var start = 0
  while start < 8 {
    var end = start
    while end < 8, group(end, of: value) == 0 { end += 1 }
    if end - start >= 2, end - start > best.count { best = start..<end }
    start = end + 1
  }
  return best
}
