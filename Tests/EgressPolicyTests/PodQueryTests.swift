import ClusterModel
import EgressPolicy
import EgressRuleset
import SeededRandom
import Testing

/// The pods that a node asks for are enough: what it enforces is what it would enforce if it knew every pod.
@Suite struct PodQueryTests {
  @Test(arguments: scenarioNames)
  func `A node that knows the pods it asks for enforces the same`(name: String) throws {
    let (whole, configuration) = try inputs(of: name)
    for seed in 0..<UInt64(30) {
      var generator = Seeded(seed)
      let snapshot = seed == 0 ? whole.uncontested : whole.uncontested.thinned(using: &generator)
      let model = EgressModel(snapshot, under: configuration)
      for node in model.nodeNames {
        let (known, queries) = known(of: snapshot, on: node, under: configuration)
        let ruleset = lower(EgressModel(known, under: configuration).flows(on: node))
        #expect(
          ruleset == lower(model.flows(on: node)),
          "\(name), node \(node), seed \(seed): \(queries.map(\.description).sorted())")
      }
    }
  }

  @Test func `A node without gateway pods asks for its own and the gateways' only`() throws {
    let (snapshot, configuration) = try inputs(of: "01-httpbin")
    let gateway = PodQuery.labelled(
      ["app": "istio-egressgateway", "istio": "egressgateway"], namespace: "istio-egress")
    let worker = NodeName(rawValue: "worker-1")
    let egress = NodeName(rawValue: "egress-1")
    #expect(known(of: snapshot, on: worker, under: configuration).queries == [.node(worker), gateway])
    let client = ServiceAccountName(namespace: "bookinfo", name: "bookinfo-productpage")
    #expect(
      known(of: snapshot, on: egress, under: configuration).queries == [.node(egress), gateway, .identity(client)])
  }

  @Test func `Many clients are asked for by asking for all pods`() throws {
    var (snapshot, configuration) = try inputs(of: "01-httpbin")
    for number in 0..<20 {
      let labels = ["account": "productpage"]
      snapshot.serviceAccounts.append(
        NamedObject(metadata: Metadata(name: "more-\(number)", namespace: "bookinfo", labels: labels)))
    }
    let queries = EgressModel(snapshot, under: configuration).podQueries(on: NodeName(rawValue: "egress-1"))
    #expect(queries.contains(.all) && !queries.contains { if case .identity = $0 { true } else { false } })
  }

  @Test(arguments: [
    ["app": "a,b!=c"], ["app": "x in (y)"], ["a b": "x"], ["../x": "y"], ["app": "-x"], ["": "x"],
    ["app": String(repeating: "x", count: 64)], ["A/b": "c"], ["a/b/c": "d"],
  ])
  func `Labels that no pod can have are not asked for`(labels: [String: String]) throws {
    var (snapshot, configuration) = try inputs(of: "01-httpbin")
    snapshot.services = []
    for index in snapshot.virtualGateways.indices {
      let selector = ObjectSelector(labels: labels, namespace: "istio-egress")
      snapshot.virtualGateways[index].workloads = snapshot.virtualGateways[index].workloads?.map { part in
        guard var workload = part.value else { return part }
        workload.selector = selector
        return .understood(workload)
      }
    }
    let worker = NodeName(rawValue: "worker-1")
    #expect(EgressModel(snapshot, under: configuration).podQueries(on: worker) == [.node(worker)])
  }
}

/// What a node knows that follows its queries until they stay the same.
private func known(
  of snapshot: ClusterSnapshot, on node: NodeName, under configuration: Configuration
) -> (snapshot: ClusterSnapshot, queries: Set<PodQuery>) {
  var queries: Set<PodQuery> = [.node(node)]
  while true {
    var known = snapshot
    known.pods = snapshot.pods.filter { pod in queries.contains { $0.selects(pod) } }
    let next = EgressModel(known, under: configuration).podQueries(on: node)
    if next == queries { return (known, queries) }
    queries = next
  }
}

extension ClusterSnapshot {
  /// Without pods that claim another's address: who else claims an address is judged among the pods that are known.
  fileprivate var uncontested: ClusterSnapshot {
    var result = self
    let claims = Dictionary(grouping: pods.filter { !$0.hostNetwork }.flatMap(\.addresses), by: \.self)
    result.pods.removeAll { pod in pod.addresses.contains { claims[$0, default: []].count > 1 } }
    return result
  }

  /// Without some ServiceAccounts, Services and pods.
  fileprivate func thinned(using generator: inout Seeded) -> ClusterSnapshot {
    var result = self
    result.serviceAccounts.removeAll { _ in Int.random(in: 0..<4, using: &generator) == 0 }
    result.services.removeAll { _ in Int.random(in: 0..<6, using: &generator) == 0 }
    result.pods.removeAll { _ in Int.random(in: 0..<10, using: &generator) == 0 }
    return result
  }
}
