/// A condition in a Node's status.
package struct NodeCondition: Hashable, Sendable, Encodable {
  /// Whether it holds.
  package enum Status: String, Hashable, Sendable, Encodable {
    case yes = "True"
    case no = "False"
  }

  /// `EgressFirewallReady`.
  package var type: String

  /// Whether it holds.
  package var status: Status

  /// Why, in one word.
  package var reason: String

  /// Why, for people.
  package var message: String

  /// When it was last looked at: RFC 3339, in whole seconds.
  package var lastHeartbeatTime: String

  /// Since when `status` is so; absent where the server keeps what it has.
  package var lastTransitionTime: String?

  package init(
    type: String, status: Status, reason: String, message: String, lastHeartbeatTime: String,
    lastTransitionTime: String?
  ) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
    self.lastHeartbeatTime = lastHeartbeatTime
    self.lastTransitionTime = lastTransitionTime
  }
}

/// A taint of a Node.
package struct NodeTaint: Hashable, Sendable {
  /// `moat.dev/not-ready`.
  package var key: String

  /// `NoSchedule`.
  package var effect: String

  package init(key: String, effect: String) {
    self.key = key
    self.effect = effect
  }
}
