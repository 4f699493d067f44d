/// Why a packet was refused: the name of a counter and the prefix of its records. One refusal chain each.
package enum Refusal: String, CaseIterable, Sendable {
  case external = "refused_external"
  case gateway = "refused_gateway"
  case spoof = "refused_spoof"
  case host = "refused_host"
  case origin = "refused_origin"
  case inbound = "refused_inbound"
  case midstream = "refused_midstream"

  /// The rule that the counter stands for, of the contract; the commonest where there are several: `S1`.
  package var rule: String {
    switch self {
    case .external: "S1"
    case .gateway: "S2"
    case .host: "S6"
    case .spoof: "S9"
    case .origin: "S14"
    case .inbound: "S15"
    case .midstream: "S8"
    }
  }
}
