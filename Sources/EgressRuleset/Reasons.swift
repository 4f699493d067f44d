import EgressPolicy
import Nftables

extension Refusal {
  /// The chain that counts, logs and refuses: `refuse-external`.
  package var chain: String { "refuse-" + rawValue.dropFirst("refused_".count) }

  /// Dropped without an answer: forged packets deserve none.
  var isSilent: Bool { self == .spoof || self == .origin || self == .midstream }
}

/// What let a packet pass: the name of a counter.
package enum Acceptance: String, CaseIterable, Sendable {
  case gateway = "accepted_gateway"
  case external = "accepted_external"
  case exception = "accepted_exception"
  case host = "accepted_host"
  case apiServer = "accepted_apiserver"
}

/// Every counter of the table.
let counters = Refusal.allCases.map { Counter($0.rawValue) } + Acceptance.allCases.map { Counter($0.rawValue) }
