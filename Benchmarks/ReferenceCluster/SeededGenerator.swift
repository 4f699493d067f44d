/// Random numbers that a seed repeats on every machine: SplitMix64.
///
/// See: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators"
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// `count` characters as Kubernetes makes them for the ends of names.
  mutating func suffix(_ count: Int) -> String {
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    return String((0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &self)] })
  }

  /// A UID's text.
  mutating func uid() -> String {
    let digits = Array("0123456789abcdef")
    let text = { (count: Int, generator: inout SeededGenerator) in
      String((0..<count).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
    return [8, 4, 4, 4, 12].map { text($0, &self) }.joined(separator: "-")
  }
}
