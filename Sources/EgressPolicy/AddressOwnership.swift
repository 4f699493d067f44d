import ClusterModel
import NetworkValues

/// Which live pod owns which address (S9).
///
/// Pods go by their place in the snapshot.
struct AddressOwnership: Equatable {
  private var all: [Pod]
  private let inside: PrefixSet

  /// Places of the pods that may own an address. Ascending, which means nothing.
  private(set) var places: [Int] = []

  /// What a pod owns that does not own all that it claims, by place.
  private var reduced: [Int: [IPAddress]] = [:]

  /// Every address that a live pod claims.
  private var claimed: Set<IPAddress> = []

  /// How many live pods each identity runs.
  private var podsByIdentity: [ServiceAccountName: Int] = [:]

  /// Every identity that runs a live pod.
  private(set) var identities: Set<ServiceAccountName> = []

  /// Live pods in their node's network: they own nothing.
  private(set) var hostNetworkPods: [Pod] = []

  /// Absent where every live pod owns all that it claims.
  private(set) var findings: [Finding] = []

  /// A pod is live until Succeeded or Failed. hostNetwork pods own nothing. An address that two live pods claim is
  /// neither's; one outside the cluster's networks is nobody's.
  ///
  /// - Parameter previous: what was owned before, of any pods. It saves work and changes nothing.
  init(_ objects: [Pod], inside: PrefixSet, after previous: AddressOwnership? = nil) {
    if let previous, previous.inside == inside, let following = previous.following(objects) {
      self = following
      return
    }
    all = objects
    self.inside = inside
    let shared = findLivePods(among: objects.span)
    let pods = objects.span
    for place in places {
      var own = pods[place].addresses
      if !own.allSatisfy({ !shared.contains($0) && inside.contains($0) }) {
        findings += own.filter { shared.contains($0) }.map { claimedTwice(all[place], $0) }
        own.removeAll { shared.contains($0) }
        findings += own.filter { !inside.contains($0) }.map { notInside(all[place], $0) }
        own.removeAll { !inside.contains($0) }
        reduced[place] = own
      }
    }
    identities = Set(podsByIdentity.keys)
  }

  /// Fills `places` and what pods claim and run as, and `hostNetworkPods`.
  ///
  /// - Returns: addresses that more than one pod claims.
  private mutating func findLivePods(among pods: Span<Pod>) -> Set<IPAddress> {
    var shared: Set<IPAddress> = []
    claimed.reserveCapacity(pods.count)
    places.reserveCapacity(pods.count)
    for place in pods.indices where pods[place].isLive {
      if pods[place].hostNetwork {
        hostNetworkPods.append(pods[place])
        continue
      }
      places.append(place)
      podsByIdentity[pods[place].identity, default: 0] += 1
      for address in pods[place].addresses where !claimed.insert(address).inserted { shared.insert(address) }
    }
    return shared
  }

  func node(at place: Int) -> NodeName? { all[place].node }
  func namespace(at place: Int) -> String { identity(at: place).namespace }
  func addresses(at place: Int) -> [IPAddress] { reduced[place] ?? all[place].addresses }

  /// As far as they may be granted something: none where the pod's phase is not understood (S11).
  func grantable(at place: Int) -> [IPAddress] { all[place].phase == .notUnderstood ? [] : addresses(at: place) }

  func identity(at place: Int) -> ServiceAccountName { all[place].identity }

  /// Places of the pods that run on `node`.
  func places(on node: NodeName) -> [Int] { places.filter { all[$0].node == node } }

  /// Places of the pods that run in one of `namespaces`.
  func places(inNamespaces namespaces: Set<String>) -> [Int] {
    places.filter { namespaces.contains(namespace(at: $0)) }
  }

  /// The addresses with which each identity may be granted something.
  var grantableByIdentity: [ServiceAccountName: [IPAddress]] {
    var result: [ServiceAccountName: [IPAddress]] = [:]
    for place in places { result[identity(at: place), default: []] += grantable(at: place) }
    return result
  }

  /// The addresses with which `places` may be granted something. Sorted: each is one pod's alone.
  func clients(among places: [Int]) -> [(address: IPAddress, place: Int)] {
    places.flatMap { place in grantable(at: place).map { (address: $0, place: place) } }
      .sorted { $0.address < $1.address }
  }

  /// `namespace/name`.
  func name(at place: Int) -> String { all[place].name }

  func pod(at place: Int) -> OwnedPod {
    OwnedPod(pod: all[place], name: name(at: place), addresses: addresses(at: place))
  }

  /// Places with the pods' names, sorted by name.
  func named(_ places: some Collection<Int>) -> [(name: String, place: Int)] {
    places.map { (name: name(at: $0), place: $0) }.sorted { $0.name < $1.name }
  }

  /// Pods that `isWanted`, sorted by name.
  func pods(where isWanted: (Pod) -> Bool) -> [OwnedPod] {
    named(places.filter { isWanted(all[$0]) }).map { pod(at: $0.place) }
  }
}

// MARK: - Following

extension AddressOwnership {
  /// The places at which the pods differ from those of `previous`, in both; `nil` where another pod may own something
  /// else, too, or where they are many.
  func changes(since previous: AddressOwnership) -> (gone: Range<Int>, new: Range<Int>)? {
    guard inside == previous.inside, findings.isEmpty, previous.findings.isEmpty else { return nil }
    return replacedPlaces(from: previous.all, to: all).map { (gone: $0.old, new: $0.new) }
  }

  /// Whether the pods of `namespaces`, `nil` for all, own the same as in `previous`.
  func isSame(as previous: AddressOwnership, in namespaces: Set<String>?) -> Bool {
    guard let namespaces, let (gone, new) = changes(since: previous) else { return false }
    return !gone.contains { namespaces.contains(previous.namespace(at: $0)) }
      && !new.contains { namespaces.contains(namespace(at: $0)) } && hostNetworkPods == previous.hostNetworkPods
  }

  /// Those of `range` that may own an address.
  func places(in range: Range<Int>) -> [Int] { range.filter { all[$0].mayOwn } }

  /// The same of pods that differ in a few, from what these change; `nil` where everything has to be looked at: where an
  /// address is not its claimant's alone, before or now, and where pods in their node's network begin or end.
  private func following(_ objects: [Pod]) -> AddressOwnership? {
    guard findings.isEmpty, let (gone, new) = replacedPlaces(from: all, to: objects),
      gone.allSatisfy({ !all[$0].isLive || !all[$0].hostNetwork }),
      new.allSatisfy({ !objects[$0].isLive || !objects[$0].hostNetwork })
    else { return nil }
    var result = self
    for place in places(in: gone) { result.release(all[place]) }
    result.all = objects
    for place in new where objects[place].mayOwn {
      guard result.claim(objects[place]) else { return nil }
    }
    result.places =
      places.prefix { $0 < gone.lowerBound } + result.places(in: new)
      + places.drop { $0 < gone.upperBound }.map { $0 + new.count - gone.count }
    return result
  }

  private mutating func release(_ pod: Pod) {
    claimed.subtract(pod.addresses)
    let rest = podsByIdentity[pod.identity, default: 0] - 1
    podsByIdentity[pod.identity] = rest > 0 ? rest : nil
    if rest <= 0 { identities.remove(pod.identity) }
  }

  /// Whether every address of the pod is its own.
  private mutating func claim(_ pod: Pod) -> Bool {
    podsByIdentity[pod.identity, default: 0] += 1
    identities.insert(pod.identity)
    return pod.addresses.allSatisfy { inside.contains($0) && claimed.insert($0).inserted }
  }
}

/// A live pod with the addresses that are its own.
struct OwnedPod: Equatable {
  var pod: Pod

  /// `namespace/name`.
  var name: String
  var addresses: [IPAddress]

  /// Its addresses as far as they may be granted something: none where the pod's phase is not understood (S11).
  var grantable: [PodAddress] { pod.phase == .notUnderstood ? [] : owned }

  /// Its addresses, each with its name.
  var owned: [PodAddress] { addresses.map { PodAddress(pod: name, address: $0) } }
}

extension Pod {
  /// Whether the pod is live and has a network of its own.
  var mayOwn: Bool { isLive && !hostNetwork }

  /// Whether the pod may still own its addresses.
  var isLive: Bool {
    switch phase {
    case .succeeded, .failed: false
    case .pending, .running, .unknown, .notUnderstood: true
    }
  }
}

private func claimedTwice(_ pod: Pod, _ address: IPAddress) -> Finding {
  Finding(
    .addressClaimedTwice, pod.reference, path: "status.podIPs",
    "\(address) is claimed by more than one live pod and belongs to none of them",
    advice: "delete the pod that no longer has the address")
}

private func notInside(_ pod: Pod, _ address: IPAddress) -> Finding {
  Finding(
    .podAddressNotInside, pod.reference, path: "status.podIPs",
    "\(address) lies in no network of the cluster, so the pod is granted nothing with it",
    advice: "add the pods' network to cluster.networks")
}
