import ClusterModel

/// The hosts that one listener exposes (E4), ready to be asked about many.
struct ExposedHosts: Equatable {
  /// No entry at all, understood or not, exposes everything.
  private let isOpen: Bool
  private var byName: [String: [ExposedExternalService]] = [:]
  private var wildcards: [ExposedExternalService] = []

  /// The gateway's own namespace, which `.` stands for.
  private let namespace: String

  init(_ listener: Listener, from namespace: String) {
    isOpen = listener.exposed.isEmpty
    self.namespace = namespace
    for entry in listener.exposed.compactMap(\.value) {
      byName[entry.host.name, default: []].append(entry)
      if entry.host.name.hasPrefix("*") { wildcards.append(entry) }
    }
  }

  /// Whether a target of `service` is exposed: by a listener without entries, else where some entry's host and labels
  /// match. A target by addresses has no host to match.
  func contain(_ host: String?, of service: ExternalService) -> Bool {
    if isOpen { return true }
    guard let host else { return false }
    let allows = { (entry: ExposedExternalService) in
      let wanted = entry.host.namespace == "." ? namespace : entry.host.namespace
      return wanted.map { $0 == service.metadata.namespace } ?? true && service.metadata.labels.satisfy(entry.selector)
    }
    return byName[host]?.contains(where: allows) == true
      || wildcards.contains { covers($0.host.name, host) && allows($0) }
  }
}
