import NetworkValues

/// A Pod, as far as its identity on the network goes.
///
/// A snapshot may hold ten thousand, of which a change concerns one: a pod is a reference to contents that never change,
/// so that copies are cheap and a pod that is the same as before is known to be at once.
package struct Pod: Hashable, Sendable {
  /// `status.phase`; `unknown` covers an absent phase. A pod whose phase is not understood may have finished: it is
  /// granted nothing, but keeps its claim to its addresses and its protection.
  package enum Phase: String, Hashable, Sendable { case pending, running, succeeded, failed, unknown, notUnderstood }

  private var contents: Contents

  package init(
    metadata: Metadata, node: NodeName?, serviceAccount: String = "default", hostNetwork: Bool = false,
    phase: Phase = .running, addresses: [IPAddress] = [], containerPorts: [ContainerPort] = [],
    networkPrivileges: [String] = []
  ) {
    contents = Contents(
      Fields(
        metadata: metadata, node: node, serviceAccount: serviceAccount, hostNetwork: hostNetwork, phase: phase,
        addresses: addresses, containerPorts: containerPorts, networkPrivileges: networkPrivileges))
  }

  package static func == (left: Pod, right: Pod) -> Bool {
    left.contents === right.contents || left.contents.fields == right.contents.fields
  }

  /// Whether it is a copy of `other`, and not only equal to it.
  func isIdentical(to other: Pod) -> Bool { contents === other.contents }

  package func hash(into hasher: inout Hasher) { contents.fields.hash(into: &hasher) }

  /// `namespace/name`.
  package var name: String { contents.name }

  /// `ns/name` of the pod's ServiceAccount.
  package var identity: ServiceAccountName { contents.identity }

  /// `Pod ns/name`.
  package var reference: ObjectReference {
    ObjectReference(kind: "Pod", namespace: metadata.namespace, name: metadata.name)
  }
}

extension Pod {
  /// Name, namespace and labels.
  package var metadata: Metadata {
    get { contents.fields.metadata }
    set { change { $0.metadata = newValue } }
  }

  /// `spec.nodeName`; absent while unscheduled.
  package var node: NodeName? {
    get { contents.fields.node }
    set { change { $0.node = newValue } }
  }

  /// `spec.serviceAccountName`; `default` where absent.
  package var serviceAccount: String {
    get { contents.fields.serviceAccount }
    set { change { $0.serviceAccount = newValue } }
  }

  /// Whether the pod has its node's network, and so no address of its own (S9).
  package var hostNetwork: Bool {
    get { contents.fields.hostNetwork }
    set { change { $0.hostNetwork = newValue } }
  }

  /// How far its life has come.
  package var phase: Phase {
    get { contents.fields.phase }
    set { change { $0.phase = newValue } }
  }

  /// `status.podIPs` and `status.podIP`, without duplicates, in order of appearance.
  package var addresses: [IPAddress] {
    get { contents.fields.addresses }
    set { change { $0.addresses = newValue } }
  }

  /// Named and numbered ports of all containers (init containers that restart always included).
  package var containerPorts: [ContainerPort] {
    get { contents.fields.containerPorts }
    set { change { $0.containerPorts = newValue } }
  }

  /// NET_RAW, NET_ADMIN, BPF, SYS_ADMIN or `privileged`, as containers have them (NET_RAW is a runtime's default unless
  /// dropped). Sorted; read for hostNetwork pods only.
  package var networkPrivileges: [String] {
    get { contents.fields.networkPrivileges }
    set { change { $0.networkPrivileges = newValue } }
  }

  private mutating func change(_ body: (inout Fields) -> Void) {
    var fields = contents.fields
    body(&fields)
    contents = Contents(fields)
  }
}

/// Where two lists of pods differ: outside these places they hold the same pods; `nil` where they differ in so many that
/// everything is better made anew. Costs a comparison of references for each pod, so that what follows one change of one
/// pod among thousands need not look at the others.
package func replacedPlaces(from old: [Pod], to new: [Pod]) -> (old: Range<Int>, new: Range<Int>)? {
  let (olds, news) = (old.span, new.span)
  let common = min(olds.count, news.count)
  var start = 0
  while start < common, olds[start].isIdentical(to: news[start]) { start += 1 }
  var (oldEnd, newEnd) = (olds.count, news.count)
  while oldEnd > start, newEnd > start, olds[oldEnd - 1].isIdentical(to: news[newEnd - 1]) {
    oldEnd -= 1
    newEnd -= 1
  }
  return oldEnd - start + newEnd - start <= 64 ? (start..<oldEnd, start..<newEnd) : nil
}

/// What a pod has. See the properties of `Pod`.
private struct Fields: Hashable {
  var metadata: Metadata
  var node: NodeName?
  var serviceAccount: String
  var hostNetwork: Bool
  var phase: Pod.Phase
  var addresses: [IPAddress]
  var containerPorts: [ContainerPort]
  var networkPrivileges: [String]
}

/// A pod's fields, and what every derivation asks for.
private final class Contents: Sendable {
  let fields: Fields
  let name: String
  let identity: ServiceAccountName

  init(_ fields: Fields) {
    self.fields = fields
    name = fields.metadata.namespace + "/" + fields.metadata.name
    identity = ServiceAccountName(namespace: fields.metadata.namespace, name: fields.serviceAccount)
  }
}
