extension ElementKey {
  /// The number in `width` bytes from `offset` on. Reading past the key's end reads zeros.
  func value(at offset: Int, width: Int) -> UInt128 {
    let word = offset >> 4
    let bit = UInt128(truncatingIfNeeded: 8 * (offset & 15))
    let high = self.word(word) &<< bit
    let low = bit == 0 ? 0 : self.word(word + 1) &>> (128 - bit)
    return (high | low) &>> UInt128(truncatingIfNeeded: 128 - 8 * width)
  }

  private func word(_ index: Int) -> UInt128 {
    switch index {
    case 0: words.0
    case 1: words.1
    case 2: words.2
    default: 0
    }
  }
}

extension FieldType {
  /// Bytes that the field takes in a key of `count` fields: concatenated fields are padded to words of four.
  func stride(among count: Int) -> Int { count > 1 ? (width + 3) & ~3 : width }
}

/// The length of the prefix from `first` to `last`, where that range is one; `width` is the address's bits.
func prefixLength(from first: UInt128, to last: UInt128, width: Int) -> Int? {
  let host = first ^ last
  guard host & (host &+ 1) == 0, first & host == 0 else { return nil }
  return width - host.nonzeroBitCount
}
