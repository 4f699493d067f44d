extension Approval {
  /// `status.common.State.approval`. A state without the word is PENDING, proto3's default.
  init(of manifest: Manifest) {
    guard let status = manifest.root[present: "status"]?.value else {
      self = .absent
      return
    }
    guard case .object = status.content else {
      self = .withheld(status.summary)
      return
    }
    guard let common = status["common"] else {
      self = .absent
      return
    }
    guard case .object = common.content else {
      self = .withheld(common.summary)
      return
    }
    guard let state = common["State"] ?? common["state"] else {
      self = .absent
      return
    }
    switch state["approval"]?.content {
    case .string("ACCEPTED"): self = .accepted
    case .string("WARNING"): self = .warning
    case .none: self = .withheld("PENDING")
    default: self = .withheld(state["approval"]?.summary ?? "")
    }
  }
}

extension FaultList {
  /// The spec of an object that allows: it must be there, and unknown fields are noted.
  mutating func spec(of manifest: Manifest, fields known: [String]) -> ObjectReader {
    if manifest.root["spec"] == nil {
      note(ManifestFault(Misunderstanding(path: "spec", value: "", reason: "is missing"), line: manifest.line))
    }
    return section(manifest.root["spec"], of: known)
  }
}
