import ClusterModel
import NetworkValues

/// Which live pod owns which address (S9).
///
/// Pods go by their place here.
struct AddressOwnership: Equatable {
  private let all: [Pod]

  /// Indices of the pods that may own an address, and what is each one's own.
  private var live: [Int] = []
  private var addresses: [[IPAddress]] = []

  /// Every identity that runs a live pod.
  private(set) var identities: Set<ServiceAccountName> = []

  /// Live pods in their node's network: they own nothing.
  private(set) var hostNetworkPods: [Pod] = []

  private(set) var findings: [Finding] = []

  /// A pod is live until Succeeded or Failed. hostNetwork pods own nothing. An address that two live pods claim is
  /// neither's; one outside the cluster's networks is nobody's.
  init(_ objects: [Pod], inside: PrefixSet) {
    all = objects
    let shared = findLivePods(among: objects.span)
    addresses.reserveCapacity(live.count)
    let pods = objects.span
    for index in live {
      var own = pods[index].addresses
      if !own.allSatisfy({ !shared.contains($0) && inside.contains($0) }) {
        findings += own.filter { shared.contains($0) }.map { claimedTwice(all[index], $0) }
        own.removeAll { shared.contains($0) }
        findings += own.filter { !inside.contains($0) }.map { notInside(all[index], $0) }
        own.removeAll { !inside.contains($0) }
      }
      identities.insert(pods[index].identity)
      addresses.append(own)
    }
  }

  /// Fills `live` and `hostNetworkPods`.
  ///
  /// - Returns: addresses that more than one pod claims.
  private mutating func findLivePods(among pods: Span<Pod>) -> Set<IPAddress> {
    var claimed: Set<IPAddress> = []
    var shared: Set<IPAddress> = []
    claimed.reserveCapacity(pods.count)
    live.reserveCapacity(pods.count)
    for index in pods.indices where pods[index].isLive {
      if pods[index].hostNetwork {
        hostNetworkPods.append(pods[index])
        continue
      }
      live.append(index)
      for address in pods[index].addresses where !claimed.insert(address).inserted { shared.insert(address) }
    }
    return shared
  }

  /// Every place, in the snapshot's order, which means nothing.
  var places: Range<Int> { live.indices }

  func node(at place: Int) -> NodeName? { all[live[place]].node }
  func namespace(at place: Int) -> String { identity(at: place).namespace }
  func addresses(at place: Int) -> [IPAddress] { addresses[place] }

  /// As far as they may be granted something: none where the pod's phase is not understood (S11).
  func grantable(at place: Int) -> [IPAddress] { all[live[place]].phase == .notUnderstood ? [] : addresses[place] }

  func identity(at place: Int) -> ServiceAccountName { all[live[place]].identity }

  /// Places of the pods that run on `node`.
  func places(on node: NodeName) -> [Int] { places.filter { all[live[$0]].node == node } }

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

  /// `namespace/name`.
  func name(at place: Int) -> String { all[live[place]].name }

  func pod(at place: Int) -> OwnedPod {
    OwnedPod(pod: all[live[place]], name: name(at: place), addresses: addresses[place])
  }

  /// Places with the pods' names, sorted by name.
  func named(_ places: some Collection<Int>) -> [(name: String, place: Int)] {
    places.map { (name: name(at: $0), place: $0) }.sorted { $0.name < $1.name }
  }

  /// Pods that `isWanted`, sorted by name.
  func pods(where isWanted: (Pod) -> Bool) -> [OwnedPod] {
    named(places.filter { isWanted(all[live[$0]]) }).map { pod(at: $0.place) }
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
