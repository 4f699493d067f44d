import ClusterModel
import NetworkValues

@testable import EgressPolicy

/// A node whose interfaces a test changes step by step, with what was bound after each.
struct BindingNode {
  var links: [HostLink] = []
  var routes: [HostRoute] = []
  var results: [CNIResult] = []
  private(set) var state: InterfaceBindings

  /// - Parameter remembered: what a process before this one had bound.
  init(remembering remembered: [UInt32: [String]] = [:]) {
    state = InterfaceBindings(remembering: remembered.mapValues { Set($0.map(address)) })
  }

  var codes: Set<FindingCode> { Set(state.findings.map(\.code)) }

  var interfaces: HostInterfaces {
    HostInterfaces(links: links.sorted { $0.index < $1.index }, hostRoutes: routes.sorted(), cniResults: results)
  }

  /// Adds `veth<index>`, or another kind.
  mutating func link(_ index: UInt32, kind: String? = "veth", seen: [String] = []) {
    links.append(
      HostLink(
        index: index, name: "veth\(index)", kind: kind, peer: 2, peerNamespace: kind == "veth" ? Int32(index) : nil,
        peerAddresses: seen.map(address).sorted()))
  }

  /// Changes what is behind an interface.
  mutating func see(_ index: UInt32, _ addresses: [String]) {
    for place in links.indices where links[place].index == index {
      links[place].peerAddresses = addresses.map(address).sorted()
    }
  }

  mutating func route(_ destination: String, _ index: UInt32) {
    routes.append(HostRoute(to: address(destination), index: index))
  }

  mutating func result(_ uid: String, _ interface: String, _ has: String, hardware: [UInt8] = []) {
    let named = CNIResult.Interface(name: interface, hardwareAddress: hardware, isInSandbox: false)
    results.append(
      CNIResult(
        podUID: uid, podNamespace: "n", podName: uid, interfaces: [named], addresses: [address(has)]))
  }

  /// Binds anew, and tells who is where: `a 10.0.0.1,fd00::1` by interface.
  mutating func bound(_ pods: LocalPod...) -> [UInt32: String] { bound(pods) }

  mutating func bound(_ pods: [LocalPod]) -> [UInt32: String] {
    state = bind(
      pods, to: interfaces, classified: classify(interfaces, under: Configuration.Interfaces()), after: state)
    return Dictionary(
      state.podInterfaces.map {
        ($0.index, "\($0.podUID) \($0.addresses.map(\.description).joined(separator: ","))")
      }, uniquingKeysWith: { "\($0); \($1)" })
  }
}

func pod(_ uid: String, _ addresses: String...) -> LocalPod {
  LocalPod(
    uid: uid, reference: ObjectReference(kind: "Pod", namespace: "n", name: uid), addresses: addresses.map(address))
}

/// An address of a test; the unspecified one where the text is none.
func address(_ text: String) -> IPAddress { (try? IPAddress(parsing: text)) ?? IPAddress(v4: 0) }
