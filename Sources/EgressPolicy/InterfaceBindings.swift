import ClusterModel
import NetworkValues

/// Who is behind which interface of this node, and the memory that "first claim wins" needs (S9).
///
/// Each state follows from the one before it and from what is there now; time never enters. A process that starts anew
/// knows what the kernel's table binds, and nothing of what ended before it.
package struct InterfaceBindings: Equatable, Sendable {
  /// Sorted.
  package internal(set) var findings: [Finding] = []

  /// Whose interfaces these are; absent where nobody has looked at any.
  var node: NodeName?

  /// Every bound address with its interface. Sorted by index, then claim.
  var bound: [BoundAddress] = []

  /// Every address that a pod of the node claims, bound or not. Sorted.
  var claimed: [IPAddress] = []

  /// What each interface's namespace held when it was first seen, by index.
  var claims: [UInt32: InterfaceClaim] = [:]

  /// Pods' addresses whose interface went away while the pod is still known. Sorted.
  var ended: [PodClaim] = []

  /// What a process before this one had bound, by interface. An interface that is there when this one looks first has
  /// these as its first claim, whatever its pod shows now.
  var remembered: [UInt32: Set<IPAddress>] = [:]

  /// Work that is done again only where the interfaces changed.
  var kept = InterfaceWork()

  /// The start. Of a process that starts anew, `remembered` is what the kernel still holds.
  package init(remembering remembered: [UInt32: Set<IPAddress>] = [:]) { self.remembered = remembered }

  /// The class of each of `interfaces`, which these bindings are of.
  func classes(under configuration: Configuration, _ interfaces: HostInterfaces?) -> [ClassifiedInterface] {
    kept.classes?.output ?? interfaces.map { classify($0, under: configuration.cluster.interfaces) } ?? []
  }
}

/// The class of every interface, and what the interfaces say by themselves. Bindings are the same whatever work is kept
/// with them.
struct InterfaceWork: Equatable, Sendable {
  var classes: Step<[ClassifiedInterface], HostInterfaces, Configuration.Interfaces>?
  var evidence: Step<InterfaceEvidence, HostInterfaces, [ClassifiedInterface]>?

  /// Whether there was nothing to be weighed: every address of the node's pods was bound by the host's one route to it.
  var isPlain = false

  /// The snapshot's.
  var pods: [Pod] = []

  static func == (left: Self, right: Self) -> Bool { true }
}

/// A live pod of this node that has a network of its own.
package struct LocalPod: Hashable, Sendable {
  /// `metadata.uid`; `Pod ns/name` in manifests that have none.
  package var uid: String

  /// Kind, namespace and name, for findings.
  package var reference: ObjectReference

  /// `namespace/name`.
  let name: String

  /// What the API or the manifests say it has.
  package var addresses: [IPAddress]

  package init(uid: String, reference: ObjectReference, addresses: [IPAddress]) {
    self.uid = uid
    self.reference = reference
    name = (reference.namespace ?? "") + "/" + reference.name
    self.addresses = addresses
  }

  init(_ pod: Pod) {
    reference = pod.reference
    uid = pod.metadata.uid ?? reference.description
    name = pod.name
    addresses = pod.addresses
  }
}

/// A pod and an address that it has by the API or the manifests.
struct PodClaim: Hashable, Comparable, Sendable {
  var podUID: String
  var address: IPAddress

  static func < (left: PodClaim, right: PodClaim) -> Bool {
    left.podUID == right.podUID ? left.address < right.address : left.podUID < right.podUID
  }
}

/// A pod's address and the interface that it lives behind.
struct BoundAddress: Hashable, Sendable {
  var claim: PodClaim

  /// The pod as `namespace/name`.
  var pod: String
  var index: UInt32

  /// Of the interface: another one with the same index is another interface.
  var appearance: UInt64

  /// The pod, for findings.
  var reference: ObjectReference {
    let parts = pod.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return ObjectReference(kind: "Pod", namespace: parts[0].isEmpty ? nil : parts[0], name: parts.last ?? "")
  }
}

/// The addresses in the namespace behind an interface when it was first seen with any.
struct InterfaceClaim: Hashable, Sendable {
  var index: UInt32
  var appearance: UInt64
  var addresses: Set<IPAddress>
}

/// Binds the live pods of `node` to the interfaces of `snapshot.hostInterfaces`. Without these nothing is bound.
///
/// Pure and total. What a pod can write (its own addresses once they were seen, ARP, a bridge's forwarding table) changes
/// no binding.
/// - Parameter previous: what the last call gave; the empty value at first.
package func bindInterfaces(
  of snapshot: ClusterSnapshot, on node: NodeName, under configuration: Configuration,
  after previous: InterfaceBindings
) -> InterfaceBindings {
  guard let interfaces = snapshot.hostInterfaces else { return InterfaceBindings() }
  let settings = configuration.cluster.interfaces
  if let next = previous.following(snapshot.pods, on: node, interfaces, under: settings) { return next }
  let pods = snapshot.pods.filter { $0.isLocal(to: node) }.map { LocalPod($0) }
  let classes = Step(after: previous.kept.classes, interfaces, settings) { classify($0, under: $1) }
  var result = bind(pods, to: interfaces, classified: classes.output, after: previous)
  result.node = node
  result.kept.classes = classes
  result.kept.pods = snapshot.pods
  return result
}

/// Binds `pods` to `interfaces`, by the first of these that speaks of an address:
///
/// 1. the host's own route to it, which names one interface;
/// 2. the CNI's result for the pod, which names one interface that is there;
/// 3. the previous binding, as long as interface and pod are there;
/// 4. the addresses in the namespace behind an interface when it was first seen.
///
/// An interface has one pod. Evidence of one rank that contradicts itself binds nothing. Only pod interfaces that are no
/// bridges are bound. When an interface goes away, (pod, address) is bound again only by a CNI result with the pod's UID.
package func bind(
  _ pods: [LocalPod], to interfaces: HostInterfaces, classified: [ClassifiedInterface],
  after previous: InterfaceBindings
) -> InterfaceBindings {
  let evidence = Step(after: previous.kept.evidence, interfaces, classified) { InterfaceEvidence($0, $1) }
  var binder = InterfaceBinder(pods, evidence.output, previous)
  binder.run()
  var result = InterfaceBindings()
  result.kept.evidence = evidence
  result.bound = binder.bound
  result.claimed = binder.claims.map(\.address).sortedUnique()
  result.claims = binder.firstClaims
  result.ended = binder.claims.indices.filter { binder.isEnded[$0] }.map { binder.podClaim($0) }
  result.findings = (binder.findings(result.bound) + evidence.output.findings).sorted()
  result.kept.isPlain = binder.isPlain
  return result
}

extension Pod {
  /// Whether the pod lives on `node` with a network of its own.
  func isLocal(to node: NodeName) -> Bool { self.node == node && isLive && !hostNetwork }
}

extension InterfaceBinder {
  /// What was bound. Sorted by index, then claim.
  fileprivate var bound: [BoundAddress] {
    let places = fates.indices.compactMap { claim -> (index: UInt32, claim: Int)? in
      if case .bound(let index) = fates[claim] { (index, claim) } else { nil }
    }
    return places.sorted { $0 < $1 }.map { index, claim in
      BoundAddress(
        claim: podClaim(claim), pod: pod(of: claim).name, index: index, appearance: evidence.appearances[index] ?? 0)
    }
  }
}

/// A pod's addresses behind one interface: what was bound, for people and tests.
package struct PodInterface: Hashable, Sendable {
  /// The UID of the pod that lives behind it.
  package var podUID: String

  /// The kernel's interface index.
  package var index: UInt32

  /// The interface's name at that time.
  package var name: String

  /// The addresses that are the pod's there.
  package var addresses: [IPAddress]
}

extension InterfaceBindings {
  /// One value for each pod and interface. Sorted by index, then UID.
  package var podInterfaces: [PodInterface] {
    var result: [PodInterface] = []
    for entry in bound {
      if let last = result.last, last.index == entry.index, last.podUID == entry.claim.podUID {
        result[result.count - 1].addresses.append(entry.claim.address)
      } else {
        let name = kept.evidence?.output.link(entry.index)?.name ?? ""
        result.append(
          PodInterface(podUID: entry.claim.podUID, index: entry.index, name: name, addresses: [entry.claim.address]))
      }
    }
    return result
  }
}
