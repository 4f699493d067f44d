import ClusterModel
import NetworkValues

/// Which live pod owns which address (S9).
struct AddressOwnership {
  /// Pods that may own an address, sorted by namespace and name, each with the addresses that are its own.
  var pods: [OwnedPod] = []
  var findings: [Finding] = []

  /// A pod is live until Succeeded or Failed. hostNetwork pods own nothing. An address that two live pods claim is
  /// neither's; one outside the cluster's networks is nobody's.
  init(_ snapshot: ClusterSnapshot, inside: PrefixSet) {
    let live = snapshot.pods.filter { $0.isLive && !$0.hostNetwork }
    var claims: [IPAddress: Int] = [:]
    claims.reserveCapacity(live.count * 2)
    for pod in live { for address in pod.addresses { claims[address, default: 0] += 1 } }
    pods.reserveCapacity(live.count)
    for pod in live {
      let name = "\(pod.metadata.namespace)/\(pod.metadata.name)"
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
      pods.append(OwnedPod(pod: pod, name: name, addresses: owned))
    }
    pods.sort { $0.name < $1.name }
  }
}

/// A live pod with the addresses that are its own.
struct OwnedPod {
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
