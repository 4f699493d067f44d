import ClusterModel
import NetworkValues
import Testing

@testable import EgressPolicy

/// Who is behind which interface, by evidence of each rank (S9).
struct InterfaceBindingTests {
  @Test func routeComesBeforeEverything() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.2"])
    node.link(6, seen: ["10.0.0.1"])
    node.route("10.0.0.1", 5)
    node.route("10.0.0.2", 6)
    #expect(node.bound(pod("a", "10.0.0.1"), pod("b", "10.0.0.2")) == [5: "a 10.0.0.1", 6: "b 10.0.0.2"])
    #expect(node.codes.contains(.addressClaimedLater))
  }

  @Test func routesThatPointToSeveralInterfacesOrToNoPodBindNothing() {
    var node = BindingNode()
    node.link(5)
    node.link(6)
    node.link(2, kind: nil)
    node.route("10.0.0.1", 5)
    node.route("10.0.0.1", 6)
    node.route("10.0.0.2", 2)
    #expect(node.bound(pod("a", "10.0.0.1"), pod("b", "10.0.0.2")).isEmpty)
    #expect(node.codes.contains(.interfaceContested))
    #expect(node.codes.contains(.podWithoutInterface))
  }

  @Test func resultComesBeforeWhatIsSeen() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    node.link(6, seen: ["10.0.0.1"])
    node.result("a", "veth6", "10.0.0.1")
    #expect(node.bound(pod("a", "10.0.0.1")) == [6: "a 10.0.0.1"])
  }

  @Test func resultOfAnotherPodForbidsARoute() {
    var node = BindingNode()
    node.link(5)
    node.route("10.0.0.1", 5)
    node.result("new", "veth5", "10.0.0.1")
    #expect(node.bound(pod("old", "10.0.0.1")).isEmpty)
    #expect(node.bound(pod("old", "10.0.0.1"), pod("new", "10.0.0.1")) == [5: "new 10.0.0.1"])
  }

  @Test func renamedInterfaceIsFoundByItsHardwareAddress() {
    var node = BindingNode()
    node.link(5)
    node.links[0].hardwareAddress = [2, 0, 0, 0, 0, 5]
    node.result("a", "veth-before", "10.0.0.1", hardware: [2, 0, 0, 0, 0, 5])
    #expect(node.bound(pod("a", "10.0.0.1")) == [5: "a 10.0.0.1"])
  }

  /// A CNI plugin gives an interface its addresses one after the other, and no event tells of the second.
  @Test func furtherAddressOfAPodFollowsTheFirst() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    node.link(6, seen: ["10.0.0.2"])
    let pods = [pod("a", "10.0.0.1", "fd00::1"), pod("b", "10.0.0.2")]
    _ = node.bound(pods)
    node.see(6, ["10.0.0.2", "fd00::1"])
    #expect(node.bound(pods) == [5: "a 10.0.0.1,fd00::1", 6: "b 10.0.0.2"])
  }

  /// A pod that takes an absent pod's address while no daemon lives is still the pod that the table binds.
  @Test func whatTheTableBoundIsTheFirstClaimOfAProcessThatStartsAnew() {
    var node = BindingNode(remembering: [5: ["10.0.0.1"]])
    node.link(5, seen: ["10.0.0.2"])
    #expect(node.bound(pod("a", "10.0.0.1"), pod("b", "10.0.0.2")) == [5: "a 10.0.0.1"])
    #expect(node.bound(pod("a", "10.0.0.1"), pod("b", "10.0.0.2")) == [5: "a 10.0.0.1"])
  }

  @Test func firstClaimWins() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    node.link(6, seen: ["10.0.0.2"])
    let pods = [pod("a", "10.0.0.1"), pod("b", "10.0.0.2")]
    let expected = [5: "a 10.0.0.1", 6: "b 10.0.0.2"] as [UInt32: String]
    #expect(node.bound(pods) == expected)
    node.see(6, ["10.0.0.1"])
    #expect(node.bound(pods) == expected)
    #expect(node.codes == [.addressClaimedLater])
    node.see(5, [])
    #expect(node.bound(pods) == expected)
    // Once the victim's interface is gone, its address stays out of reach too.
    node.links.removeFirst()
    #expect(node.bound(pods) == [6: "b 10.0.0.2"])
    #expect(node.codes.contains(.podWithoutInterface))
  }

  @Test func claimBeforeThePodIsKnownIsTheFirst() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    #expect(node.bound().isEmpty)
    #expect(node.codes == [.interfaceWithoutPod])
    node.see(5, ["10.0.0.2"])
    #expect(node.bound(pod("b", "10.0.0.2")).isEmpty)
    #expect(node.bound(pod("a", "10.0.0.1")) == [5: "a 10.0.0.1"])
  }

  @Test func neighboursAddressAtFirstSightGainsAndTakesNothing() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    node.link(6, seen: ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    node.link(7, seen: ["10.0.0.3"])
    let pods = [pod("a", "10.0.0.1"), pod("b", "10.0.0.2"), pod("c", "10.0.0.3")]
    #expect(node.bound(pods) == [5: "a 10.0.0.1", 6: "b 10.0.0.2", 7: "c 10.0.0.3"])
    #expect(node.codes == [.addressClaimedLater])
  }

  @Test func sameClaimAtFirstSightGivesNobodyAnything() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    node.link(6, seen: ["10.0.0.1"])
    #expect(node.bound(pod("a", "10.0.0.1")).isEmpty)
    #expect(node.codes.contains(.interfaceContested))
  }

  @Test func interfaceTakesItsBindingAlong() {
    var node = BindingNode()
    node.link(5)
    node.route("10.0.0.1", 5)
    let old = pod("old", "10.0.0.1")
    #expect(node.bound(old) == [5: "old 10.0.0.1"])
    // Another pod gets the address before the API says so: same route, other interface, even of the same index.
    node.links[0].appearance = 9
    #expect(node.bound(old).isEmpty)
    #expect(node.codes.contains(.podWithoutInterface))
    #expect(node.bound(pod("new", "10.0.0.1")) == [5: "new 10.0.0.1"])
  }

  @Test func newSandboxOfTheSamePodNeedsAResult() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    let same = pod("a", "10.0.0.1")
    #expect(node.bound(same) == [5: "a 10.0.0.1"])
    node.links = []
    node.link(8, seen: ["10.0.0.1"])
    #expect(node.bound(same).isEmpty)
    node.result("a", "veth8", "10.0.0.1")
    #expect(node.bound(same) == [8: "a 10.0.0.1"])
    node.results = []
    #expect(node.bound(same) == [8: "a 10.0.0.1"])
  }

  @Test func secondFamilyFollows() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1", "fd00::1"])
    node.link(6, seen: ["fd00::1"])
    #expect(node.bound(pod("a", "10.0.0.1")) == [5: "a 10.0.0.1"])
    #expect(node.bound(pod("a", "10.0.0.1", "fd00::1")) == [5: "a 10.0.0.1,fd00::1"])
  }

  @Test func renamedInterfaceKeepsItsPod() {
    var node = BindingNode()
    node.link(5, seen: ["10.0.0.1"])
    #expect(node.bound(pod("a", "10.0.0.1")) == [5: "a 10.0.0.1"])
    node.links[0].name = "renamed"
    #expect(node.bound(pod("a", "10.0.0.1")) == [5: "a 10.0.0.1"])
    #expect(node.state.podInterfaces.map(\.name) == ["renamed"])
  }

  @Test func livePodsOfThisNodeOnly() {
    let node = NodeName(rawValue: "one")
    var snapshot = ClusterSnapshot()
    let addresses = (1...4).map { IPAddress(v4: 0x0a00_0000 + $0) }
    snapshot.pods = [
      Pod(metadata: Metadata(name: "live", namespace: "n", uid: "u"), node: node, addresses: [addresses[0]]),
      Pod(metadata: Metadata(name: "over", namespace: "n"), node: node, phase: .failed, addresses: [addresses[1]]),
      Pod(metadata: Metadata(name: "host", namespace: "n"), node: node, hostNetwork: true, addresses: [addresses[2]]),
      Pod(metadata: Metadata(name: "far", namespace: "n"), node: NodeName(rawValue: "two"), addresses: [addresses[3]]),
    ]
    #expect(
      bindInterfaces(of: snapshot, on: node, under: Configuration(), after: InterfaceBindings()) == InterfaceBindings())
    var observed = BindingNode()
    for (index, address) in addresses.enumerated() { observed.link(UInt32(index + 5), seen: [address.description]) }
    snapshot.hostInterfaces = observed.interfaces
    let found = bindInterfaces(of: snapshot, on: node, under: Configuration(), after: InterfaceBindings())
    #expect(found.podInterfaces.map(\.podUID) == ["u"])
  }
}

/// The pairs that elimination leaves no doubt of.
struct ForcedPairTests {
  @Test func chain() {
    #expect(forcedPairs(["a": [1], "b": [1, 2], "c": [2, 3]]) == ["a": 1, "b": 2, "c": 3])
  }

  @Test func ambiguity() {
    #expect(forcedPairs(["a": [1, 2]]).isEmpty)
    #expect(forcedPairs(["a": [1], "b": [1]]).isEmpty)
    #expect(forcedPairs(["a": [1, 2], "b": [1, 2]]).isEmpty)
    #expect(forcedPairs(["a": [1, 2], "b": [1, 2], "c": [3]]) == ["c": 3])
    #expect(forcedPairs([:]).isEmpty)
  }
}
