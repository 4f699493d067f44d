import EgressPolicy
import Telemetry

/// The findings that a status shows: errors, then warnings, in the order they stand in, and not too many.
func shown(_ findings: [Finding]) -> [StatusDocument.Finding] {
  let severe = [Severity.error, .warning].map { severity in
    findings.lazy.filter { $0.code.severity == severity }.prefix(StatusDocument.Finding.limit)
  }
  return severe.joined().prefix(StatusDocument.Finding.limit).map {
    StatusDocument.Finding(code: $0.code.rawValue, severity: $0.code.severity.rawValue, text: "\($0)")
  }
}
