extension NamedSet {
  /// The set with `new` elements; those that it has already stay.
  func adding(_ new: SetElements, _ operation: Operation) throws(KernelError) -> NamedSet {
    switch (elements, new, definition.kind) {
    case (.keys(let old), .keys(let new), .hash(let size)):
      let result = NamedSet(definition: definition, elements: .keys(old + new))
      guard result.elements.count <= Int(size) else {
        throw operation.refused(.tableOverflow, "the set is full at \(size) elements (ENFILE)")
      }
      return result
    case (.ranges(let old), .ranges(let new), .interval):
      let result = NamedSet(definition: definition, elements: .ranges(old + new))
      if case .ranges(let ranges) = result.elements, firstOverlap(among: ranges, of: definition.type) != nil {
        throw operation.refused(.exists, "two intervals overlap (EEXIST)")
      }
      return result
    default: throw operation.refused(.invalid, "the elements are not of the set's kind (EINVAL)")
    }
  }

  /// The set without `gone`, all of which it must have. `gone` is sorted.
  func deleting(_ gone: SetElements, _ operation: Operation) throws(KernelError) -> NamedSet {
    guard case .keys(let old) = elements, case .keys(let gone) = gone else {
      throw operation.refused(.invalid, "interval sets are replaced, never deleted from (EINVAL)")
    }
    let removed = Set(gone)
    let kept = old.filter { !removed.contains($0) }
    guard kept.count + gone.count == old.count else {
      throw operation.refused(.noEntry, "an element is not there (ENOENT)")
    }
    return NamedSet(definition: definition, elements: .keys(kept))
  }
}

/// The errno values the simulated kernel gives. See: errno(3)
enum ErrorNumber: Int32 {
  case noEntry = 2
  case busy = 16
  case exists = 17
  case invalid = 22
  case tableOverflow = 23
  case tooManyLinks = 31
  case loop = 40
  case restart = 85
  case notSupported = 95
}

extension KernelError {
  init(operation: String, code: ErrorNumber, _ reason: String) {
    self.init(operation: operation, code: code.rawValue, reason: reason)
  }
}

extension Operation {
  /// The kernel's refusal of this operation.
  func refused(_ code: ErrorNumber, _ reason: String) -> KernelError {
    KernelError(operation: summary, code: code, reason)
  }
}
