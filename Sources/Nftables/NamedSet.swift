import NetworkValues

/// A named set: its definition and its elements.
package struct NamedSet: Hashable, Sendable {
  /// Name, type and kind.
  package var definition: SetDefinition

  /// Sorted, without duplicates; of the shape that the kind demands.
  package var elements: SetElements

  /// Unique among the table's sets.
  package var name: String { definition.name }

  /// A hash set. Sorts `keys` and drops duplicates; the declared size follows from their number.
  ///
  /// - Parameter timeout: seconds after which elements vanish; `nil` for ever.
  package init(hash name: String, of type: [FieldType], keys: [ElementKey], timeout: UInt32? = nil) {
    let unique = keys.sortedUnique()
    definition = SetDefinition(
      name: name, type: type, kind: .hash(size: declaredSize(for: unique.count)), timeout: timeout)
    elements = .keys(unique)
  }

  /// An interval set. `ranges` must be disjoint; they are sorted. Those of a single-field set must not even touch.
  package init(intervals name: String, of type: [FieldType], ranges: [ElementRange]) {
    definition = SetDefinition(name: name, type: type, kind: .interval)
    elements = .ranges(ranges.sortedUnique())
  }

  /// A set as it stands in a kernel, whatever its size. Sorts the elements.
  package init(definition: SetDefinition, elements: SetElements) {
    self.definition = definition
    switch elements {
    case .keys(let keys): self.elements = .keys(keys.sortedUnique())
    case .ranges(let ranges): self.elements = .ranges(ranges.sortedUnique())
    }
  }
}

/// What a set is, without its elements.
package struct SetDefinition: Hashable, Sendable {
  /// How the kernel keeps the elements.
  package enum Kind: Hashable, Sendable {
    /// Exact keys in a hash table that never holds more than `size` (the kernel refuses with ENFILE).
    case hash(size: UInt32)

    /// `flags interval`: ranges; with several fields a concatenation of ranges. Such a set is built once and replaced
    /// as a whole, never deleted from.
    case interval
  }

  /// Unique among the table's sets.
  package var name: String

  /// One entry a field of the key.
  package var type: [FieldType]

  /// Hash or interval.
  package var kind: Kind

  /// Seconds after which an element of a hash set vanishes that nobody adds anew; `nil` for elements that stay.
  package var timeout: UInt32?

  package init(name: String, type: [FieldType], kind: Kind, timeout: UInt32? = nil) {
    self.name = name
    self.type = type
    self.kind = kind
    self.timeout = timeout
  }
}

/// The elements of a set, sorted.
package enum SetElements: Hashable, Sendable {
  case keys([ElementKey])
  case ranges([ElementRange])

  /// How many there are.
  package var count: Int {
    switch self {
    case .keys(let keys): keys.count
    case .ranges(let ranges): ranges.count
    }
  }
}

/// The declared size of a hash set: the next power of two of at least twice its elements, 1,024 at least.
package func declaredSize(for count: Int) -> UInt32 {
  var size: UInt32 = 1024
  while Int(size) < 2 * count { size *= 2 }
  return size
}
