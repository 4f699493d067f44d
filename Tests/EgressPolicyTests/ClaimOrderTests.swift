import ClusterModel
import NetworkValues
import SeededRandom
import Testing

@testable import EgressPolicy

/// Properties of "first claim wins", with seeds.
struct ClaimOrderTests {
  private static let pods = (1...6).map { pod("p\($0)", "10.0.0.\($0)", "fd00::\($0)") }

  /// A node where each pod's interface shows its addresses first.
  private func first() -> (node: BindingNode, bound: [UInt32: String]) {
    var node = BindingNode()
    for number in 1...6 { node.link(UInt32(number + 10), seen: ["10.0.0.\(number)", "fd00::\(number)"]) }
    let bound = node.bound(Self.pods)
    return (node, bound)
  }

  /// Any claims of any pods after the first, in any order, with pods listed in any order.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func laterClaimsInAnyOrderChangeNothing(seed: UInt64) {
    var random = Seeded(seed)
    var (node, expected) = first()
    #expect(expected.count == 6)
    let claims = (0..<20).map { _ in
      (
        UInt32.random(in: 11...16, using: &random),
        (0..<Int.random(in: 0...4, using: &random)).map { _ in
          (Bool.random(using: &random) ? "10.0.0." : "fd00::") + "\(Int.random(in: 1...8, using: &random))"
        }
      )
    }
    for (index, addresses) in claims.shuffled(using: &random) {
      node.see(index, Array(Set(addresses)))
      #expect(node.bound(Self.pods.shuffled(using: &random)) == expected)
    }
  }

  /// However interfaces come and go, no pod is ever bound to another pod's interface.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func nobodyBecomesAnother(seed: UInt64) {
    var random = Seeded(seed)
    var (node, expected) = first()
    for _ in 0..<30 {
      let number = Int.random(in: 1...6, using: &random)
      let index = UInt32(number + 10)
      switch Int.random(in: 0...2, using: &random) {
      case 0: node.see(index, ["10.0.0.\(Int.random(in: 1...6, using: &random))"])
      case 1: node.links.removeAll { $0.index == index }
      default: node.see(index, (1...6).map { "10.0.0.\($0)" })
      }
      for (index, text) in node.bound(Self.pods.shuffled(using: &random)) { #expect(expected[index] == text) }
    }
  }
}
