extension NamedSet {
  /// Whether a packet with these values, one a field, is in the set.
  ///
  /// An arbitrary value is in an element only if that element takes every value of the field.
  func contains(_ values: [FieldValue]) -> Bool {
    guard values.count == definition.type.count else { return false }
    return switch elements {
    case .keys(let keys): key(of: values).map { contains($0, among: keys) } ?? false
    case .ranges(let ranges): contains(values, among: ranges)
    }
  }

  /// The key of `values`, if all are known and fit.
  private func key(of values: [FieldValue]) -> ElementKey? {
    var known: [UInt128] = []
    for (value, field) in zip(values, definition.type) {
      guard case .known(let number) = value, number <= field.maximum else { return nil }
      known.append(number)
    }
    return ElementKey(definition.type, known)
  }

  private func contains(_ key: ElementKey, among keys: [ElementKey]) -> Bool {
    let index = firstIndex(of: keys) { $0 >= key }
    return index < keys.count && keys[index] == key
  }

  /// Ranges are sorted by their first key, so those that begin above the packet's first field are out of the question.
  private func contains(_ values: [FieldValue], among ranges: [ElementRange]) -> Bool {
    guard let field = definition.type.first, let value = values.first else { return false }
    var end = ranges.count
    if case .known(let number) = value {
      end = firstIndex(of: ranges) { $0.first.value(at: 0, width: field.width) > number }
      // The ranges of a single field are disjoint: only the last of them can hold the value.
      if definition.type.count == 1 { return end > 0 && contains(values, in: ranges[end - 1]) }
    }
    return ranges[..<end].contains { contains(values, in: $0) }
  }

  private func contains(_ values: [FieldValue], in range: ElementRange) -> Bool {
    var offset = 0
    for (value, field) in zip(values, definition.type) {
      let first = range.first.value(at: offset, width: field.width)
      let last = range.last.value(at: offset, width: field.width)
      switch value {
      case .known(let number): if number < first || number > last { return false }
      case .arbitrary: if first != 0 || last != field.maximum { return false }
      }
      offset += field.stride(among: definition.type.count)
    }
    return true
  }
}

extension FieldType {
  /// The highest value that the field can hold.
  var maximum: UInt128 { UInt128.max >> UInt128(128 - 8 * width) }
}

/// The first index whose element satisfies `predicate`, which once true stays true over the sorted elements.
func firstIndex<Element>(of elements: [Element], where predicate: (Element) -> Bool) -> Int {
  var low = 0
  var high = elements.count
  while low < high {
    let middle = (low + high) / 2
    if predicate(elements[middle]) { high = middle } else { low = middle + 1 }
  }
  return low
}
