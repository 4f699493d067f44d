/// The two versions of the Internet Protocol.
package enum IPFamily: UInt8, Hashable, Comparable, CaseIterable, Sendable {
  case v4 = 4
  case v6 = 6

  /// The width of an address in bits: 32 or 128.
  package var bitWidth: Int { self == .v4 ? 32 : 128 }

  package static func < (left: IPFamily, right: IPFamily) -> Bool { left.rawValue < right.rawValue }
}

/// An IPv4 or IPv6 address, without a zone.
///
/// IPv4 sorts before IPv6, then by numeric value. An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) is an IPv6 address:
/// it never equals its IPv4 form.
package struct IPAddress: Hashable, Comparable, Sendable {
  /// Which protocol version the address belongs to.
  package let family: IPFamily

  /// The numeric value; of an IPv4 address only the low 32 bits are used.
  package let value: UInt128

  /// An IPv4 address from its value in host order.
  package init(v4 value: UInt32) {
    family = .v4
    self.value = UInt128(value)
  }

  /// An IPv6 address from its value in host order.
  package init(v6 value: UInt128) {
    family = .v6
    self.value = value
  }

  /// An address of `family` from the low bits of `value`; higher bits are dropped.
  package init(_ family: IPFamily, _ value: UInt128) {
    self.family = family
    self.value = family == .v4 ? value & 0xffff_ffff : value
  }

  package static func == (left: IPAddress, right: IPAddress) -> Bool {
    left.value == right.value && left.family == right.family
  }

  /// By the value alone: hashing is what most derivation consists of.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(UInt64(truncatingIfNeeded: value))
    if family == .v6 { hasher.combine(UInt64(truncatingIfNeeded: value >> 64)) }
  }

  package static func < (left: IPAddress, right: IPAddress) -> Bool {
    left.family == right.family ? left.value < right.value : left.family < right.family
  }

  /// The address in network byte order: 4 or 16 bytes.
  package var bytes: [UInt8] {
    stride(from: family.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt128($0)) }
  }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted decimal, or the canonical IPv6 text.
  ///
  /// See: RFC 5952
  package var description: String { family == .v4 ? dottedDecimal(UInt32(value)) : canonicalIPv6(value) }
}

/// `a.b.c.d`.
func dottedDecimal(_ value: UInt32) -> String {
  "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
}

/// RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups (the first of equals) as `::`,
/// IPv4-mapped addresses with their dotted tail.
func canonicalIPv6(_ value: UInt128) -> String {
  if value >> 32 == 0xffff { return "::ffff:" + dottedDecimal(UInt32(truncatingIfNeeded: value)) }
  let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
  let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
  guard let zeros = longestZeroRun(groups) else { return text(groups[...]) }
  return text(groups[..<zeros.lowerBound]) + "::" + text(groups[zeros.upperBound...])
}

/// The first longest run of at least two zero groups.
private func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
  var best: Range<Int>?
  var start = 0
  while start < groups.count {
    var end = start
    while end < groups.count, groups[end] == 0 { end += 1 }
    if end - start >= 2, end - start > best?.count ?? 0 { best = start..<end }
    start = end + 1
  }
  return best
}
