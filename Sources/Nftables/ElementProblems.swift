/// What is wrong with a set's type and elements.
func elementProblems(in set: NamedSet) -> [String] {
  let type = set.definition.type
  let length = type.reduce(0) { $0 + $1.stride(among: type.count) }
  var problems: [String] = []
  let isUnsayable = type.contains(.neighbourTarget) && type.dropLast() != [] && type.dropLast() != [.interface]
  if type.isEmpty || type.contains(.byte) || isUnsayable || length > 48 {
    problems.append("has a type that no set can have")
  }
  switch (set.definition.kind, set.elements) {
  case (.hash(let size), .keys(let keys)):
    if keys.count > Int(size) { problems.append("has \(keys.count) elements, but room for \(size)") }
    if keys.contains(where: { $0.count != length }) { problems.append("has an element that is not of its type") }
  case (.interval, _) where type.contains(where: \.isHostOrder):
    problems.append("is an interval set of a type in the machine's byte order")
  case (.interval, .ranges(let ranges)):
    if ranges.contains(where: { !$0.isOrdered(as: type) || $0.first.count != length || $0.last.count != length }) {
      problems.append("has an element that is not of its type, or not ordered")
    } else if let (left, right) = firstOverlap(among: ranges, of: type, orTouching: type.count == 1) {
      problems.append("has ranges that overlap or touch: \(left.nftText(as: type)) and \(right.nftText(as: type))")
    }
  default: problems.append("has elements of the wrong kind")
  }
  return problems
}

extension ElementRange {
  /// Whether no field's first value is above its last.
  func isOrdered(as type: [FieldType]) -> Bool {
    var offset = 0
    for field in type {
      if first.value(at: offset, width: field.width) > last.value(at: offset, width: field.width) { return false }
      offset += field.stride(among: type.count)
    }
    return true
  }

  /// Whether some key is in both ranges.
  func overlaps(_ other: ElementRange, as type: [FieldType]) -> Bool {
    var offset = 0
    for field in type {
      let (width, start) = (field.width, offset)
      if first.value(at: start, width: width) > other.last.value(at: start, width: width)
        || other.first.value(at: start, width: width) > last.value(at: start, width: width)
      {
        return false
      }
      offset += field.stride(among: type.count)
    }
    return true
  }

  /// The element as nft writes it.
  func nftText(as type: [FieldType]) -> String {
    var buffer = TextBuffer()
    buffer.append(self, as: type)
    return buffer.text
  }
}

/// The first two of sorted `ranges` that share a key, or, of a single field, leave none between them.
///
/// Only ranges that overlap in the first field are compared with each other.
func firstOverlap(
  among ranges: [ElementRange], of type: [FieldType], orTouching: Bool = false
) -> (ElementRange, ElementRange)? {
  guard let field = type.first else { return nil }
  var open: [ElementRange] = []
  for range in ranges {
    let begin = range.first.value(at: 0, width: field.width)
    open.removeAll { $0.last.value(at: 0, width: field.width) < (orTouching && begin > 0 ? begin - 1 : begin) }
    if let other = open.first(where: { orTouching || $0.overlaps(range, as: type) }) { return (other, range) }
    open.append(range)
  }
  return nil
}
