import ClusterModel
import NetworkValues

/// Which ServiceAccounts may reach which external destination (A1–A8).
struct PolicyGrants: Equatable {
  /// For each destination, by its index: what each identity is granted, sorted by identity.
  var byDestination: [[ServiceAccountName: [Grant]]]

  /// For each destination the policies that select it, in force or not, sorted.
  var selecting: [[ObjectReference]]

  /// For each destination what `dryRun` entries would grant.
  var pending: [[ServiceAccountName: [Grant]]]

  var findings: [Finding] = []

  /// What each policy comes to, in their order, and where they look for destinations.
  private var parts: [PolicyPart] = []
  private let index: DestinationIndex

  /// - Parameters:
  ///   - missesPolicies: an AccessPolicy was there and could not be read; it may concern any destination.
  ///   - previous: what other policies came to, where all else was the same. It saves work and changes nothing.
  init(
    _ policies: [AccessPolicy], _ destinations: [ExternalDestination], _ identities: Identities, missesPolicies: Bool,
    _ context: DerivationContext, following previous: PolicyGrants? = nil
  ) {
    let ordered = inOrder(policies) { $0.metadata }
    let isUnique = zip(ordered, ordered.dropFirst()).allSatisfy { $0.reference != $1.reference }
    // Of two with one name it is not known which is which.
    let previous = isUnique && previous?.hasUniqueNames ?? false ? previous : nil
    let known = Dictionary(
      (previous?.parts ?? []).map { ($0.policy.reference, $0) }, uniquingKeysWith: { first, _ in first })
    var kept: Set<ObjectReference> = []
    let index = previous?.index ?? DestinationIndex(destinations)
    for policy in ordered {
      if let part = known[policy.reference], part.policy == policy {
        parts.append(part)
        kept.insert(policy.reference)
      } else {
        parts.append(PolicyPart(policy, destinations, index, identities, context))
      }
    }
    self.index = index
    var isConcerned = Array(repeating: previous == nil, count: destinations.count)
    let changed = ((previous?.parts ?? []) + parts).filter { !kept.contains($0.policy.reference) }
    for number in changed.flatMap({ $0.selected + $0.policed }) { isConcerned[number] = true }
    byDestination = previous?.byDestination ?? Array(repeating: [:], count: destinations.count)
    pending = previous?.pending ?? byDestination
    selecting = previous?.selecting ?? Array(repeating: [], count: destinations.count)
    for number in destinations.indices where isConcerned[number] {
      (byDestination[number], pending[number], selecting[number]) = ([:], [:], [])
    }
    var policed = Array(repeating: missesPolicies, count: destinations.count)
    for part in parts { add(part, to: isConcerned, &policed) }
    for number in destinations.indices where !policed[number] {
      unpoliced(number, destinations[number], identities, context)
    }
  }

  private var hasUniqueNames: Bool {
    zip(parts, parts.dropFirst()).allSatisfy { $0.policy.reference != $1.policy.reference }
  }

  private mutating func add(_ part: PolicyPart, to isConcerned: [Bool], _ policed: inout [Bool]) {
    findings += part.findings
    for number in part.policed { policed[number] = true }
    for number in part.selected where isConcerned[number] {
      selecting[number].append(part.policy.reference)
      guard let granted = part.granted else { continue }
      byDestination[number].take(granted.inForce)
      pending[number].take(granted.pending)
    }
  }

  /// A2: no policy selects the destination.
  private mutating func unpoliced(
    _ number: Int, _ destination: ExternalDestination, _ identities: Identities, _ context: DerivationContext
  ) {
    let allows = context.configuration.gateways.unpoliced == .allow
    findings.append(
      Finding(
        .unpoliced, destination.service.reference, path: destination.path,
        "no AccessPolicy in force selects it, so "
          + (allows ? "every identity of its workspace is granted" : "nobody is granted anything")
          + " (gateways.unpoliced: \(context.configuration.gateways.unpoliced.rawValue))",
        advice: "write an AccessPolicy that selects it"))
    guard allows else { return }
    let grant = Grant(blocks: nil, reason: Reason(nil, path: "gateways.unpoliced", detail: "allow"))
    let namespace = destination.service.metadata.namespace
    for identity in identities.all where context.scopes.isShared(identity.name.namespace, with: namespace) {
      byDestination[number][identity.name] = [grant]
    }
  }
}

/// What one policy comes to, whatever others say.
struct PolicyPart: Equatable {
  let policy: AccessPolicy

  /// The destinations that it selects, in force or not. Ascending.
  let selected: [Int]

  /// The destinations that it may have been written for, so that nobody is granted them for want of a policy (A2).
  let policed: [Int]

  /// What it grants where it selects; absent where it is not in force or selects nothing.
  let granted: PolicyClients.Granted?

  let findings: [Finding]

  init(
    _ policy: AccessPolicy, _ destinations: [ExternalDestination], _ index: DestinationIndex, _ identities: Identities,
    _ context: DerivationContext
  ) {
    self.policy = policy
    var selection = PolicySelection(policy, context)
    selected = selection.destinations(destinations, index)
    policed = selection.polices ? selection.possible(selected, destinations) : []
    guard selection.isInForce, !selected.isEmpty else {
      granted = nil
      findings = selection.findings
      return
    }
    var clients = PolicyClients(policy, identities, context)
    granted = clients.grants()
    findings = selection.findings + clients.findings
  }
}

/// One reason for which identities may reach a destination.
struct Grant: Hashable {
  /// `allowedIpBlocks`: the client's address must be in it; `nil` means any address.
  var blocks: PrefixSet?
  var reason: Reason
}

extension [ServiceAccountName: [Grant]] {
  /// Adds what `other` grants; most destinations have one policy, whose grants are taken as they are.
  fileprivate mutating func take(_ other: Self) {
    if isEmpty {
      self = other
    } else {
      for (identity, grants) in other { self[identity, default: []] += grants }
    }
  }
}

/// Finds destinations by name or label without looking at all of them.
struct DestinationIndex: Equatable {
  private var byName: [String: [Int]] = [:]
  private var byLabel: [Label: [Int]] = [:]

  init(_ destinations: [ExternalDestination]) {
    for index in destinations.indices {
      let metadata = destinations[index].service.metadata
      byName[metadata.name, default: []].append(index)
      for (key, value) in metadata.labels { byLabel[Label(key: key, value: value), default: []].append(index) }
    }
  }

  /// Indices of destinations whose name and labels `selector` selects; it may have more to ask for. Ascending.
  func candidates(_ selector: ObjectSelector, of all: Range<Int>) -> [Int] {
    var lists = selector.labels.map { byLabel[Label(key: $0.key, value: $0.value)] ?? [] }
    if let name = selector.name { lists.append(byName[name] ?? []) }
    return common(lists, of: all)
  }
}

/// A label, as the key of an index.
struct Label: Hashable {
  var key: String
  var value: String
}

/// Which external destinations one policy selects (A4), and whether it is in force (S12).
struct PolicySelection {
  let policy: AccessPolicy
  let context: DerivationContext
  var findings: [Finding] = []

  init(_ policy: AccessPolicy, _ context: DerivationContext) {
    self.policy = policy
    self.context = context
  }

  var isInForce: Bool {
    policy.approval.isInForce && policy.misunderstandings.isEmpty
      && context.scopes.readsConfiguration(in: policy.metadata.namespace)
  }

  /// Whether the policy ends the unpoliced state of what it selects: not if it is a trial throughout. One that is not
  /// in force still does, so that a broken policy never opens what it was written to close.
  var polices: Bool {
    guard !policy.isTrial else { return false }
    guard let entries = policy.entries, !entries.isEmpty else { return true }
    return !entries.allSatisfy { $0.value?.dryRun == true }
  }

  /// Indices of the destinations that the policy selects, ascending.
  mutating func destinations(_ all: [ExternalDestination], _ index: DestinationIndex) -> [Int] {
    findings += faults(of: policy.reference, policy.approval, policy.misunderstandings)
    for part in policy.destinations { findings += part.findings(policy.reference) }
    guard context.scopes.readsConfiguration(in: policy.metadata.namespace) else {
      findings.append(outsideWorkspaces(policy.reference))
      return []
    }
    guard policy.workloadSelectorCount == 0 else {
      findings.append(onWorkloads())
      return []
    }
    guard !policy.destinations.isEmpty else { return all.indices.filter { isInScope(all[$0]) } }
    var chosen: Set<Int> = []
    for (number, part) in policy.destinations.enumerated() {
      guard let selector = part.value, selector.kind == .externalService else { continue }
      let found = index.candidates(selector.selector, of: all.indices)
        .filter { selects(selector, all[$0]) && isInScope(all[$0]) }
      if found.isEmpty { findings.append(selectsNothing(number)) }
      chosen.formUnion(found)
    }
    return chosen.sorted()
  }

  /// What the policy may have been written for: a selector that was not understood may mean any destination.
  func possible(_ chosen: [Int], _ all: [ExternalDestination]) -> [Int] {
    guard policy.destinations.contains(where: { $0.misunderstanding != nil }) || !policy.misunderstandings.isEmpty
    else { return chosen }
    return context.scopes.readsConfiguration(in: policy.metadata.namespace)
      ? all.indices.filter { isInScope(all[$0]) } : []
  }

  private func isInScope(_ destination: ExternalDestination) -> Bool {
    context.scopes.sees(destination.service, from: policy.metadata.namespace)
  }

  private func selects(_ wanted: DestinationSelector, _ destination: ExternalDestination) -> Bool {
    let selector = wanted.selector
    let metadata = destination.service.metadata
    guard selector.name.map({ $0 == metadata.name }) ?? true,
      selector.namespace.map({ $0 == metadata.namespace }) ?? true,
      context.isThisCluster(selector.cluster), metadata.labels.satisfy(selector.labels),
      selector.workspace.map({ $0 == context.scopes.workspace(of: metadata.namespace) }) ?? true
    else { return false }
    switch wanted.port {
    case .number(let number): return destination.port.number == number
    case .name(let name): return destination.port.name == name
    case nil: return true
    }
  }

  private func onWorkloads() -> Finding {
    Finding(
      .policyOnWorkloads, policy.reference, path: "spec.applyToWorkloads",
      "applies to workloads, which cancels applyToDestinations; it selects no external destination",
      advice: "write a policy of its own with applyToDestinations for external destinations")
  }

  private func selectsNothing(_ number: Int) -> Finding {
    Finding(
      .policySelectsNothing, policy.reference, path: "spec.applyToDestinations[\(number)]",
      "selects no port of an ExternalService that routes through an egress gateway and is in scope",
      advice: "compare name, namespace, labels and port (ExternalService.spec.ports[].number) with the ExternalService")
  }
}
