/// `networking.k8s.io NetworkPolicy`, as far as it limits what leaves pods. The CNI enforces it, beside moat.
package struct NetworkPolicy: Hashable, Sendable {
  /// One of `egress[]`.
  package struct Rule: Hashable, Sendable {
    /// Where it stands: `spec.egress[0]`.
    package var path: String

    /// Empty means every destination.
    package var peers: [Peer]

    /// Empty means every port.
    package var ports: [Port]

    /// Whether every peer and port of it was understood; nothing is said of others.
    package var isUnderstood: Bool
  }

  /// One of `to[]`.
  package struct Peer: Hashable, Sendable {
    /// Whether it is every pod of every namespace: an empty `namespaceSelector`, and no pods picked from them.
    package var isEveryPod: Bool

    /// As it is written, for comparison with others.
    package var written: ManifestValue

    /// Where it stands: `spec.egress[0].to[0]`.
    package var path: String
  }

  /// One of `ports[]`.
  package struct Port: Hashable, Sendable {
    /// `TCP` where it is not given.
    package var protocolName: String

    /// Absent: every port of the protocol.
    package var port: PortReference?

    /// The last port of a range that begins with `port`.
    package var last: UInt16?
  }

  /// Which pods it is for, as it is written; `nil` for every pod of the namespace.
  package var pods: ManifestValue?

  /// What its pods may reach; empty where it does not limit what leaves them.
  package var egress: [Rule] = []
}
