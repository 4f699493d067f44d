import ClusterModel
import NetworkValues
import SeededRandom
import Testing

@testable import EgressPolicy

/// Bindings that follow others from the pods that changed are those that weighing all evidence again gives.
struct FollowingBindingsTests {
  private let node = NodeName(rawValue: "n1")

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `Following changes nothing`(seed: UInt64) {
    var random = Seeded(seed)
    var snapshot = ClusterSnapshot()
    snapshot.pods = (1...8).map { pod($0) }
    snapshot.hostInterfaces = interfaces(of: 1...10, using: &random)
    var followed = InterfaceBindings()
    var followings = 0
    for step in 0..<40 {
      var weighing = followed
      weighing.kept.isPlain = false
      let weighed = bindInterfaces(of: snapshot, on: node, under: Configuration(), after: weighing)
      let next = bindInterfaces(of: snapshot, on: node, under: Configuration(), after: followed)
      #expect(next == weighed, "seed \(seed), step \(step)")
      #expect(next.kept.isPlain == weighed.kept.isPlain, "seed \(seed), step \(step)")
      #expect(next.claimed == next.claimed.sortedUnique())
      if followed.kept.isPlain, next.kept.isPlain { followings += 1 }
      followed = next
      change(&snapshot, using: &random)
    }
    #expect(followings > 0, "seed \(seed)")
  }

  private func pod(_ number: Int, _ others: [String] = []) -> Pod {
    Pod(
      metadata: Metadata(name: "p\(number)", namespace: "n"), node: node,
      addresses: (["10.0.0.\(number)", "fd00::\(number)"] + others).map(address))
  }

  /// A veth with routes for each number, some of which show an address that is another's. Those of pods that come later
  /// are theirs or another's by the CNI's results.
  private func interfaces(of numbers: ClosedRange<Int>, using random: inout Seeded) -> HostInterfaces {
    var host = BindingNode()
    for number in numbers {
      host.link(UInt32(number + 10), seen: ["10.0.0.\(number)", "fd00::\(Int.random(in: 1...10, using: &random))"])
      host.route("10.0.0.\(number)", UInt32(number + 10))
      host.route("fd00::\(number)", UInt32(number + 10))
      if number > 8 {
        let owner = Bool.random(using: &random) ? "p\(number)" : "other"
        host.result(owner, "veth\(number + 10)", "10.0.0.\(number)")
      }
    }
    return host.interfaces
  }

  private func change(_ snapshot: inout ClusterSnapshot, using random: inout Seeded) {
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let number = Int.random(in: 1...10, using: &random)
      let place = snapshot.pods.indices.randomElement(using: &random)
      switch Int.random(in: 0..<12, using: &random) {
      case 0...3:
        snapshot.pods.removeAll { $0.metadata.name == "p\(number)" }
        snapshot.pods.insert(pod(number), at: Int.random(in: 0...snapshot.pods.count, using: &random))
      case 4, 5: if let place { snapshot.pods.remove(at: place) }
      case 6, 7:
        if let place { snapshot.pods[place].phase = [.succeeded, .running].randomElement(using: &random) ?? .running }
      case 8: if let place { snapshot.pods[place].addresses.reverse() }
      case 9:
        // Rarely: an address that is another's, or has no route.
        guard let place, Int.random(in: 0..<6, using: &random) == 0 else { return }
        let stolen = address("10.0.0.\(Int.random(in: 1...12, using: &random))")
        snapshot.pods[place].addresses.append(stolen)
      case 10:
        guard let place else { return }
        snapshot.pods[place].node = Bool.random(using: &random) ? node : NodeName(rawValue: "n2")
      default:
        guard Int.random(in: 0..<6, using: &random) == 0 else { return }
        snapshot.hostInterfaces?.links.removeAll { $0.index == UInt32(number + 10) }
        snapshot.hostInterfaces?.hostRoutes.removeAll { $0.index == UInt32(number + 10) }
      }
    }
  }
}
