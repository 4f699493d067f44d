/// One step of a derivation: what it made, and of what.
///
/// While everything that a step was made of stays the same, what it made is kept, so that a change costs only what
/// depends on it. Values that share their storage compare at once; that a step may be kept never shows in its output.
package struct Step<Output, each Input: Equatable> {
  /// What was made.
  package let output: Output
  private let input: (repeat each Input)

  /// - Parameters:
  ///   - previous: the same step of an earlier derivation, whose output serves again if its input was the same.
  ///   - input: everything that `make` depends on.
  package init(after previous: Self?, _ input: repeat each Input, make: (repeat each Input) -> Output) {
    if let previous, previous.isMade(of: repeat each input) {
      self = previous
    } else {
      self.input = (repeat each input)
      output = make(repeat each input)
    }
  }

  private func isMade(of other: repeat each Input) -> Bool {
    for (mine, another) in repeat (each input, each other) {
      guard mine == another else { return false }
    }
    return true
  }
}

extension Step: Sendable where Output: Sendable, repeat each Input: Sendable {}
