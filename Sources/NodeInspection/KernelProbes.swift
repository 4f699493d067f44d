import ClusterModel
import Nftables
import NftablesKernel

/// A table that nobody ever sees: its transactions end in a step that the kernel refuses.
private let probe = "moat-doctor"

/// Which features the kernel lacks, and what it says. Every feature is asked for by a transaction that ends with an
/// impossible step, so that nothing is ever committed: if the kernel refuses that step, it took all before.
func missingFeatures() -> NodeReading<[NodeFacts.Feature: String]> {
  do {
    let kernel = try LibnftnlKernel()
    var missing: [NodeFacts.Feature: String] = [:]
    for feature in NodeFacts.Feature.allCases where feature != .ownership {
      missing[feature] = try refusal(of: feature.operations, kernel)
    }
    if try LibnftnlKernel(ownership: .owned).ownership != .owned { missing[.ownership] = "the flags are refused" }
    return .value(missing)
  } catch {
    return .unreadable("the kernel cannot be asked for its features: \(error)")
  }
}

/// What the kernel says to `operations`; `nil` where it takes them.
private func refusal(of operations: [Nftables.Operation], _ kernel: LibnftnlKernel) throws(KernelError) -> String? {
  guard let table = operations.first?.table else { return nil }
  let impossible = Nftables.Operation.deleteChain(table, name: "absent")
  for _ in 0..<10 {
    do throws(KernelError) {
      try kernel.commit(Transaction(operations + [impossible]), at: kernel.generation())
      return "it took an impossible transaction"
    } catch {
      if error.isOutrun { continue }
      if error.operation == impossible.summary { return nil }
      guard error.code != 1 else { throw error }
      return "\(error)"
    }
  }
  return "others change the ruleset all the time"
}

extension NodeFacts.Feature {
  /// What a ruleset of moat's needs of it.
  fileprivate var operations: [Nftables.Operation] {
    let table = TableID(self == .bridge ? .bridge : .inet, probe)
    let service: [FieldType] = [.address4, .transportProtocol, .port]
    let hash = { (type: [FieldType]) in SetDefinition(name: "s", type: type, kind: .hash(size: 1024)) }
    switch self {
    case .sets:
      let interval = SetDefinition(name: "i", type: service, kind: .interval)
      return [.addTable(table), .addSet(table, hash(service)), .addSet(table, interval)]
    case .matches:
      return rules(
        table,
        [
          [.connectionDirection(.reply), .connectionState(.established), .verdict(.accept)],
          [.destinationTranslated, .localAddress(.source, .equal), .verdict(.accept)],
          [.tcpFlags(mask: [.rst], .equal, .rst), .verdict(.accept)],
        ])
    case .refusals:
      return rules(
        table,
        [
          [
            .counter("c"), .limit(perSecond: 1, burst: 1), .log(prefix: "p", group: 28015, snaplen: 128),
            .reject(.administrativelyProhibited),
          ], [.reject(.tcpReset)],
        ])
    case .sockets:
      return rules(
        table, [[.lookup([.cgroup(level: 1)], .isIn, set: "s"), .verdict(.accept)]], hash([.cgroup]))
    case .bridge: return rules(table, [[.lookup([.source4], .isIn, set: "s"), .verdict(.drop)]], hash([.address4]))
    case .ownership: return []
    }
  }
}

/// A table with a counter, a set, and a chain of these rules.
private func rules(_ table: TableID, _ rules: [[Statement]], _ set: SetDefinition? = nil) -> [Nftables.Operation] {
  [.addTable(table), .addCounter(table, Counter("c"))] + (set.map { [.addSet(table, $0)] } ?? [])
    + [.addChain(table, name: "o", hook: Hook(.output, priority: 0, policy: .accept))]
    + rules.map { .addRule(table, chain: "o", Rule($0)) }
}
