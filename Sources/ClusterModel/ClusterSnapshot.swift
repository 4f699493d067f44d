import NetworkValues

/// Everything known of the cluster at one moment, as values. Nothing in it depends on time.
///
/// The order of objects carries no meaning.
package struct ClusterSnapshot: Hashable, Sendable {
  /// Pods of every node that the source gave.
  package var pods: [Pod] = []

  /// Every Node.
  package var nodes: [Node] = []

  /// Every Service.
  package var services: [Service] = []

  /// Every Namespace.
  package var namespaces: [NamedObject] = []

  /// Every ServiceAccount: its labels are what policies select by (A3).
  package var serviceAccounts: [NamedObject] = []

  /// Every ServiceCIDR.
  package var serviceCIDRs: [ServiceCIDR] = []

  /// Of Endpoints and EndpointSlices of Service default/kubernetes. Sorted, each once.
  package var apiServerEndpoints: [APIServerEndpoint] = []

  /// Gloo ExternalServices (E1–E6).
  package var externalServices: [ExternalService] = []

  /// Gloo ExternalEndpoints (E2).
  package var externalEndpoints: [ExternalEndpoint] = []

  /// Gloo VirtualGateways (G1–G3).
  package var virtualGateways: [VirtualGateway] = []

  /// Gloo AccessPolicies (A1–A8).
  package var accessPolicies: [AccessPolicy] = []

  /// Gloo Workspaces.
  package var workspaces: [Workspace] = []

  /// Gloo WorkspaceSettings: what is imported and exported.
  package var workspaceSettings: [WorkspaceSettings] = []

  /// The node's interfaces as the daemon sees them; `nil` where nobody looked, as in `moat render` on another machine.
  package var hostInterfaces: HostInterfaces?

  /// What DNS gave for names; `nil` where nobody asked, as in `moat render`.
  package var resolvedNames: ResolvedNames?

  /// The host's name servers (`/etc/resolv.conf`), for `host.presets: [dns]`.
  package var hostResolvers: [IPAddress] = []

  /// The node's cgroups that the configuration names; `nil` where nobody looked.
  package var hostCgroups: HostCgroups?

  /// What could not be understood in objects that identify rather than allow (a pod's address, a node's network).
  package var problems: [ObjectProblem] = []

  /// Kinds of the egress model of which some object was there and could not be used: what its absence would mean (no
  /// workspaces, no policy) must not be concluded.
  package var unreadKinds: Set<String> = []

  /// Kinds that moat does not read, with how many there were (S11).
  package var ignoredKinds: [String: Int] = [:]

  /// Objects that allow nothing and that `moat check` looks into; all of them are in `ignoredKinds`, too. From manifests
  /// alone.
  package var bystanders: [Bystander] = []

  package init() {}
}

/// A misunderstanding, and in which object.
package struct ObjectProblem: Hashable, Sendable {
  /// Whose part was not understood.
  package var object: ObjectReference

  /// Which part, and why.
  package var misunderstanding: Misunderstanding

  package init(object: ObjectReference, misunderstanding: Misunderstanding) {
    self.object = object
    self.misunderstanding = misunderstanding
  }
}
