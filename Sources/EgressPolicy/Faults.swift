import ClusterModel

/// Findings for an object that is not in force, or not understood as a whole (S11, S12).
func faults(of object: ObjectReference, _ approval: Approval, _ misunderstandings: [Misunderstanding]) -> [Finding] {
  var findings = misunderstandings.map { misread(object, $0, what: "the object grants nothing") }
  if case .withheld(let word) = approval {
    findings.append(
      Finding(
        .notInForce, object, path: "status.common.State.approval", "approval is \(word), so the object grants nothing",
        advice: "see the object's status.common.State.message and correct what it names"))
  }
  return findings
}

extension Part {
  /// The finding of a part that was not understood, if it was not.
  func findings(_ object: ObjectReference) -> [Finding] {
    misunderstanding.map { [misread(object, $0, what: "this part grants nothing")] } ?? []
  }
}

private func misread(_ object: ObjectReference, _ fault: Misunderstanding, what: String) -> Finding {
  Finding(
    .notUnderstood, object, path: fault.path, "\"\(fault.value)\" \(fault.reason); \(what)",
    advice: "correct the field or remove it")
}
