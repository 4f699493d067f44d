import ClusterModel
import NetworkValues

/// The evidence of one moment, and what was bound from it so far.
struct InterfaceBinder {
  /// Sorted by UID.
  let pods: [LocalPod]

  /// Every claim of every pod, sorted.
  private let everyClaim: [(pod: LocalPod, claim: PodClaim)]
  let interfaces: HostInterfaces

  /// Pod interfaces that are no bridges, by index.
  let links: [UInt32: HostLink]

  let previous: InterfaceBindings

  /// CNI results by the one interface that they name.
  let results: [UInt32: [CNIResult]]

  /// By index.
  private(set) var claims: [UInt32: InterfaceClaim] = [:]
  private(set) var ended: Set<PodClaim> = []
  private(set) var bound: [BoundAddress] = []

  /// The pod of each interface that has one.
  private(set) var owners: [UInt32: String] = [:]

  /// Claims that nothing of lower rank may decide any more; bound or not.
  private(set) var settled: Set<PodClaim> = []

  /// Claims that contradictory evidence leaves unbound, each with the interfaces concerned.
  private(set) var contested: [PodClaim: Set<UInt32>] = [:]

  init(
    _ pods: [LocalPod], _ interfaces: HostInterfaces, _ classified: [ClassifiedInterface],
    _ previous: InterfaceBindings
  ) {
    self.pods = pods.sorted { $0.uid < $1.uid }
    everyClaim = self.pods.flatMap { pod in
      Set(pod.addresses).sorted().map { (pod, PodClaim(podUID: pod.uid, address: $0)) }
    }
    self.interfaces = interfaces
    self.previous = previous
    let bindable = Set(classified.filter { $0.interfaceClass == .pod && !$0.isBridge }.map(\.index))
    links = Dictionary(
      interfaces.links.filter { bindable.contains($0.index) }.map { ($0.index, $0) },
      uniquingKeysWith: { first, _ in first })
    results = resultsByInterface(interfaces.cniResults, links)
    ended = endedClaims()
    claims = firstClaims()
  }

  /// Decides every claim, rank by rank.
  mutating func run() {
    settle(routeProposals())
    settle(resultProposals())
    settle(previousProposals())
    bindRemainingAddresses()
    settleByElimination()
    bindRemainingAddresses()
  }
}

extension InterfaceBinder {
  /// A claim and the interface that evidence names for it.
  private struct Proposal {
    var claim: PodClaim
    var index: UInt32
  }

  /// Claims that are still open, sorted.
  private var open: [(pod: LocalPod, claim: PodClaim)] { everyClaim.filter { !settled.contains($0.claim) } }

  /// Previous memory, and what was bound to interfaces that are no longer there; of pods that still claim the address.
  private func endedClaims() -> Set<PodClaim> {
    let gone = previous.bound.filter { interfaces.link($0.index)?.appearance != $0.appearance }.map(\.claim)
    return Set(previous.ended + gone).intersection(open.map(\.claim))
  }

  /// The first claims of the interfaces that are there. A new one gets nothing that is bound elsewhere already.
  private func firstClaims() -> [UInt32: InterfaceClaim] {
    var result: [UInt32: InterfaceClaim] = [:]
    for claim in previous.claims where interfaces.link(claim.index)?.appearance == claim.appearance {
      result[claim.index] = claim
    }
    let standing = previous.bound.filter { interfaces.link($0.index)?.appearance == $0.appearance }
    let taken = Set(standing.map(\.claim.address))
    for link in interfaces.links where result[link.index] == nil {
      if let addresses = previous.remembered[link.index] {
        result[link.index] = InterfaceClaim(index: link.index, appearance: link.appearance, addresses: addresses)
        continue
      }
      guard let addresses = link.peerAddresses, !addresses.isEmpty else { continue }
      let own = standing.filter { $0.index == link.index }.map(\.claim.address)
      result[link.index] = InterfaceClaim(
        index: link.index, appearance: link.appearance, addresses: Set(addresses).subtracting(taken).union(own))
    }
    return result
  }

  /// Whether a CNI result says that the interface belongs to another pod.
  private func belongsToAnother(_ index: UInt32, than pod: LocalPod) -> Bool {
    guard let named = results[index] else { return false }
    return !named.contains { $0.isOf(pod) }
  }

  /// Whether a CNI result names the interface for this very pod by its UID.
  private func isNamed(_ index: UInt32, for claim: PodClaim) -> Bool {
    results[index]?.contains { $0.podUID == claim.podUID && $0.addresses.contains(claim.address) } ?? false
  }

  private mutating func contest(_ claim: PodClaim, _ indices: Set<UInt32>) {
    contested[claim, default: []].formUnion(indices)
    settled.insert(claim)
  }

  /// Rank 1. Several routes, or a CNI result that names another pod, leave the claim unbound.
  private mutating func routeProposals() -> [Proposal] {
    let routes = Dictionary(
      grouping: interfaces.hostRoutes.filter { links[$0.index] != nil }, by: { $0.destination })
    return open.compactMap { pod, claim in
      let indices = Set((routes[claim.address] ?? []).map(\.index))
      guard let index = indices.min() else { return nil }
      guard indices.count == 1, !belongsToAnother(index, than: pod) else {
        contest(claim, indices)
        return nil
      }
      return Proposal(claim: claim, index: index)
    }
  }

  /// Rank 2.
  private mutating func resultProposals() -> [Proposal] {
    open.compactMap { pod, claim in
      let indices = Set(
        results.filter { entry in
          entry.value.contains { $0.isOf(pod) && $0.addresses.contains(claim.address) }
        }.keys)
      guard let index = indices.min() else { return nil }
      guard indices.count == 1 else {
        contest(claim, indices)
        return nil
      }
      return Proposal(claim: claim, index: index)
    }
  }

  /// Rank 3.
  private func previousProposals() -> [Proposal] {
    let still = Set(open.map(\.claim))
    return previous.bound.filter { still.contains($0.claim) && links[$0.index]?.appearance == $0.appearance }
      .map { Proposal(claim: $0.claim, index: $0.index) }
  }

  /// Binds what proposals agree on. Where several pods are proposed for one interface, a CNI result decides, then the
  /// previous binding, else none of them gets it.
  private mutating func settle(_ proposals: [Proposal]) {
    for (index, group) in Dictionary(grouping: proposals, by: \.index).sorted(by: { $0.key < $1.key }) {
      let living = group.filter { proposal in
        let isOver = ended.contains(proposal.claim) && !isNamed(index, for: proposal.claim)
        if isOver { settled.insert(proposal.claim) }
        return !isOver
      }
      let owner = owners[index] ?? chosen(Set(living.map(\.claim.podUID)), for: index)
      for proposal in living {
        if proposal.claim.podUID == owner { bind(proposal.claim, index) } else { contest(proposal.claim, [index]) }
      }
    }
  }

  private func chosen(_ candidates: Set<String>, for index: UInt32) -> String? {
    if candidates.count == 1 { return candidates.first }
    let named = pods.filter { pod in
      candidates.contains(pod.uid) && results[index]?.contains { $0.podUID == pod.uid } == true
    }
    if named.count == 1 { return named[0].uid }
    let before = Set(
      previous.bound.filter { $0.index == index && links[index]?.appearance == $0.appearance }.map(\.claim.podUID))
    return before.count == 1 ? before.intersection(candidates).first : nil
  }

  private mutating func bind(_ claim: PodClaim, _ index: UInt32) {
    guard let link = links[index] else { return }
    bound.append(BoundAddress(claim: claim, index: index, appearance: link.appearance))
    owners[index] = claim.podUID
    settled.insert(claim)
    ended.remove(claim)
  }

  /// Rank 4, for pods whose one interface is known by another address: an IPv6 address that comes, or that the API
  /// tells, later. What else was seen behind the interface first does not matter: it is this pod's, and so is the address.
  private mutating func bindRemainingAddresses() {
    let owned = Dictionary(grouping: owners.keys, by: { owners[$0] ?? "" })
    for (_, claim) in open where !ended.contains(claim) {
      if let indices = owned[claim.podUID], indices.count == 1 { bind(claim, indices[0]) }
    }
  }

  /// Rank 4. A pod and an interface belong together where nothing else is left for one of them.
  private mutating func settleByElimination() {
    let owning = Set(owners.values)
    let free = claims.values.filter { links[$0.index] != nil && owners[$0.index] == nil }
    let candidates = open.filter { !ended.contains($0.claim) && !owning.contains($0.claim.podUID) }
    var edges: [String: Set<UInt32>] = [:]
    for (pod, claim) in candidates {
      let indices = free.filter { $0.addresses.contains(claim.address) && !belongsToAnother($0.index, than: pod) }
      if !indices.isEmpty { edges[pod.uid, default: []].formUnion(indices.map(\.index)) }
    }
    let pairs = forcedPairs(edges)
    for (pod, claim) in candidates {
      guard let indices = edges[pod.uid] else { continue }
      if let index = pairs[pod.uid] {
        if claims[index]?.addresses.contains(claim.address) == true { bind(claim, index) }
      } else {
        contest(claim, indices)
      }
    }
  }
}

/// The pairs of a graph that nobody can doubt: one side has no other choice, and nothing else has that same last choice.
///
/// An interface whose namespace also shows a neighbour's address does not keep the neighbour from its own interface; two
/// interfaces that show the same address and nothing else get nothing.
func forcedPairs(_ edges: [String: Set<UInt32>]) -> [String: UInt32] {
  var edges = edges
  var pairs: [String: UInt32] = [:]
  while true {
    var podsOf: [UInt32: Set<String>] = [:]
    for (pod, indices) in edges { for index in indices { podsOf[index, default: []].insert(pod) } }
    var proposals: [String: Set<UInt32>] = [:]
    for (pod, indices) in edges where indices.count == 1 { proposals[pod, default: []].formUnion(indices) }
    for (index, pods) in podsOf where pods.count == 1 {
      for pod in pods { proposals[pod, default: []].insert(index) }
    }
    var wanted: [UInt32: Int] = [:]
    for indices in proposals.values { for index in indices { wanted[index, default: 0] += 1 } }
    var decided: [String: UInt32] = [:]
    for (pod, indices) in proposals where indices.count == 1 {
      if let index = indices.first, wanted[index] == 1 { decided[pod] = index }
    }
    if decided.isEmpty { return pairs }
    pairs.merge(decided) { first, _ in first }
    let used = Set(decided.values)
    edges = edges.filter { decided[$0.key] == nil }.mapValues { $0.subtracting(used) }.filter { !$0.value.isEmpty }
  }
}
