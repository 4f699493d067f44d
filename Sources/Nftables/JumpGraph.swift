/// How many chains the kernel follows one into the other. See: linux/netfilter/nf_tables.h, NFT_JUMP_STACK_SIZE
let jumpDepthLimit = 16

/// Why the ways between chains cannot be walked.
enum JumpFault: Equatable {
  /// The chain leads back to itself.
  case loop(chain: String)

  /// The ways from the chain pass more than `jumpDepthLimit` chains.
  case tooDeep(chain: String)
}

extension Rule {
  /// The chains the rule sends packets to.
  var targets: [String] {
    statements.compactMap { statement in
      switch statement {
      case .verdict(.jump(let chain)), .verdict(.goto(let chain)): chain
      default: nil
      }
    }
  }
}

extension Rule {
  /// Whether the rule asks for the packet's socket.
  var asksForSocket: Bool {
    statements.contains { statement in
      switch statement {
      case .lookup(let fields, _, _): fields.contains { if case .cgroup = $0 { true } else { false } }
      case .compare(.cgroup, _, _): true
      default: false
      }
    }
  }
}

extension Table {
  /// The chains that forwarded packets come to, in the table's order.
  var forwardChains: [Chain] {
    var pending = chains.filter { $0.hook?.point == .forward }
    var names = Set(pending.map(\.name))
    while let chain = pending.popLast() {
      for target in chain.rules.flatMap(\.targets) where names.insert(target).inserted {
        if let next = self.chain(target) { pending.append(next) }
      }
    }
    return chains.filter { names.contains($0.name) }
  }

  /// The first fault in the order of chains; targets that are missing lead nowhere.
  var jumpFault: JumpFault? {
    var walk = JumpWalk(table: self)
    for chain in chains {
      if let fault = walk.visit(chain.name) { return fault }
    }
    return nil
  }
}

/// A walk over all chains, every chain once.
private struct JumpWalk {
  let targets: [String: [String]]

  /// How many chains the longest way from a chain passes, itself included; 0 while the chain is being walked.
  var lengths: [String: Int] = [:]

  init(table: Table) {
    targets = Dictionary(table.chains.map { ($0.name, $0.rules.flatMap(\.targets)) }, uniquingKeysWith: +)
  }

  mutating func visit(_ chain: String) -> JumpFault? {
    if let length = lengths[chain] { return length == 0 ? .loop(chain: chain) : nil }
    lengths[chain] = 0
    var longest = 0
    for target in targets[chain] ?? [] {
      if let fault = visit(target) { return fault }
      longest = max(longest, lengths[target] ?? 0)
    }
    lengths[chain] = longest + 1
    return longest + 1 > jumpDepthLimit ? .tooDeep(chain: chain) : nil
  }
}
