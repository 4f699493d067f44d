/// Transport ports from `first` to `last`, both included.
package struct PortRange: Hashable, Comparable, Sendable {
  /// The lowest port.
  package let first: UInt16

  /// The highest port.
  package let last: UInt16

  /// One port.
  package init(_ port: UInt16) {
    first = port
    last = port
  }

  /// - Precondition: `first` is not above `last`.
  package init(first: UInt16, last: UInt16) {
    precondition(first <= last, "port range \(first)-\(last) is not ordered")
    self.first = first
    self.last = last
  }

  /// Every port number.
  package static let all = PortRange(first: 0, last: .max)

  /// Whether the range is one port.
  package var isSingle: Bool { first == last }

  /// Whether `port` lies between the ends.
  package func contains(_ port: UInt16) -> Bool { first <= port && port <= last }

  package static func < (left: PortRange, right: PortRange) -> Bool {
    left.first == right.first ? left.last < right.last : left.first < right.first
  }
}

extension PortRange: CustomStringConvertible {
  /// `443`, or `8000-8080`.
  package var description: String { isSingle ? "\(first)" : "\(first)-\(last)" }
}
