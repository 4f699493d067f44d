/// What a table does with one packet, and which rules had a hand in it.
package struct Trace: Hashable, Sendable {
  /// How the packet ends.
  package var verdict: TraceVerdict

  /// The rules that matched from their first statement to their last, in the order in which the packet met them.
  package var steps: [TraceStep]

  /// The named counters that counted the packet, in this order; those of rules that a later statement ended, too.
  package var counters: [String]

  /// What gave the verdict.
  package var decidedBy: TraceDecision
}

/// How a packet ends in one hook of one table.
package enum TraceVerdict: Hashable, Sendable {
  case accepted
  case dropped

  /// Dropped, with an answer to the sender.
  case rejected(Rejection)
}

/// One rule that matched.
package struct TraceStep: Hashable, Sendable {
  /// The chain's name.
  package var chain: String

  /// The rule's place in the chain, from 0.
  package var ruleIndex: Int

  /// The rule itself.
  package var rule: Rule
}

/// What gave a verdict.
package enum TraceDecision: Hashable, Sendable {
  /// A rule: the last step.
  case rule(TraceStep)

  /// The policy of this base chain: no rule decided.
  case policy(chain: String)

  /// The table has no chain at this hook, and accepts.
  case noChain
}

/// Follows `packet` through the base chains of `table` at `hook`, by priority (by name among equals).
///
/// An accept ends a base chain, not the packet: the next chain judges it again, and the last decision is the trace's.
/// In prerouting and output, chains before priority -200 see the packet as connection tracking has not: in no state but
/// `invalid`. `limit` always matches: the trace is of a packet within the rate. See: nft(8), VERDICT STATEMENTS
///
/// - Precondition: the table is valid; a jump to a chain that is missing matches nothing, and loops are cut.
package func trace(_ packet: Packet, through table: Table, at hook: Hook.Point) -> Trace {
  let entrances = table.chains.compactMap { chain in chain.hook.map { (chain: chain, hook: $0) } }
    .filter { $0.hook.point == hook }
    .sorted { ($0.hook.priority, $0.chain.name) < ($1.hook.priority, $1.chain.name) }
  var tracer = Tracer(table: table)
  for entrance in entrances {
    let isTracked = entrance.hook.priority > -200 || hook == .input || hook == .forward
    let end = tracer.judge(isTracked ? packet : packet.untouched, in: entrance.chain, policy: entrance.hook.policy)
    guard end == .accepted else { break }
  }
  return tracer.result
}

/// The state of one trace.
private struct Tracer {
  /// Judges the packet.
  let table: Table

  /// What is known so far.
  var result = Trace(verdict: .accepted, steps: [], counters: [], decidedBy: .noChain)

  /// The kernel's limit of nested jumps and gotos. See: NFT_JUMP_STACK_SIZE
  private let depthLimit = 16

  init(table: Table) { self.table = table }

  /// Runs one base chain and notes its verdict.
  mutating func judge(_ packet: Packet, in chain: Chain, policy: Hook.Policy) -> TraceVerdict {
    if let verdict = run(packet, in: chain, depth: 0) {
      result.verdict = verdict
      result.decidedBy = result.steps.last.map(TraceDecision.rule) ?? .noChain
    } else {
      result.verdict = policy == .accept ? .accepted : .dropped
      result.decidedBy = .policy(chain: chain.name)
    }
    return result.verdict
  }

  /// The verdict of `chain` and the chains it sends the packet to; `nil` where none of their rules decides.
  private mutating func run(_ packet: Packet, in chain: Chain, depth: Int) -> TraceVerdict? {
    for (index, rule) in chain.rules.enumerated() where passes(packet, rule) {
      result.steps.append(TraceStep(chain: chain.name, ruleIndex: index, rule: rule))
      switch rule.effect {
      case .none: continue
      case .reject(let rejection): return .rejected(rejection)
      case .verdict(.accept): return .accepted
      case .verdict(.drop): return .dropped
      case .verdict(.goto(let name)): return enter(name, with: packet, depth: depth)
      case .verdict(.jump(let name)):
        if let verdict = enter(name, with: packet, depth: depth) { return verdict }
      }
    }
    return nil
  }

  private mutating func enter(_ name: String, with packet: Packet, depth: Int) -> TraceVerdict? {
    guard depth < depthLimit, let chain = table.chain(name) else { return nil }
    return run(packet, in: chain, depth: depth + 1)
  }

  /// Whether every statement lets the packet pass; counts it on the way.
  private mutating func passes(_ packet: Packet, _ rule: Rule) -> Bool {
    for statement in rule.statements {
      if case .counter(let name) = statement { result.counters.append(name) }
      guard packet.matches(statement, in: table) else { return false }
    }
    return true
  }
}

/// What a rule does to a packet that it matches.
private enum RuleEffect {
  case none
  case reject(Rejection)
  case verdict(Verdict)
}

extension Rule {
  /// The first statement that ends the rule.
  fileprivate var effect: RuleEffect {
    for statement in statements {
      switch statement {
      case .reject(let rejection): return .reject(rejection)
      case .verdict(let verdict): return .verdict(verdict)
      default: continue
      }
    }
    return .none
  }
}
