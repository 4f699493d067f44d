/// A set of addresses of both families, held as sorted ranges that neither overlap nor touch.
///
/// Equal sets are equal values, however they were put together.
package struct PrefixSet: Hashable, Sendable {
  /// Sorted, disjoint and never adjacent within a family.
  package private(set) var ranges: [AddressRange]

  /// The empty set.
  package init() { ranges = [] }

  /// Every address of any of `prefixes`.
  package init(_ prefixes: [Prefix]) { ranges = merged(prefixes.map(\.range)) }

  /// Every address of any of `ranges`, which may overlap.
  package init(ranges: [AddressRange]) { self.ranges = merged(ranges) }

  /// Of ranges that are sorted, disjoint and never adjacent.
  private init(merged ranges: [AddressRange]) { self.ranges = ranges }

  /// Whether the set holds no address.
  package var isEmpty: Bool { ranges.isEmpty }

  /// The fewest prefixes that cover exactly this set, in order.
  package var prefixes: [Prefix] {
    var result: [Prefix] = []
    result.reserveCapacity(ranges.count)
    for range in ranges {
      if range.first == range.last { result.append(Prefix(range.first)) } else { result += range.prefixes }
    }
    return result
  }

  /// The ranges of one family.
  package func ranges(of family: IPFamily) -> [AddressRange] { ranges.filter { $0.family == family } }

  /// Whether `address` is in the set; logarithmic.
  package func contains(_ address: IPAddress) -> Bool {
    let index = partition { $0.first > address }
    return index > 0 && ranges[index - 1].contains(address)
  }

  /// Whether every address of `prefix` is in the set.
  package func contains(_ prefix: Prefix) -> Bool {
    let range = prefix.range
    let index = partition { $0.first > range.first }
    return index > 0 && ranges[index - 1].contains(range.first) && ranges[index - 1].contains(range.last)
  }

  /// Whether some address of `prefix` is in the set.
  package func overlaps(_ prefix: Prefix) -> Bool {
    overlaps(prefix.range)
  }

  /// Whether some address is in both sets.
  package func overlaps(_ other: PrefixSet) -> Bool { other.ranges.contains { overlaps($0) } }

  private func overlaps(_ range: AddressRange) -> Bool {
    let index = partition { $0.first > range.last }
    return index > 0 && ranges[index - 1].family == range.family && ranges[index - 1].last >= range.first
  }

  /// Addresses of either set.
  package func union(_ other: PrefixSet) -> PrefixSet { PrefixSet(ranges: ranges + other.ranges) }

  /// Addresses of this set that are not in `other`.
  package func subtracting(_ other: PrefixSet) -> PrefixSet {
    var result: [AddressRange] = []
    for range in ranges {
      var low = range.first.value
      var open = true
      for cut in other.ranges[other.partition { $0.last >= range.first }...] {
        guard cut.first <= range.last else { break }
        if cut.first.value > low {
          result.append(
            AddressRange(
              first: IPAddress(range.family, low), last: IPAddress(range.family, cut.first.value - 1)))
        }
        if cut.last >= range.last {
          open = false
          break
        }
        low = cut.last.value + 1
      }
      if open { result.append(AddressRange(first: IPAddress(range.family, low), last: range.last)) }
    }
    return PrefixSet(merged: result)
  }

  /// Addresses of both sets.
  package func intersection(_ other: PrefixSet) -> PrefixSet { subtracting(subtracting(other)) }

  /// The first index whose range satisfies `belongsAbove`, which must be monotonic over the sorted ranges.
  private func partition(_ belongsAbove: (AddressRange) -> Bool) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if belongsAbove(ranges[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension PrefixSet: CustomStringConvertible {
  /// The prefixes, separated by comma and space.
  package var description: String { prefixes.map(\.description).joined(separator: ", ") }
}

/// Sorts, and joins what overlaps or touches.
private func merged(_ ranges: [AddressRange]) -> [AddressRange] {
  var result: [AddressRange] = []
  for range in ranges.sorted() {
    guard let previous = result.last, previous.family == range.family,
      previous.last.value == range.family.maximum || range.first.value <= previous.last.value + 1
    else {
      result.append(range)
      continue
    }
    result[result.count - 1] = AddressRange(first: previous.first, last: max(previous.last, range.last))
  }
  return result
}

extension IPFamily {
  /// The value of the family's last address.
  fileprivate var maximum: UInt128 { hostMask(self, 0) }
}
