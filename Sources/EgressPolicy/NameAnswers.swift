import ClusterModel
import NetworkValues

/// Where the addresses of host names come from: fixed answers of the configuration, before DNS.
struct NameAnswers: Equatable {
  private let fixed: [String: [IPAddress]]
  private let wildcards: Configuration.WildcardNames
  private let resolved: ResolvedNames?

  init(_ configuration: Configuration.Names, _ resolved: ResolvedNames?) {
    fixed = configuration.hosts
    wildcards = configuration.wildcards
    self.resolved = resolved
  }

  /// What is known of a name.
  enum Answer: Equatable {
    /// By `names.hosts`.
    case fixed([IPAddress])

    /// By DNS, with a word on who gave them until when where somebody wants to know.
    case resolved([IPAddress], source: String)

    /// DNS gave no answer, and why.
    case unanswered(String)

    /// Not known yet, or not needed on this node.
    case pending

    /// Nobody asks DNS.
    case unasked
  }

  func answer(for host: String) -> Answer {
    if let addresses = fixed[host] { return .fixed(addresses) }
    guard let resolved else { return .unasked }
    if let addresses = resolved.addresses[host] { return .resolved(addresses, source: resolved.sources[host] ?? "") }
    return resolved.faults[host].map { .unanswered($0) } ?? .pending
  }

  /// Names with fixed answers that a wildcard host covers, sorted; none with `names.wildcards: deny`.
  func fixedNames(below wildcard: String) -> [String] {
    guard wildcards == .observe else { return [] }
    return fixed.keys.filter { covers(wildcard, $0) && $0 != wildcard }.sorted()
  }

  /// Whether DNS has to be asked for the name.
  func asks(for host: String) -> Bool { fixed[host] == nil && !host.hasPrefix("*") }
}
