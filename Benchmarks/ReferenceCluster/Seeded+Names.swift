import SeededRandom

extension Seeded {
  /// `count` characters as Kubernetes makes them for the ends of names.
  mutating func suffix(_ count: Int) -> String {
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    return String((0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &self)] })
  }

  /// A UID's text.
  mutating func uid() -> String {
    let digits = Array("0123456789abcdef")
    let text = { (count: Int, generator: inout Seeded) in
      String((0..<count).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
    return [8, 4, 4, 4, 12].map { text($0, &self) }.joined(separator: "-")
  }
}
