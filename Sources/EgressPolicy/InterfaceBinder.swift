import ClusterModel
import NetworkValues

/// The evidence of one moment, and what was bound from it so far.
///
/// Pods and claims go by their places here: there may be hundreds, each looked at several times at every change.
struct InterfaceBinder {
  /// A pod's claim to one of its addresses.
  struct Claim {
    /// Place in `pods`.
    var pod: Int
    var address: IPAddress
  }

  /// What became of a claim. Only an open one can still be decided.
  enum Fate: Equatable {
    case open
    case bound(UInt32)

    /// Contradictory evidence leaves it unbound; the interfaces concerned.
    case contested(Set<UInt32>)

    /// Its interface is gone, and nothing says that what came after it is this pod's.
    case over
  }

  /// Sorted by UID.
  let pods: [LocalPod]

  /// Every claim of every pod, sorted by pod and address.
  let claims: [Claim]
  let evidence: InterfaceEvidence
  let previous: InterfaceBindings

  /// Of each claim.
  private(set) var fates: [Fate]

  /// Whether the interface of each claim went away since it was bound last.
  private(set) var isEnded: [Bool]

  /// What each interface's namespace held when it was first seen, by index.
  private(set) var firstClaims: [UInt32: InterfaceClaim]

  /// The pod of each interface that has one, by its place.
  private(set) var owners: [UInt32: Int] = [:]

  private var openCount: Int

  init(_ pods: [LocalPod], _ evidence: InterfaceEvidence, _ previous: InterfaceBindings) {
    let pods = pods.sorted { $0.uid < $1.uid }
    self.pods = pods
    claims = pods.indices.flatMap { pod in
      pods[pod].addresses.sortedUnique().map { Claim(pod: pod, address: $0) }
    }
    self.evidence = evidence
    self.previous = previous
    fates = Array(repeating: .open, count: claims.count)
    isEnded = Array(repeating: false, count: claims.count)
    openCount = claims.count
    firstClaims = claimsOfInterfaces(evidence, after: previous)
    let gone = previous.bound.filter { evidence.appearances[$0.index] != $0.appearance }.map(\.claim)
    let ended = previous.ended + gone
    if !ended.isEmpty {
      let places = places
      for claim in ended { if let place = places[claim] { isEnded[place] = true } }
    }
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

  /// Whether every claim was decided by the host's one route to it, and no interface of a pod's went away.
  var isPlain: Bool {
    !isEnded.contains(true)
      && claims.indices.allSatisfy { claim in
        guard case .bound(let index) = fates[claim] else { return false }
        return evidence.routes[claims[claim].address] == [index]
      }
  }
}

extension InterfaceBinder {
  /// A claim, by its place, and the interface that evidence names for it.
  private struct Proposal {
    var claim: Int
    var index: UInt32
  }

  /// Places of claims that are still open, ascending.
  private var open: [Int] { openCount == 0 ? [] : fates.indices.filter { fates[$0] == .open } }

  /// The place of every claim.
  private var places: [PodClaim: Int] {
    Dictionary(claims.indices.map { (podClaim($0), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// A claim as it is known beyond this moment.
  func podClaim(_ claim: Int) -> PodClaim { PodClaim(podUID: pod(of: claim).uid, address: claims[claim].address) }

  /// Who makes a claim.
  func pod(of claim: Int) -> LocalPod { pods[claims[claim].pod] }

  private mutating func decide(_ claim: Int, _ fate: Fate) {
    if fates[claim] == .open { openCount -= 1 }
    fates[claim] = fate
  }

  private mutating func bind(_ claim: Int, _ index: UInt32) {
    decide(claim, .bound(index))
    owners[index] = claims[claim].pod
    isEnded[claim] = false
  }

  /// Rank 1. Several routes, or a CNI result that names another pod, leave the claim unbound.
  private mutating func routeProposals() -> [Proposal] {
    open.compactMap { claim in
      guard let indices = evidence.routes[claims[claim].address], let index = indices.first else { return nil }
      guard indices.count == 1, !evidence.belongsToAnother(index, than: pod(of: claim)) else {
        decide(claim, .contested(Set(indices)))
        return nil
      }
      return Proposal(claim: claim, index: index)
    }
  }

  /// Rank 2.
  private mutating func resultProposals() -> [Proposal] {
    open.compactMap { claim in
      let address = claims[claim].address
      let indices = (evidence.resultsByAddress[address] ?? []).filter { index in
        evidence.results[index]?.contains { $0.isOf(pod(of: claim)) && $0.addresses.contains(address) } ?? false
      }
      guard let index = indices.first else { return nil }
      guard indices.count == 1 else {
        decide(claim, .contested(Set(indices)))
        return nil
      }
      return Proposal(claim: claim, index: index)
    }
  }

  /// Rank 3.
  private func previousProposals() -> [Proposal] {
    guard openCount > 0 else { return [] }
    let places = places
    return previous.bound.compactMap { bound in
      guard evidence.isBindable(bound.index, bound.appearance), let claim = places[bound.claim], fates[claim] == .open
      else { return nil }
      return Proposal(claim: claim, index: bound.index)
    }
  }

  /// Binds what proposals agree on. Where several pods are proposed for one interface, a CNI result decides, then the
  /// previous binding, else none of them gets it.
  private mutating func settle(_ proposals: [Proposal]) {
    var rest = proposals.sorted { ($0.index, $0.claim) < ($1.index, $1.claim) }[...]
    while let index = rest.first?.index {
      let group = rest.prefix { $0.index == index }
      rest = rest.dropFirst(group.count)
      settle(group.map(\.claim), at: index)
    }
  }

  private mutating func settle(_ proposed: [Int], at index: UInt32) {
    let living = proposed.filter { claim in
      let isOver =
        isEnded[claim] && !evidence.isNamed(index, for: pod(of: claim).uid, with: claims[claim].address)
      if isOver { decide(claim, .over) }
      return !isOver
    }
    let owner = owners[index] ?? chosen(among: living.map { claims[$0].pod }, for: index)
    for claim in living {
      if claims[claim].pod == owner { bind(claim, index) } else { decide(claim, .contested([index])) }
    }
  }

  /// The one pod, by its place, that an interface of several candidates belongs to.
  private func chosen(among candidates: [Int], for index: UInt32) -> Int? {
    guard let first = candidates.first else { return nil }
    if candidates.allSatisfy({ $0 == first }) { return first }
    let named = Set(candidates).filter { pod in
      evidence.results[index]?.contains { $0.podUID == pods[pod].uid } == true
    }
    if named.count == 1 { return named.first }
    let before = Set(
      previous.bound.filter { $0.index == index && evidence.isBindable(index, $0.appearance) }.map(\.claim.podUID))
    return before.count == 1 ? candidates.first { before.contains(pods[$0].uid) } : nil
  }

  /// Rank 4, for pods whose one interface is known by another address: an IPv6 address that comes, or that the API
  /// tells, later. What else was seen behind the interface first does not matter: it is this pod's, and so is the address.
  private mutating func bindRemainingAddresses() {
    let remaining = open.filter { !isEnded[$0] }
    guard !remaining.isEmpty else { return }
    let owned = Dictionary(grouping: owners.keys, by: { owners[$0] ?? -1 })
    for claim in remaining {
      if let indices = owned[claims[claim].pod], indices.count == 1 { bind(claim, indices[0]) }
    }
  }

  /// Rank 4. A pod and an interface belong together where nothing else is left for one of them.
  private mutating func settleByElimination() {
    let owning = Set(owners.values)
    let candidates = open.filter { !isEnded[$0] && !owning.contains(claims[$0].pod) }
    guard !candidates.isEmpty else { return }
    let free = firstClaims.values.filter { evidence.link($0.index) != nil && owners[$0.index] == nil }
    var edges: [String: Set<UInt32>] = [:]
    for claim in candidates {
      let pod = pod(of: claim)
      let indices = free.filter {
        $0.addresses.contains(claims[claim].address) && !evidence.belongsToAnother($0.index, than: pod)
      }
      if !indices.isEmpty { edges[pod.uid, default: []].formUnion(indices.map(\.index)) }
    }
    let pairs = forcedPairs(edges)
    for claim in candidates {
      let uid = pod(of: claim).uid
      guard let indices = edges[uid] else { continue }
      if let index = pairs[uid] {
        if firstClaims[index]?.addresses.contains(claims[claim].address) == true { bind(claim, index) }
      } else {
        decide(claim, .contested(indices))
      }
    }
  }
}

/// The first claims of the interfaces that are there. A new one gets nothing that is bound elsewhere already.
private func claimsOfInterfaces(
  _ evidence: InterfaceEvidence, after previous: InterfaceBindings
) -> [UInt32: InterfaceClaim] {
  let isStanding = { (index: UInt32, appearance: UInt64) in evidence.appearances[index] == appearance }
  var result = previous.claims
  if !result.values.allSatisfy({ isStanding($0.index, $0.appearance) }) {
    result = result.filter { isStanding($0.value.index, $0.value.appearance) }
  }
  let new = evidence.links.filter { result[$0.index] == nil }
  guard !new.isEmpty else { return result }
  let standing = previous.bound.filter { isStanding($0.index, $0.appearance) }
  let taken = Set(standing.map(\.claim.address))
  for link in new {
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
