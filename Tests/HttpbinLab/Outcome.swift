/// How a node is guarded.
package enum Protection: String, CaseIterable, Sendable {
  case none = "without moat"
  case mesh = "admission: mesh"
  case authorized = "admission: authorized"
}

/// What became of an attempt.
package enum Outcome: Hashable, Sendable, CustomStringConvertible {
  /// It came outside by way of the egress gateway: both logs have it.
  case throughGateway

  /// It came outside past the gateway: the outside's own log has it.
  case open

  /// Somebody inside has answered, with this status.
  case answered(Int)

  /// It came to its destination inside.
  case arrived

  /// The sender was told that it must not; nothing came to its destination.
  case refused

  /// Silence; nothing came to its destination.
  case dropped

  /// Whatever the sender was told, a packet of it came outside, or to the gateway.
  case leaked

  package var description: String {
    switch self {
    case .throughGateway: "200 by the gateway"
    case .open: "open"
    case .answered(let status): "\(status)"
    case .arrived: "arrives"
    case .refused: "refused"
    case .dropped: "dropped"
    case .leaked: "LEAKED"
    }
  }
}
