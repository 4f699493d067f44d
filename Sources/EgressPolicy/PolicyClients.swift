import ClusterModel
import NetworkValues

/// Which identities one policy's entries select (A1, A3, A5–A8).
struct PolicyClients {
  /// Grants by identity.
  struct Granted: Equatable {
    var inForce: [ServiceAccountName: [Grant]] = [:]
    var pending: [ServiceAccountName: [Grant]] = [:]

    /// One reason is enough for the same addresses: a policy that selects somebody a thousand times says it once. All
    /// whom an entry selects share its grant.
    mutating func add(_ grant: [Grant], to identities: [ServiceAccountName], isPending: Bool) {
      for identity in identities {
        if isPending { take(grant, &pending[identity]) } else { take(grant, &inForce[identity]) }
      }
    }

    private func take(_ grant: [Grant], _ known: inout [Grant]?) {
      guard let before = known else {
        known = grant
        return
      }
      known = before + grant.filter { new in !before.contains { $0.blocks == new.blocks } }
    }
  }

  let policy: AccessPolicy
  let identities: Identities
  let context: DerivationContext
  var findings: [Finding] = []

  init(_ policy: AccessPolicy, _ identities: Identities, _ context: DerivationContext) {
    self.policy = policy
    self.identities = identities
    self.context = context
  }

  /// All entries OR'ed.
  mutating func grants() -> Granted {
    var granted = Granted()
    let reference = policy.reference
    for (index, part) in (policy.entries ?? []).enumerated() {
      findings += part.findings(policy.reference)
      guard let entry = part.value else { continue }
      let path = policy.path(ofEntry: index)
      guard !entry.isEmpty, let clients = entry.clients else {
        findings.append(entry.isEmpty ? emptyEntry(path) : withoutClients(path))
        continue
      }
      guard let blocks = addressBlocks(entry, path) else { continue }
      if entry.dryRun { findings.append(pendingEntry(path)) }
      let isPending = entry.dryRun || policy.isTrial
      if !entry.layer7Conditions.isEmpty { findings.append(coarser(path, entry.layer7Conditions)) }
      for (number, part) in clients.enumerated() {
        let place = "\(path).allowedClients[\(number)]"
        let grant = Grant(blocks: blocks.set, reason: Reason(reference, path: place))
        granted.add([grant], to: selected(part, place, isOnly: clients.count == 1), isPending: isPending)
      }
    }
    if (policy.entries ?? []).isEmpty { findings.append(emptyEntry("spec.config.authz")) }
    if policy.excludesNetworkLayer { findings.append(layerExcluded()) }
    if policy.isTrial { findings.append(pendingPolicy()) }
    return granted
  }

  private struct Blocks { var set: PrefixSet? }

  /// The entry's `allowedIpBlocks`, those that were understood.
  private mutating func addressBlocks(_ entry: Authorization, _ path: String) -> Blocks? {
    for part in entry.ipBlocks { findings += part.findings(policy.reference) }
    guard !entry.ipBlocks.isEmpty else { return Blocks(set: nil) }
    return Blocks(set: PrefixSet(entry.ipBlocks.compactMap(\.value)))
  }

  /// The identities of one `allowedClients` entry.
  private mutating func selected(
    _ part: Part<IdentitySelector>, _ path: String, isOnly: Bool
  ) -> [ServiceAccountName] {
    findings += part.findings(policy.reference)
    guard let client = part.value else { return [] }
    if client.hasRequestIdentity { findings.append(coarser(path, ["requestIdentityMatcher"])) }
    var selector = client.serviceAccounts
    if selector == nil, client.selectsExternalWorkloads { return [] }
    if selector == nil, client.hasRequestIdentity || isOnly { selector = ObjectSelector() }
    let isWritten = client.serviceAccounts != nil || !client.hasRequestIdentity
    guard let selector, isOnly || !selector.isEmpty || !isWritten else {
      findings.append(emptyClient(path))
      return []
    }
    if selector.isEmpty { findings.append(everyIdentity(path)) }
    guard context.isThisCluster(selector.cluster) else {
      findings.append(noClient(path, "names cluster \(selector.cluster ?? "")"))
      return []
    }
    let found = identities.selected(by: selector, from: policy.metadata.namespace, context.scopes)
    if found.isEmpty { findings.append(noClient(path, "selects no ServiceAccount in scope")) }
    return found
  }
}

// MARK: - Findings

extension PolicyClients {
  private func emptyEntry(_ path: String) -> Finding {
    Finding(
      .emptyAuthorization, policy.reference, path: path, "is empty and grants nothing",
      advice: "name the clients in allowedClients")
  }

  private func withoutClients(_ path: String) -> Finding {
    Finding(
      .emptyAuthorization, policy.reference, path: "\(path).allowedClients", "is absent, so the entry grants nothing",
      advice: "name the clients, or write one empty serviceAccountSelector for all")
  }

  private func emptyClient(_ path: String) -> Finding {
    Finding(
      .emptyAuthorization, policy.reference, path: path, "is empty among others and selects nobody",
      advice: "give it a serviceAccountSelector")
  }

  private func pendingEntry(_ path: String) -> Finding {
    Finding(
      .pending, policy.reference, path: "\(path).dryRun", "the entry is a trial and grants nothing",
      advice: "remove dryRun to put it in force")
  }

  private func pendingPolicy() -> Finding {
    Finding(
      .pending, policy.reference, path: "metadata.annotations[\"moat.dev/dry-run\"]",
      "the policy is a trial and grants nothing", advice: "remove the annotation to put it in force")
  }

  private func coarser(_ path: String, _ conditions: [String]) -> Finding {
    Finding(
      .coarserThanPolicy, policy.reference, path: path,
      "\(conditions.joined(separator: ", ")) cannot be judged on the node; the clients may reach the gateway, which judges them",
      advice: "check that the gateway enforces the policy")
  }

  private func everyIdentity(_ path: String) -> Finding {
    Finding(
      .everyIdentity, policy.reference, path: path, "is empty and grants every ServiceAccount in scope",
      advice: "name namespaces, names or labels unless everybody is meant")
  }

  private func noClient(_ path: String, _ why: String) -> Finding {
    Finding(
      .noClientSelected, policy.reference, path: path, "\(why), so nobody is granted anything by it",
      advice: "compare it with the labels, name and namespace of the ServiceAccount objects")
  }

  private func layerExcluded() -> Finding {
    Finding(
      .networkLayerExcluded, policy.reference, path: "spec.config.enforcementLayers",
      "leaves the cni layer out; moat counts the allowance all the same", advice: "nothing needs to be done")
  }
}
