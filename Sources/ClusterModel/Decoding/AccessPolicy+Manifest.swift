extension AccessPolicy {
  /// Reads an AccessPolicy, strictly (S11).
  ///
  /// See: Gloo Mesh API reference, security.policy.gloo.solo.io/v2
  init(_ manifest: Manifest) {
    var faults = FaultList()
    let spec = faults.spec(of: manifest, fields: ["applyToDestinations", "applyToWorkloads", "config"])
    let config = faults.section(spec["config"], of: ["authn", "authz", "authzList", "enforcementLayers"])
    self.init(metadata: manifest.metadata, approval: Approval(of: manifest))
    faults.setParts(&destinations, from: spec["applyToDestinations"], ManifestReader.destinationSelector)
    workloadSelectorCount = faults.read(spec["applyToWorkloads"], ManifestReader.elements)?.count ?? 0
    usesAuthorizationList = config["authzList"] != nil
    if let list = config["authzList"] {
      entries = faults.parts(list, ManifestReader.authorization)
    } else {
      entries = config["authz"].map { [$0.part(ManifestReader.authorization)] }
    }
    excludesNetworkLayer = faults.read(config["enforcementLayers"], ManifestReader.excludesNetworkLayer) ?? false
    _ = faults.read(config["authn"], ManifestReader.checkAuthentication)
    let annotations = faults.section(manifest.annotations)
    isTrial = faults.read(annotations["moat.dev/dry-run"], ManifestReader.trial) ?? false
    misunderstandings = faults.misunderstandings
  }
}

/// The values of the annotation `moat.dev/dry-run`, which are strings.
private enum TrialWord: String, CaseIterable {
  case `true`, `false`
}

extension ManifestReader {
  /// Whether the annotation makes the policy a trial.
  fileprivate func trial() throws(ManifestFault) -> Bool {
    let word: TrialWord = try keyword()
    return word == .true
  }

  /// One of `spec.applyToDestinations`.
  fileprivate func destinationSelector() throws(ManifestFault) -> DestinationSelector {
    let fields = try object(of: ["selector", "kind", "port"])
    let kinds = ["SERVICE", "VIRTUAL_DESTINATION", "EXTERNAL_SERVICE"]
    let kind = try fields["kind"]?.word(of: kinds) ?? "SERVICE"
    return DestinationSelector(
      kind: DestinationSelector.Kind(rawValue: kind) ?? .service,
      selector: try fields["selector"]?.objectSelector() ?? ObjectSelector(),
      port: try fields["port"]?.portSelector())
  }

  /// `config.authn`, which decides nothing on the node.
  fileprivate func checkAuthentication() throws(ManifestFault) {
    _ = try object(of: ["tlsMode"])["tlsMode"]?.word(of: ["DISABLE", "PERMISSIVE", "STRICT"])
  }

  /// `config.enforcementLayers`: once a layer is named, only the named ones count.
  fileprivate func excludesNetworkLayer() throws(ManifestFault) -> Bool {
    let fields = try object(of: ["cni", "mesh"])
    _ = try fields["mesh"]?.boolean()
    let cni = try fields["cni"]?.boolean() ?? false
    return !fields.isEmpty && !cni
  }

  /// `config.authz`, or one of `config.authzList`. Null is an entry with nothing in it.
  fileprivate func authorization() throws(ManifestFault) -> Authorization {
    if value.content == .null { return Authorization(isEmpty: true) }
    let requestFields = ["allowedPaths", "allowedMethods", "allowedRemoteIpBlocks"]
    let fields = try object(of: ["allowedClients", "allowedIpBlocks", "match", "dryRun"] + requestFields)
    var conditions: [String] = []
    for name in requestFields {
      if try fields[name]?.list(ManifestReader.text).isEmpty == false { conditions.append(name) }
    }
    if try fields["match"]?.object().isEmpty == false { conditions.append("match") }
    return Authorization(
      isEmpty: fields.isEmpty, clients: try fields["allowedClients"]?.parts(ManifestReader.identitySelector),
      ipBlocks: try fields["allowedIpBlocks"]?.parts(ManifestReader.prefix) ?? [],
      layer7Conditions: conditions.sorted(), dryRun: try fields["dryRun"]?.boolean() ?? false)
  }

  /// One of `allowedClients`.
  private func identitySelector() throws(ManifestFault) -> IdentitySelector {
    let fields = try object(of: ["serviceAccountSelector", "externalWorkloadSelector", "requestIdentityMatcher"])
    _ = try fields["externalWorkloadSelector"]?.objectSelector()
    try fields["requestIdentityMatcher"]?.checkRequestIdentity()
    let selector = try fields["serviceAccountSelector"]?.objectSelector()
    return IdentitySelector(
      serviceAccounts: selector,
      selectsExternalWorkloads: fields["externalWorkloadSelector"] != nil,
      hasRequestIdentity: fields["requestIdentityMatcher"] != nil)
  }

  private func checkRequestIdentity() throws(ManifestFault) {
    let fields = try object(of: ["requestPrincipals", "notRequestPrincipals"])
    for name in ["requestPrincipals", "notRequestPrincipals"] { _ = try fields[name]?.list(ManifestReader.text) }
  }
}
