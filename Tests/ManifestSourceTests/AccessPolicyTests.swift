import ClusterModel
import NetworkValues
import Testing

@Suite struct AccessPolicyTests {
  @Test func allFields() throws {
    let policy = try #require(
      accessPolicy(
        """
        applyToDestinations:
        - { kind: EXTERNAL_SERVICE, port: { number: 443 }, selector: { name: a, labels: { x: y }, workspace: w } }
        - { kind: 2 }
        - {}
        applyToWorkloads: [{ selector: { labels: { a: b } } }]
        config:
          authn: { tlsMode: STRICT }
          enforcementLayers: { mesh: true }
          authz:
            allowedClients: [{}, { requestIdentityMatcher: { requestPrincipals: [a] } }]
            allowedPaths: [/a]
            allowedMethods: []
            match: { request: { headers: {} } }
            allowedIpBlocks: [10.0.0.0/8, 10.0.0.1/8]
            allowedRemoteIpBlocks: [1.2.3.4]
        """))
    #expect(policy.misunderstandings.isEmpty)
    let selector = ObjectSelector(labels: ["x": "y"], name: "a", workspace: "w")
    #expect(
      policy.destinations == [
        .understood(DestinationSelector(kind: .externalService, selector: selector, port: .number(443))),
        .understood(DestinationSelector(kind: .externalService)), .understood(DestinationSelector()),
      ])
    #expect(policy.workloadSelectorCount == 1)
    #expect(policy.excludesNetworkLayer)
    #expect(!policy.usesAuthorizationList)
    let entry = try #require(policy.entries?.first?.value)
    #expect(
      entry.clients == [
        .understood(IdentitySelector()), .understood(IdentitySelector(hasRequestIdentity: true)),
      ])
    #expect(entry.layer7Conditions == ["allowedPaths", "allowedRemoteIpBlocks", "match"])
    #expect(entry.ipBlocks.map { $0.value?.description } == ["10.0.0.0/8", nil])
    #expect(!entry.isEmpty && !entry.dryRun)
  }

  @Test func listWins() throws {
    let both = try #require(
      accessPolicy("config:\n  authz: { allowedClients: [{}] }\n  authzList: [{ dryRun: true }, {}, null, 1]"))
    #expect(both.usesAuthorizationList)
    #expect(both.entries?.map { $0.value?.isEmpty } == [false, true, true, nil])
    #expect(both.entries?.first?.value?.dryRun == true)
    #expect(both.entries?.last?.misunderstanding?.path == both.path(ofEntry: 3))
    let none = try #require(accessPolicy("config:\n  authz: { allowedClients: [{}] }\n  authzList: []"))
    #expect(none.entries == [])
    let null = try #require(accessPolicy("config:\n  authz: { allowedClients: [{}] }\n  authzList:"))
    #expect(null.entries == nil)
    #expect(null.misunderstandings.map(\.path) == ["spec.config.authzList"])
    #expect(try #require(accessPolicy("config: { authz: {} }")).entries?.first?.value?.isEmpty == true)
    #expect(try #require(accessPolicy("config: {}")).entries == nil)
  }

  @Test(arguments: [
    ("allowedClients: { serviceAccountSelector: {} }", "allowedClients"), ("deniedClients: []", "deniedClients"),
    ("dryRun: 1", "dryRun"), ("allowedPaths: /a", "allowedPaths"), ("allowedMethods: [1]", "allowedMethods[0]"),
    ("match: []", "match"), ("allowedIpBlocks: 10.0.0.0/8", "allowedIpBlocks"),
  ])
  func entryNotUnderstood(_ entry: String, path: String) throws {
    let policy = try #require(accessPolicy("config:\n  authzList:\n  - \(entry)"))
    #expect(policy.misunderstandings.isEmpty)
    #expect(policy.entries?.first?.misunderstanding?.path == "spec.config.authzList[0].\(path)")
  }

  @Test(arguments: [
    ("serviceAccountSelector: { lables: {} }", "serviceAccountSelector.lables"),
    ("serviceAccountSelector: null", "serviceAccountSelector"),
    ("serviceAccountSelector: { labels: { a: 1 } }", "serviceAccountSelector.labels.a"),
    ("serviceAccountSelector: { name: '' }", "serviceAccountSelector.name"),
    ("serviceAccount: x", "serviceAccount"), ("requestIdentityMatcher: 1", "requestIdentityMatcher"),
  ])
  func clientNotUnderstood(_ client: String, path: String) throws {
    let policy = try #require(accessPolicy("config:\n  authz:\n    allowedClients:\n    - \(client)"))
    let clients = policy.entries?.first?.value?.clients
    #expect(clients?.first?.misunderstanding?.path == "spec.config.authz.allowedClients[0].\(path)")
  }

  @Test(arguments: [
    ("serviceIsolation: true", "spec.serviceIsolation"), ("applyToDestinations: {}", "spec.applyToDestinations"),
    ("applyToDestinations:", "spec.applyToDestinations"), ("applyToWorkloads: 1", "spec.applyToWorkloads"),
    ("config: { authn: { tlsMode: HARD } }", "spec.config.authn.tlsMode"), ("config: []", "spec.config"),
    ("config: { authz: {}, action: DENY }", "spec.config.action"),
    ("config: { enforcementLayers: { cni: 'yes' } }", "spec.config.enforcementLayers.cni"),
  ])
  func objectNotUnderstood(_ spec: String, path: String) throws {
    #expect(try #require(accessPolicy(spec)).misunderstandings.map(\.path) == [path])
  }

  @Test(arguments: [("'true'", true), ("'false'", false)])
  func annotatedTrial(_ word: String, isTrial: Bool) throws {
    let policy = try #require(annotated("{ moat.dev/dry-run: \(word), other: x }"))
    #expect(policy.isTrial == isTrial && policy.misunderstandings.isEmpty)
  }

  /// What cannot be understood as no trial grants nothing.
  @Test(arguments: ["{ moat.dev/dry-run: true }", "{ moat.dev/dry-run: 'yes' }", "{ moat.dev/dry-run: }", "[]", "x"])
  func annotationNotUnderstood(_ annotations: String) throws {
    let policy = try #require(annotated(annotations))
    #expect(!policy.isTrial && policy.misunderstandings.count == 1)
    #expect(policy.misunderstandings.first?.path.hasPrefix("metadata.annotations") == true)
  }

  @Test(arguments: ["{}", "", "{ moat.dev/dryrun: 'true' }"])
  func noTrial(_ annotations: String) throws {
    let policy = try #require(annotated(annotations))
    #expect(!policy.isTrial && policy.misunderstandings.isEmpty)
  }

  @Test(arguments: ["kind: POD", "kind: 7", "kind: service", "port: 443", "port: {}", "selector: x", "name: x"])
  func destinationNotUnderstood(_ field: String) throws {
    let policy = try #require(accessPolicy("applyToDestinations:\n- \(field)"))
    #expect(policy.destinations.first?.misunderstanding != nil)
  }
}

private func accessPolicy(_ spec: String) -> AccessPolicy? {
  read(manifest("security.policy.gloo.solo.io/v2", "AccessPolicy", spec)).snapshot.accessPolicies.first
}

/// A policy with these annotations.
private func annotated(_ annotations: String) -> AccessPolicy? {
  read(
    """
    apiVersion: security.policy.gloo.solo.io/v2
    kind: AccessPolicy
    metadata: { name: x, namespace: n, annotations: \(annotations) }
    spec: { config: { authz: { allowedClients: [{}] } } }
    """
  ).snapshot.accessPolicies.first
}
