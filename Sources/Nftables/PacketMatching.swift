extension Packet {
  /// Whether `statement` lets the packet on; statements that are no matches always do. See: `Statement`
  func matches(_ statement: Statement, in table: Table) -> Bool {
    switch statement {
    case .lookup(let fields, let membership, let set): isFound(fields, membership, in: table.set(set))
    case .compare(let field, let comparison, let constant): compares(field, comparison, constant)
    case .connectionState(let states): !state.isDisjoint(with: states)
    case .connectionDirection(let wanted): hasConnection && direction == wanted
    case .destinationTranslated: hasConnection && destinationTranslated
    case .tcpFlags(let mask, let comparison, let wanted):
      isPlain && (tcpFlags.map { ($0.intersection(mask) == wanted) == (comparison == .equal) } ?? false)
    case .localAddress(let role, let comparison):
      (role == .source ? sourceIsLocal : destinationIsLocal) == (comparison == .equal)
    case .routingHeader: isPlain && family == .v6 && hasRoutingHeader
    case .reject(.tcpReset): isPlain && transport == .tcp
    case .counter, .limit, .log, .reject(.administrativelyProhibited), .verdict: true
    }
  }

  /// A packet that lacks one of the fields is neither in the set nor out of it. Nor is one with an arbitrary value,
  /// unless the set has it whatever that value is.
  private func isFound(_ fields: [Field], _ membership: Membership, in set: NamedSet?) -> Bool {
    var values: [FieldValue] = []
    for field in fields {
      guard let value = value(of: field) else { return false }
      values.append(value)
    }
    guard let set else { return false }
    let isMember = set.contains(values)
    return membership == .isIn ? isMember : !isMember && !values.contains(.arbitrary)
  }

  /// An arbitrary value neither equals a constant nor differs from it.
  private func compares(_ field: Field, _ comparison: Comparison, _ constant: UInt16) -> Bool {
    guard case .known(let value) = value(of: field) else { return false }
    return (value == UInt128(constant)) == (comparison == .equal)
  }
}
