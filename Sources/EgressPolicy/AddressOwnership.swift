import ClusterModel
import NetworkValues

/// Which live pod owns which address (S9).
///
/// Pods are looked at where they lie in the snapshot, by their place here: copying ten thousand of them takes longer
/// than everything else that is derived.
struct AddressOwnership {
  private let all: [Pod]

  /// Indices of the pods that may own an address, and what is each one's own.
  private let live: [Int]
  private var addresses: [[IPAddress]] = []

  /// The addresses of every identity that runs a live pod; empty where none of its pods has one.
  private(set) var addressesOfIdentity: [ServiceAccountName: [IPAddress]] = [:]

  /// Live pods in their node's network: they own nothing.
  let hostNetworkPods: [Pod]

  private(set) var findings: [Finding] = []

  /// A pod is live until Succeeded or Failed. hostNetwork pods own nothing. An address that two live pods claim is
  /// neither's; one outside the cluster's networks is nobody's.
  init(_ snapshot: ClusterSnapshot, inside: PrefixSet) {
    let all = snapshot.pods
    self.all = all
    hostNetworkPods = all.indices.filter { all[$0].hostNetwork && all[$0].isLive }.map { all[$0] }
    live = all.indices.filter { !all[$0].hostNetwork && all[$0].isLive }
    let claims = claimCounts(live.lazy.map { all[$0].addresses })
    addresses.reserveCapacity(live.count)
    for index in live {
      let claimed = all[index].addresses
      var own: [IPAddress] = []
      for address in claimed {
        if claims[address] != 1 {
          findings.append(claimedTwice(all[index], address))
        } else if !inside.contains(address) {
          findings.append(notInside(all[index], address))
        } else {
          own.append(address)
        }
      }
      let identity = ServiceAccountName(namespace: all[index].metadata.namespace, name: all[index].serviceAccount)
      addressesOfIdentity[identity, default: []] += own
      addresses.append(own)
    }
  }

  /// Every place, in the snapshot's order, which means nothing.
  var places: Range<Int> { live.indices }

  func node(at place: Int) -> NodeName? { all[live[place]].node }
  func namespace(at place: Int) -> String { all[live[place]].metadata.namespace }
  func addresses(at place: Int) -> [IPAddress] { addresses[place] }

  func identity(at place: Int) -> ServiceAccountName {
    ServiceAccountName(namespace: namespace(at: place), name: all[live[place]].serviceAccount)
  }

  /// `namespace/name`.
  func name(at place: Int) -> String { namespace(at: place) + "/" + all[live[place]].metadata.name }

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

/// How many pods claim each address.
private func claimCounts(_ addresses: some Sequence<[IPAddress]>) -> [IPAddress: Int] {
  var counts: [IPAddress: Int] = [:]
  counts.reserveCapacity(addresses.underestimatedCount)
  for list in addresses { for address in list { counts[address, default: 0] += 1 } }
  return counts
}

/// A live pod with the addresses that are its own.
struct OwnedPod {
  var pod: Pod

  /// `namespace/name`.
  var name: String
  var addresses: [IPAddress]

  /// Its addresses, each with its name.
  var owned: [PodAddress] { addresses.map { PodAddress(pod: name, address: $0) } }
}

extension Pod {
  /// Whether the pod may still own its addresses.
  var isLive: Bool { phase != .succeeded && phase != .failed }
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
