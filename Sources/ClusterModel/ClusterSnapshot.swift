import NetworkValues

/// Everything known of the cluster at one moment, as values. Nothing in it depends on time.
///
/// The order of objects carries no meaning.
package struct ClusterSnapshot: Hashable, Sendable {
  package var pods: [Pod] = []
  package var nodes: [Node] = []
  package var services: [Service] = []
  package var namespaces: [NamedObject] = []
  package var serviceAccounts: [NamedObject] = []
  package var serviceCIDRs: [ServiceCIDR] = []

  /// Endpoints and EndpointSlices of Service default/kubernetes.
  package var apiServerEndpoints: [APIServerEndpoint] = []

  package var externalServices: [ExternalService] = []
  package var externalEndpoints: [ExternalEndpoint] = []
  package var virtualGateways: [VirtualGateway] = []
  package var accessPolicies: [AccessPolicy] = []
  package var workspaces: [Workspace] = []
  package var workspaceSettings: [WorkspaceSettings] = []

  /// Where local pods' addresses live on this node (S9), as `bindInterfaces` found. Sorted by index, then UID.
  package var podInterfaces: [PodInterface] = []

  /// The node's interfaces as the daemon sees them; `nil` where nobody looked, as in `moat render` on another machine.
  package var hostInterfaces: HostInterfaces?

  /// The host's name servers (`/etc/resolv.conf`), for `host.presets: [dns]`.
  package var hostResolvers: [IPAddress] = []

  /// What could not be understood in objects that identify rather than allow (a pod's address, a node's network).
  package var problems: [ObjectProblem] = []

  /// Kinds that moat does not read, with how many there were (S11).
  package var ignoredKinds: [String: Int] = [:]

  package init() {}
}

/// A misunderstanding, and in which object.
package struct ObjectProblem: Hashable, Sendable {
  package var object: ObjectReference
  package var misunderstanding: Misunderstanding

  package init(object: ObjectReference, misunderstanding: Misunderstanding) {
    self.object = object
    self.misunderstanding = misunderstanding
  }
}

/// A local pod's addresses behind one host interface: the binding of S9.
package struct PodInterface: Hashable, Sendable {
  package var podUID: String

  /// The kernel's interface index, and its name at that time.
  package var index: UInt32
  package var name: String

  package var addresses: [IPAddress]

  package init(podUID: String, index: UInt32, name: String, addresses: [IPAddress]) {
    self.podUID = podUID
    self.index = index
    self.name = name
    self.addresses = addresses
  }
}
