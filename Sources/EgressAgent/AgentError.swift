import Glibc

/// Something the daemon needs of its machine was refused.
package struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done, as a verb and its object.
  package var operation: String

  /// The errno, 0 where the fault is not the kernel's.
  package var code: Int32

  /// What it means and what to do: a sentence part in lower case.
  package var reason: String

  package init(_ operation: String, code: Int32, reason: String? = nil) {
    self.operation = operation
    self.code = code
    self.reason = reason ?? "\(String(cString: strerror(code))) (errno \(code))"
  }

  /// `save /var/lib/moat/lock.json: No space left on device (errno 28)`.
  package var description: String { "\(operation): \(reason)" }
}
