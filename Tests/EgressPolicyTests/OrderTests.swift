import ClusterModel
import EgressPolicy
import EgressRuleset
import SeededRandom
import Testing

/// Derivation depends on what the objects say, not on the order in which they stand.
@Suite struct OrderTests {
  @Test(arguments: scenarioNames)
  func `Shuffled objects give the same flows and rulesets`(name: String) throws {
    let (snapshot, configuration) = try inputs(of: name)
    let model = EgressModel(snapshot, under: configuration)
    try #require(!model.nodeNames.isEmpty)
    for seed in 0..<UInt64(20) {
      var generator = Seeded(seed)
      let shuffled = EgressModel(snapshot.shuffled(using: &generator), under: configuration)
      for node in model.nodeNames {
        let (expected, found) = (model.flows(on: node), shuffled.flows(on: node))
        #expect(found == expected, "\(name), node \(node), seed \(seed)")
        #expect(lower(found) == lower(expected), "\(name), node \(node), seed \(seed)")
      }
    }
  }

  @Test func `The same objects twice in a row give the same value`() throws {
    let (snapshot, configuration) = try inputs(of: "01-httpbin")
    let node = NodeName(rawValue: "egress-1")
    let first = deriveEgress(from: snapshot, on: node, under: configuration)
    #expect(deriveEgress(from: snapshot, on: node, under: configuration) == first)
  }
}

extension ClusterSnapshot {
  /// The same objects in another order.
  fileprivate func shuffled(using generator: inout Seeded) -> ClusterSnapshot {
    var result = self
    result.pods.shuffle(using: &generator)
    result.nodes.shuffle(using: &generator)
    result.services.shuffle(using: &generator)
    result.namespaces.shuffle(using: &generator)
    result.serviceAccounts.shuffle(using: &generator)
    result.serviceCIDRs.shuffle(using: &generator)
    result.apiServerEndpoints.shuffle(using: &generator)
    result.externalServices.shuffle(using: &generator)
    result.externalEndpoints.shuffle(using: &generator)
    result.virtualGateways.shuffle(using: &generator)
    result.accessPolicies.shuffle(using: &generator)
    result.workspaces.shuffle(using: &generator)
    result.workspaceSettings.shuffle(using: &generator)
    return result
  }
}
