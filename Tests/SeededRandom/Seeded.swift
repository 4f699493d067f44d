/// Random numbers that a seed repeats on every machine: SplitMix64.
///
/// See: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators"
package struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  /// - Parameter seed: equal seeds give equal numbers.
  package init(_ seed: UInt64) { state = seed }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// True once in `count` times.
  package mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

  /// One of `choices`, which must not be empty.
  package mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[Int.random(in: 0..<choices.count, using: &self)]
  }

  /// Those of `choices` that chance keeps, in order.
  package mutating func some<Element>(of choices: [Element], oneIn count: Int = 2) -> [Element] {
    choices.filter { _ in oneIn(count) }
  }

  /// Those of `choices` that chance does not take, in order.
  package mutating func some<Element>(of choices: [Element], butOneIn count: Int) -> [Element] {
    choices.filter { _ in !oneIn(count) }
  }
}
