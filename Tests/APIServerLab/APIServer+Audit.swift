import Foundation

/// A request of moat's account, as the server's audit log has it.
package struct AuditedRequest: Sendable, Hashable, CustomStringConvertible {
  /// `list`, `watch`, `get`, …
  package var verb: String

  /// Path and query.
  package var target: String

  package var description: String { "\(verb) \(target)" }
}

extension APIServer {
  /// What moat's account has asked for, oldest first. The server writes a request down before it answers.
  package func auditedRequests() throws -> [AuditedRequest] {
    // The last line may be half written.
    let lines = try files.text("audit.log").components(separatedBy: "\n").dropLast()
    return try lines.map { line in
      let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard let verb = entry?["verb"] as? String, let target = entry?["requestURI"] as? String else {
        throw ServerLabError("audit.log: \(line)")
      }
      return AuditedRequest(verb: verb, target: target)
    }
  }

  /// Writes what is to be written down: that a request of moat's account has come.
  func writeAuditPolicy() throws {
    try files.write("", to: "audit.log")
    try files.write(
      """
      apiVersion: audit.k8s.io/v1
      kind: Policy
      omitStages: [ResponseStarted, ResponseComplete, Panic]
      rules:
      - { level: Metadata, users: ["system:serviceaccount:moat-system:moat"] }
      - { level: None }
      """, to: "audit.yaml")
  }

  /// The server's options for that.
  var auditOptions: [String] {
    ["--audit-policy-file=\(files.file("audit.yaml"))", "--audit-log-path=\(files.file("audit.log"))"]
  }
}
