import ClusterModel

/// Something a person should know about the input: what moat does not grant, or cannot judge, and what to do.
package struct Finding: Hashable, Comparable, Sendable {
  /// Which rule of the catalogue.
  package var code: FindingCode

  /// The object it is about; absent where it is the configuration or the cluster as a whole.
  package var object: ObjectReference?

  /// The field, from the object's root; may be empty.
  package var path: String

  /// One sentence without its final stop: what is so.
  package var message: String

  /// One sentence without its final stop: what to do.
  package var advice: String

  package init(
    _ code: FindingCode, _ object: ObjectReference? = nil, path: String = "", _ message: String, advice: String
  ) {
    self.code = code
    self.object = object
    self.path = path
    self.message = message
    self.advice = advice
  }

  package static func < (left: Finding, right: Finding) -> Bool {
    if left.code != right.code { return left.code.rawValue < right.code.rawValue }
    if left.object != right.object {
      guard let other = right.object else { return false }
      return left.object.map { $0 < other } ?? true
    }
    return left.path == right.path ? left.message < right.message : left.path < right.path
  }
}

extension Finding: CustomStringConvertible {
  /// `warning M017 ExternalService global/httpbin.org spec.ports[0]: … . Advice.`
  package var description: String {
    let place = [object.map(\.description), path.isEmpty ? nil : path].compactMap { $0 }.joined(separator: " ")
    let remedy = advice.prefix(1).uppercased() + advice.dropFirst()
    let text =
      "\(code.severity.rawValue) \(code.rawValue) \(place.isEmpty ? "configuration" : place): \(message). \(remedy)."
    return shown(text, limit: .max)
  }
}

/// How much a finding matters: errors mean that the input as a whole cannot be trusted.
package enum Severity: String, Hashable, Comparable, Sendable, CaseIterable {
  case note, warning, error

  package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }
}
