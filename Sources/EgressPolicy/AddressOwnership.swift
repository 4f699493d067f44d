import ClusterModel
import NetworkValues

/// Which live pod owns which address (S9).
struct AddressOwnership {
  /// Pods that may own an address, sorted by namespace and name, each with the addresses that are its own.
  private(set) var pods: [OwnedPod] = []

  /// The addresses of every identity that runs a live pod, as far as they may be granted something; may be empty.
  private(set) var addressesOfIdentity: [ServiceAccountName: [IPAddress]] = [:]

  /// Live pods in their node's network: they own nothing.
  let hostNetworkPods: [Pod]

  private(set) var findings: [Finding] = []

  /// A pod is live until Succeeded or Failed. hostNetwork pods own nothing. An address that two live pods claim is
  /// neither's; one outside the cluster's networks is nobody's.
  init(_ snapshot: ClusterSnapshot, inside: PrefixSet) {
    let all = snapshot.pods
    let live = all.indices.filter { all[$0].isLive }
    hostNetworkPods = live.filter { all[$0].hostNetwork }.map { all[$0] }
    let named = live.filter { !all[$0].hostNetwork }
      .map { (name: all[$0].metadata.namespace + "/" + all[$0].metadata.name, index: $0) }
      .sorted { $0.name < $1.name }
    let claims = claimCounts(named.lazy.map { all[$0.index].addresses })
    pods.reserveCapacity(named.count)
    for (name, index) in named {
      let pod = all[index]
      var owned: [IPAddress] = []
      for address in pod.addresses {
        if claims[address] != 1 {
          findings.append(claimedTwice(pod, address))
        } else if !inside.contains(address) {
          findings.append(notInside(pod, address))
        } else {
          owned.append(address)
        }
      }
      let own = OwnedPod(pod: pod, name: name, addresses: owned)
      addressesOfIdentity[pod.identity, default: []] += own.isUnderstood ? owned : []
      pods.append(own)
    }
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

  /// Whether it may be granted anything: one whose phase is not understood may have finished (S11).
  var isUnderstood: Bool { pod.phase != .notUnderstood }

  /// Its addresses as far as they may be granted something.
  var grantable: [PodAddress] { isUnderstood ? owned : [] }

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
