/// A chain: rules judged in order, entered from a hook or by jump and goto.
package struct Chain: Hashable, Sendable {
  /// Unique in the table.
  package var name: String

  /// Where packets enter; `nil` for a chain that other rules send packets to.
  package var hook: Hook?

  /// Judged first to last.
  package var rules: [Rule]

  package init(_ name: String, hook: Hook? = nil, rules: [Rule]) {
    self.name = name
    self.hook = hook
    self.rules = rules
  }
}

/// A base chain's place in the packet's way, type `filter`. See: nft(8), CHAINS
package struct Hook: Hashable, Sendable {
  /// The netfilter hook.
  package enum Point: String, Hashable, Sendable, CaseIterable { case prerouting, input, forward, output }

  /// What happens to a packet that no rule decided.
  package enum Policy: String, Hashable, Sendable { case accept, drop }

  /// The netfilter hook.
  package var point: Point

  /// Lower is earlier. In inet tables -300 is `raw` (before connection tracking), 0 is `filter`.
  package var priority: Int32

  /// For packets that no rule decided.
  package var policy: Policy

  package init(_ point: Point, priority: Int32, policy: Policy) {
    self.point = point
    self.priority = priority
    self.policy = policy
  }
}

/// One rule: statements from left to right; the first that does not match ends the rule.
package struct Rule: Hashable, Sendable {
  /// Matches first, then effects.
  package var statements: [Statement]

  /// Shown by nft and `moat explain`; moat's rules name their S-number here. At most 127 bytes.
  package var comment: String?

  package init(_ statements: [Statement], comment: String? = nil) {
    self.statements = statements
    self.comment = comment
  }
}
