/// Addresses of one family from `first` to `last`, both included.
package struct AddressRange: Hashable, Comparable, Sendable {
  /// The lowest address.
  package let first: IPAddress

  /// The highest address.
  package let last: IPAddress

  /// - Precondition: both of one family, `first` not above `last`.
  package init(first: IPAddress, last: IPAddress) {
    precondition(first.family == last.family && first <= last, "range \(first)-\(last) is not ordered")
    self.first = first
    self.last = last
  }

  /// IPv4 or IPv6.
  package var family: IPFamily { first.family }

  /// Whether `address` lies between the ends.
  package func contains(_ address: IPAddress) -> Bool { first <= address && address <= last }

  package static func < (left: AddressRange, right: AddressRange) -> Bool {
    left.first == right.first ? left.last < right.last : left.first < right.first
  }

  /// The fewest prefixes that cover exactly this range, in order.
  package var prefixes: [Prefix] {
    var result: [Prefix] = []
    var low = first.value
    while low <= last.value {
      let aligned = low == 0 ? family.bitWidth : min(low.trailingZeroBitCount, family.bitWidth)
      var hostBits = aligned
      while hostBits > 0, low | hostMask(family, family.bitWidth - hostBits) > last.value { hostBits -= 1 }
      let prefix = Prefix(containing: IPAddress(family, low), length: family.bitWidth - hostBits)
      result.append(prefix)
      let end = prefix.range.last.value
      if end == last.value { break }
      low = end + 1
    }
    return result
  }
}

extension AddressRange: CustomStringConvertible {
  /// A prefix where the range is one, else `first-last`.
  package var description: String {
    let prefixes = prefixes
    return prefixes.count == 1 ? "\(prefixes[0])" : "\(first)-\(last)"
  }
}
