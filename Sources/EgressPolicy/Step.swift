/// One step of a derivation: what it made, and of what.
///
/// While everything that a step was made of stays the same, what it made is kept, so that a change costs only what
/// depends on it. Values that share their storage compare at once; that a step may be kept never shows in its output.
package struct Step<Output, each Input: Equatable> {
  /// A model has many steps, most of which a later one shares: both are references.
  private let made: Shared<Output>
  private let source: Shared<(repeat each Input)>

  /// What was made.
  package var output: Output { made.value }

  /// Of what.
  var input: (repeat each Input) { source.value }

  /// - Parameters:
  ///   - previous: the same step of an earlier derivation, whose output serves again if its input was the same.
  ///   - input: everything that `make` depends on.
  ///   - follow: makes the same as `make`, of the same step of an earlier derivation, where that is less work; `nil` where
  ///     it is not.
  package init(
    after previous: Self?, _ input: repeat each Input,
    follow: (_ previous: Self) -> Output? = { _ in nil }, make: (repeat each Input) -> Output
  ) {
    if let previous, previous.isMade(of: repeat each input) {
      self = previous
    } else {
      made = Shared(previous.flatMap(follow) ?? make(repeat each input))
      source = Shared((repeat each input))
    }
  }

  /// Whether it was made of the same.
  func isMade(of other: repeat each Input) -> Bool {
    for (mine, another) in repeat (each source.value, each other) {
      guard mine == another else { return false }
    }
    return true
  }
}

extension Step: Sendable where Output: Sendable, repeat each Input: Sendable {}

private final class Shared<Value> {
  let value: Value

  init(_ value: Value) { self.value = value }
}

extension Shared: Sendable where Value: Sendable {}
