import ClusterModel
import EgressPolicy
import EgressRuleset
import ManifestSource
import NetworkValues
import Nftables
import ReferenceCluster

extension Bench {
  /// What a daemon computes when one of its node's pods begins or ends: from the new snapshot to the transaction.
  func rederivation() throws -> [Row] {
    let (small, smallConfiguration) = try smallCluster()
    let (large, configuration) = try cluster()
    return [
      try rederivation(
        of: small, smallConfiguration, "ordinary node of its own cluster", rounds(quick: 200, full: 1000)),
      try rederivation(
        of: large, configuration, "ordinary node of the reference cluster", rounds(quick: 20, full: 100)),
    ]
  }

  private func rederivation(
    of snapshot: ClusterSnapshot, _ configuration: Configuration, _ what: String, _ rounds: Int
  ) throws -> Row {
    let node = NodeName(rawValue: ReferenceCluster.ordinaryNode)
    var snapshot = snapshot
    snapshot.hostInterfaces = HostInterfaces(ofRoutedPods: snapshot.pods.filter { $0.node == node })
    guard let place = snapshot.pods.firstIndex(where: { $0.node == node }) else { throw BenchError("no pod") }
    var state = NodeState(snapshot, configuration, node)
    var samples: [Double] = []
    var caches = Caches()
    for round in 0..<rounds {
      snapshot.pods[place].phase = round.isMultiple(of: 2) ? .succeeded : .running
      var next = state
      caches.evict()
      samples.append(seconds { next = NodeState(snapshot, configuration, node, after: state) })
      guard !next.transaction.isEmpty else { throw BenchError("a pod that begins or ends changes nothing") }
      state = next
    }
    return Row("one pod begins or ends: bind, derive, lower, compare; \(what)", Samples(samples))
  }

  private func smallCluster() throws -> (ClusterSnapshot, Configuration) {
    let files = ClusterFiles(folder: files.folder.appending(path: "small-cluster"))
    try files.write(ReferenceCluster(.small, seed: 1))
    return try loadCluster(files)
  }
}

/// The processor's caches, as a daemon finds them that slept: full of what others did.
private struct Caches {
  private var others = [UInt64](repeating: 1, count: 8 << 20)

  mutating func evict() {
    for place in stride(from: 0, to: others.count, by: 8) { others[place] &+= 1 }
  }
}

/// Everything that follows from one snapshot on one node.
private struct NodeState {
  let bindings: InterfaceBindings
  let model: EgressModel
  let node: NodeFlows
  let lowered: LoweredFlows
  let transaction: Transaction

  init(
    _ snapshot: ClusterSnapshot, _ configuration: Configuration, _ name: NodeName, after previous: NodeState? = nil
  ) {
    bindings = bindInterfaces(
      of: snapshot, on: name, under: configuration, after: previous?.bindings ?? InterfaceBindings())
    model = EgressModel(snapshot, under: configuration, bound: bindings, after: previous?.model)
    node = NodeFlows(model, on: name, after: previous?.node)
    lowered = LoweredFlows(node.flows, after: previous?.lowered)
    transaction = difference(from: previous?.lowered.ruleset, to: lowered.ruleset)
  }
}

extension HostInterfaces {
  /// An uplink, and a veth with a host route for each pod.
  fileprivate init(ofRoutedPods pods: [Pod]) {
    self.init()
    links = [
      HostLink(index: 1, appearance: 1, name: "lo", flags: 0x9), HostLink(index: 2, appearance: 2, name: "eth0"),
    ]
    for (number, pod) in pods.enumerated() {
      let index = UInt32(10 + number)
      links.append(
        HostLink(
          index: index, appearance: UInt64(index), name: "veth\(number)", kind: "veth", peer: 2,
          peerNamespace: Int32(number), flags: 0x1, peerAddresses: pod.addresses))
      hostRoutes += pod.addresses.map { HostRoute(to: $0, index: index) }
    }
    hostRoutes.sort()
    defaultRoutes = [2]
  }
}
