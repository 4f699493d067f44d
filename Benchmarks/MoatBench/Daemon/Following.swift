import Foundation
import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import ReferenceCluster
import SeededRandom

extension Bench {
  /// From a changed manifest to the first packet that is judged by it: one pod's file is replaced, and a connection from
  /// the pod's own namespace is tried without pause until the answer changes. The pod begins to run, and ends.
  func following() throws -> [Row] {
    let small = try changes(
      try daemon("small", .small, on: ReferenceCluster.ordinaryNode), rounds(quick: 100, full: 500))
    let ordinary = try changes(
      try daemon("ordinary", .init(), on: ReferenceCluster.ordinaryNode), rounds(quick: 20, full: 100))
    let gateway = try changes(
      try daemon("gateway", .init(), on: ReferenceCluster.gatewayNode), rounds(quick: 20, full: 100))
    return latencyRows("a node of its own cluster", small, median: 0.002, worst: 0.010)
      + latencyRows("ordinary node", ordinary, median: nil, worst: nil)
      + latencyRows("gateway node", gateway, median: 0.250, worst: 0.500)
  }

  private func latencyRows(_ node: String, _ times: ChangeTimes, median: Double?, worst: Double?) -> [Row] {
    let samples = Samples(times.opening + times.closing)
    let name = "manifest changed → packet judged, \(node) (\(times.allowances) allowances of \(times.pods) pods)"
    return [
      Row("\(name), p50", samples, target: median.map { .atMost(.seconds($0)) }),
      Row("\(name), p99", samples, percentile: 99, target: worst.map { .atMost(.seconds($0)) }),
    ]
  }

  private func changes(_ bench: DaemonBench, _ count: Int) throws -> ChangeTimes {
    let daemon = try bench.daemon.start().process
    defer { daemon.stop() }
    var chance = Seeded(1)
    let allowances = try bench.daemon.status().enforced?.allowances
    var times = ChangeTimes(
      allowances: (allowances?.hopA ?? 0) + (allowances?.hopB ?? 0), pods: bench.shape.pods)
    try bench.asClient { connector in
      _ = try connector.seconds(from: .now, until: true)
      // The kernel is still telling of hundreds of new interfaces.
      sleep(3)
      for _ in 0..<count {
        times.closing.append(try connector.seconds(from: try bench.pod.set(isRunning: false), until: false))
        usleep(UInt32.random(in: 40_000...60_000, using: &chance))
        times.opening.append(try connector.seconds(from: try bench.pod.set(isRunning: true), until: true))
        usleep(UInt32.random(in: 40_000...60_000, using: &chance))
      }
    }
    return times
  }

  /// From somebody else's change of an unowned table to the first packet that is judged rightly again: the client's
  /// allowances are deleted.
  func repairs() throws -> [Row] {
    let bench = try daemon("repair", .small, on: ReferenceCluster.ordinaryNode)
    let daemon = try bench.daemon.start(["--no-owner"]).process
    defer { daemon.stop() }
    let intruder = try bench.lab.inside(.node(bench.daemon.node)) { try LibnftnlKernel() }
    var times: [Double] = []
    var chance = Seeded(1)
    try bench.asClient { connector in
      _ = try connector.seconds(from: .now, until: true)
      for _ in 0..<rounds(quick: 100, full: 500) {
        try intruder.deleteClients()
        times.append(try connector.seconds(from: .now, until: true))
        // Until the daemon has read the kernel back and cut what the change let through.
        usleep(UInt32.random(in: 40_000...60_000, using: &chance))
      }
    }
    let samples = Samples(times)
    return [
      Row("foreign change of an unowned table → repaired, p50", samples),
      Row(
        "foreign change of an unowned table → repaired, p99", samples, percentile: 99, target: .atMost(.seconds(0.020))),
    ]
  }

  /// A daemon's surroundings in a folder of their own.
  func daemon(_ name: String, _ shape: ReferenceCluster.Shape, on node: String) throws -> DaemonBench {
    let folder = files.folder.appending(path: name)
    return try DaemonBench(shape, on: node, folder: folder, moat: moat)
  }
}

private struct ChangeTimes {
  var allowances: Int
  var pods: Int
  var opening: [Double] = []
  var closing: [Double] = []
}

extension ReferenceCluster.Shape {
  /// A cluster of two nodes: what an ordinary node sees that is told of its own pods alone.
  static var small: Self {
    var shape = Self()
    (shape.nodes, shape.podsPerNode) = (2, 250)
    (shape.namespaces, shape.accountsPerNamespace, shape.services) = (8, 5, 20)
    shape.allowances = 2_400
    return shape
  }
}

extension LibnftnlKernel {
  /// Deletes every element of `clients4`, at whatever generation there is.
  fileprivate func deleteClients() throws {
    while true {
      let (ruleset, generation) = try read()
      guard let table = ruleset?.tables.first(where: { $0.id.family == .inet }), let set = table.set("clients4") else {
        throw BenchError("the kernel has no clients4")
      }
      guard case .keys(let keys) = set.elements, !keys.isEmpty else { continue }
      do throws(KernelError) {
        return try commit(Transaction([.deleteElements(table.id, set.definition, set.elements)]), at: generation)
      } catch { guard error.isOutrun else { throw error } }
    }
  }
}
