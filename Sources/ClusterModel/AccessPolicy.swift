import NetworkValues

/// Gloo `security.policy.gloo.solo.io/v2 AccessPolicy`: who may reach what. Allow-only (A1).
package struct AccessPolicy: Hashable, Sendable {
  /// Name, namespace and labels.
  package var metadata: Metadata

  /// What the management plane says of it (S12).
  package var approval: Approval

  /// `applyToDestinations`; empty together with empty `workloads` means all destinations of the workspace (A4).
  package var destinations: [Part<DestinationSelector>]

  /// How many `applyToWorkloads` there are, understood or not; any cancels `destinations` (A4).
  package var workloadSelectorCount: Int

  /// Entries OR'ed: those of `authzList`, else the one of `authz`. `nil` where the policy has neither.
  package var entries: [Part<Authorization>]?

  /// `config.authzList` was given (else paths say `config.authz`).
  package var usesAuthorizationList: Bool

  /// `config.enforcementLayers.cni` is false, or only `mesh` is set (A8).
  package var excludesNetworkLayer: Bool

  /// Whether all of it is a trial, by the annotation `moat.dev/dry-run: "true"` (A6).
  package var isTrial: Bool

  /// What was not understood outside the parts above; if there is any, the policy grants nothing.
  package var misunderstandings: [Misunderstanding]

  package init(
    metadata: Metadata, approval: Approval = .absent, destinations: [Part<DestinationSelector>] = [],
    workloadSelectorCount: Int = 0, entries: [Part<Authorization>]? = nil, usesAuthorizationList: Bool = false,
    excludesNetworkLayer: Bool = false, isTrial: Bool = false, misunderstandings: [Misunderstanding] = []
  ) {
    self.metadata = metadata
    self.approval = approval
    self.destinations = destinations
    self.workloadSelectorCount = workloadSelectorCount
    self.entries = entries
    self.usesAuthorizationList = usesAuthorizationList
    self.excludesNetworkLayer = excludesNetworkLayer
    self.isTrial = isTrial
    self.misunderstandings = misunderstandings
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(kind: "AccessPolicy", namespace: metadata.namespace, name: metadata.name)
  }

  /// Where entry `index` stands: `spec.config.authzList[1]` or `spec.config.authz`.
  package func path(ofEntry index: Int) -> String {
    usesAuthorizationList ? "spec.config.authzList[\(index)]" : "spec.config.authz"
  }
}

/// One of `applyToDestinations[]`.
package struct DestinationSelector: Hashable, Sendable {
  /// What kind of destination is meant; SERVICE is the default and never external.
  package enum Kind: String, Hashable, Sendable {
    case service = "SERVICE"
    case virtualDestination = "VIRTUAL_DESTINATION"
    case externalService = "EXTERNAL_SERVICE"
  }

  /// What kind of destination it selects; only EXTERNAL_SERVICE concerns moat.
  package var kind: Kind

  /// Absent means any.
  package var selector: ObjectSelector

  /// `ExternalService.spec.ports[].number`, or its name; absent means all ports.
  package var port: PortReference?

  package init(kind: Kind = .service, selector: ObjectSelector = ObjectSelector(), port: PortReference? = nil) {
    self.kind = kind
    self.selector = selector
    self.port = port
  }
}

/// One entry of `authzList`, or `authz`: fields AND'ed (A1).
package struct Authorization: Hashable, Sendable {
  /// Nothing is written in it (A5).
  package var isEmpty: Bool

  /// `nil` where absent: grants nothing (A3).
  package var clients: [Part<IdentitySelector>]?

  /// `allowedIpBlocks`: intersects the client's address (A7); empty means any.
  package var ipBlocks: [Part<Prefix>]

  /// Names of fields that only the gateway can judge: `allowedPaths`, `allowedMethods`, `match`, … Sorted.
  package var layer7Conditions: [String]

  /// Whether the entry is a trial, which grants nothing (A6).
  package var dryRun: Bool

  package init(
    isEmpty: Bool = false, clients: [Part<IdentitySelector>]? = nil, ipBlocks: [Part<Prefix>] = [],
    layer7Conditions: [String] = [], dryRun: Bool = false
  ) {
    self.isEmpty = isEmpty
    self.clients = clients
    self.ipBlocks = ipBlocks
    self.layer7Conditions = layer7Conditions
    self.dryRun = dryRun
  }
}

/// One of `allowedClients[]`.
package struct IdentitySelector: Hashable, Sendable {
  /// Absent where only another matcher is given.
  package var serviceAccounts: ObjectSelector?

  /// `externalWorkloadSelector` is given: virtual machines, never pods.
  package var selectsExternalWorkloads: Bool

  /// `requestIdentityMatcher` is given: judged by the gateway alone (A7).
  package var hasRequestIdentity: Bool

  package init(
    serviceAccounts: ObjectSelector? = nil, selectsExternalWorkloads: Bool = false, hasRequestIdentity: Bool = false
  ) {
    self.serviceAccounts = serviceAccounts
    self.selectsExternalWorkloads = selectsExternalWorkloads
    self.hasRequestIdentity = hasRequestIdentity
  }
}
