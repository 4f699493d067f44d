import ClusterModel
import EgressPolicy
import EgressRuleset
import NetworkValues
import SeededRandom
import Testing

/// What is kept from one derivation to the next saves work and changes nothing.
@Suite struct StepTests {
  /// A daemon's life: objects come, go and change, one or several at a time.
  @Test(arguments: scenarioNames)
  func `A derivation that follows another gives what a fresh one gives`(name: String) throws {
    let (original, configuration) = try inputs(of: name)
    for seed in 0..<UInt64(10) {
      var generator = Seeded(seed)
      var snapshot = original
      var settings = configuration
      var model: EgressModel?
      var nodes: [NodeName: NodeFlows] = [:]
      var rulesets: [NodeName: LoweredFlows] = [:]
      for step in 0..<12 {
        let next = EgressModel(snapshot, under: settings, after: model)
        for node in original.nodes.map(\.name) {
          let fresh = EgressModel(snapshot, under: settings).flows(on: node)
          let followed = NodeFlows(next, on: node, after: nodes[node])
          let lowered = LoweredFlows(followed.flows, after: rulesets[node])
          #expect(followed.flows == fresh, "\(name), node \(node), seed \(seed), step \(step)")
          #expect(lowered.ruleset == lower(fresh), "\(name), node \(node), seed \(seed), step \(step)")
          nodes[node] = followed
          rulesets[node] = lowered
        }
        model = next
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
          snapshot.change(towards: original, using: &generator)
          if Int.random(in: 0..<6, using: &generator) == 0 { settings.change(using: &generator) }
        }
      }
    }
  }

  @Test func `A step is made again where any input differs, and only there`() {
    var count = 0
    let make = { (one: Int, other: String) -> String in
      count += 1
      return "\(one)\(other)"
    }
    let first = Step(after: nil, 1, "a", make: make)
    let same = Step(after: first, 1, "a", make: make)
    #expect((same.output, count) == ("1a", 1))
    #expect((Step(after: same, 2, "a", make: make).output, count) == ("2a", 2))
    #expect((Step(after: same, 1, "b", make: make).output, count) == ("1b", 3))
  }
}

extension ClusterSnapshot {
  /// Removes an object, brings back all of a kind, or changes one.
  fileprivate mutating func change(towards original: ClusterSnapshot, using generator: inout Seeded) {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: removeOne(using: &generator)
    case 1: self = original
    case 6:
      guard let place = pods.indices.randomElement(using: &generator) else { return }
      let other = pods.remove(at: place)
      pods.insert(other, at: Int.random(in: 0...pods.count, using: &generator))
      guard let one = pods.indices.randomElement(using: &generator) else { return }
      pods[one].hostNetwork.toggle()
    case 8:
      guard let place = accessPolicies.indices.randomElement(using: &generator),
        let other = accessPolicies.randomElement(using: &generator)
      else { return }
      if Bool.random(using: &generator) { accessPolicies[place].entries = other.entries }
      if Bool.random(using: &generator) { accessPolicies[place].destinations = other.destinations }
    case 9:
      guard var policy = accessPolicies.randomElement(using: &generator) else { return }
      // Sometimes a second one of the same name.
      if Int.random(in: 0..<4, using: &generator) > 0 { policy.metadata.name += "-next" }
      policy.destinations = accessPolicies.randomElement(using: &generator)?.destinations ?? []
      accessPolicies.insert(policy, at: Int.random(in: 0...accessPolicies.count, using: &generator))
    case 7:
      guard var pod = pods.randomElement(using: &generator) else { return }
      pod.metadata.name += "-next"
      pod.node = nodes.randomElement(using: &generator)?.name
      pod.addresses = pod.addresses.map { IPAddress($0.family, $0.value ^ 0x40) }
      pods.insert(pod, at: Int.random(in: 0...pods.count, using: &generator))
    case 2:
      guard let place = pods.indices.randomElement(using: &generator) else { return }
      pods[place].phase = [.succeeded, .running, .notUnderstood].randomElement(using: &generator) ?? .running
    case 3:
      guard let one = pods.indices.randomElement(using: &generator),
        let other = pods.indices.randomElement(using: &generator)
      else { return }
      pods[one].addresses = pods[other].addresses
    case 4:
      guard let place = serviceAccounts.indices.randomElement(using: &generator) else { return }
      serviceAccounts[place].metadata.labels = serviceAccounts.randomElement(using: &generator)?.metadata.labels ?? [:]
    default:
      guard let place = nodes.indices.randomElement(using: &generator) else { return }
      nodes[place].metadata.labels = nodes.randomElement(using: &generator)?.metadata.labels ?? [:]
    }
  }

  private mutating func removeOne(using generator: inout Seeded) {
    switch Int.random(in: 0..<9, using: &generator) {
    case 0: pods.removeOne(using: &generator)
    case 1: nodes.removeOne(using: &generator)
    case 2: services.removeOne(using: &generator)
    case 3: serviceAccounts.removeOne(using: &generator)
    case 4: externalServices.removeOne(using: &generator)
    case 5: externalEndpoints.removeOne(using: &generator)
    case 6: virtualGateways.removeOne(using: &generator)
    case 7: accessPolicies.removeOne(using: &generator)
    default: workspaceSettings.removeOne(using: &generator)
    }
  }
}

extension Array {
  fileprivate mutating func removeOne(using generator: inout Seeded) {
    if let place = indices.randomElement(using: &generator) { remove(at: place) }
  }
}

extension Configuration {
  fileprivate mutating func change(using generator: inout Seeded) {
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: gateways.unpoliced = gateways.unpoliced == .deny ? .allow : .deny
    case 1: mode = mode == .audit ? .enforce : .audit
    default: names.hosts = names.hosts.filter { _ in Bool.random(using: &generator) }
    }
  }
}
