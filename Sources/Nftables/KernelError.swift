/// The kernel refused, or could not be asked.
package struct KernelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done, as a verb and its object: `add set inet moat clients4`.
  package var operation: String

  /// The kernel's errno, 0 where the fault is not the kernel's.
  package var code: Int32

  /// What the error means here and what to do: a sentence part in lower case.
  package var reason: String

  package init(operation: String, code: Int32, reason: String) {
    self.operation = operation
    self.code = code
    self.reason = reason
  }

  /// `add set inet moat clients4: the set is full (ENFILE)`.
  package var description: String { "\(operation): \(reason)" }
}
