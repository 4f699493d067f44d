/// Something in an object that moat does not understand: an unknown field, a value of the wrong type, an unknown enum
/// value, an address that does not parse.
package struct Misunderstanding: Hashable, Sendable {
  /// From the object's root: `spec.ports[0].targetPort`.
  package var path: String

  /// The value as text, shortened.
  package var value: String

  /// What is wrong and what is expected, in lower case, without a final stop.
  package var reason: String

  package init(path: String, value: String, reason: String) {
    self.path = path
    self.value = value
    self.reason = reason
  }
}

/// A part of an object that may allow something: understood as a whole, or not at all (S11).
///
/// A list keeps its parts that were not understood, so that it never becomes empty by accident: in the egress model an
/// empty list often means "everything".
package enum Part<Value: Hashable & Sendable>: Hashable, Sendable {
  case understood(Value)

  /// Grants nothing, for this reason.
  case notUnderstood(Misunderstanding)

  /// The value, if it was understood.
  package var value: Value? {
    if case .understood(let value) = self { value } else { nil }
  }

  /// Why it was not.
  package var misunderstanding: Misunderstanding? {
    if case .notUnderstood(let misunderstanding) = self { misunderstanding } else { nil }
  }
}

/// A port by number or by name.
package enum PortReference: Hashable, Sendable, CustomStringConvertible {
  case number(UInt16)
  case name(String)

  package var description: String {
    switch self {
    case .number(let number): String(number)
    case .name(let name): name
    }
  }
}

/// `status.common.State.approval` of a Gloo object (S12).
package enum Approval: Hashable, Sendable {
  /// No status: a plain manifest. Counts as accepted.
  case absent
  case accepted
  case warning

  /// INVALID, FAILED, UNLICENSED, PENDING or any other word: the object grants nothing.
  case withheld(String)

  /// Whether the object is in force.
  package var isInForce: Bool {
    if case .withheld = self { false } else { true }
  }
}
