import ClusterModel
import NetworkValues

/// What a node's interfaces say of who may be behind them, whoever its pods are.
struct InterfaceEvidence: Equatable {
  /// Every interface. Ascending by index.
  let links: [HostLink]

  /// Pod interfaces that are no bridges: only these are bound. Ascending by index.
  let bindable: [HostLink]

  /// Which interface of its index each one is, bindable or not.
  let appearances: [UInt32: UInt64]

  /// The host's own routes to single addresses, by bindable interfaces; each list ascends.
  let routes: [IPAddress: [UInt32]]

  /// CNI results by the one bindable interface that they name.
  let results: [UInt32: [CNIResult]]

  /// The interfaces whose results have an address; each list ascends.
  let resultsByAddress: [IPAddress: [UInt32]]

  /// What a person should know about the interfaces.
  let findings: [Finding]

  private let places: [UInt32: Int]

  init(_ interfaces: HostInterfaces, _ classified: [ClassifiedInterface]) {
    let wanted = Set(classified.filter { $0.interfaceClass == .pod && !$0.isBridge }.map(\.index))
    links = interfaces.links
    bindable = interfaces.links.filter { wanted.contains($0.index) }
    places = Dictionary(
      bindable.enumerated().map { ($0.element.index, $0.offset) }, uniquingKeysWith: { first, _ in first })
    appearances = Dictionary(
      interfaces.links.map { ($0.index, $0.appearance) }, uniquingKeysWith: { first, _ in first })
    routes = Dictionary(
      grouping: interfaces.hostRoutes.filter { wanted.contains($0.index) }, by: \.destination
    ).mapValues { Set($0.map(\.index)).sorted() }
    results = resultsByInterface(interfaces.cniResults, bindable)
    var byAddress: [IPAddress: Set<UInt32>] = [:]
    for (index, results) in results {
      for address in results.flatMap(\.addresses) { byAddress[address, default: []].insert(index) }
    }
    resultsByAddress = byAddress.mapValues { $0.sorted() }
    findings = unusableResults(interfaces) + classFindings(interfaces, classified)
  }

  /// The bindable interface of this index.
  func link(_ index: UInt32) -> HostLink? { places[index].map { bindable[$0] } }

  /// Whether that very interface is still there, and may be bound.
  func isBindable(_ index: UInt32, _ appearance: UInt64) -> Bool {
    places[index] != nil && appearances[index] == appearance
  }

  /// Whether a CNI result says that the interface belongs to another pod.
  func belongsToAnother(_ index: UInt32, than pod: LocalPod) -> Bool {
    guard let named = results[index] else { return false }
    return !named.contains { $0.isOf(pod) }
  }

  /// Whether a CNI result names the interface for this very pod by its UID.
  func isNamed(_ index: UInt32, for uid: String, with address: IPAddress) -> Bool {
    results[index]?.contains { $0.podUID == uid && $0.addresses.contains(address) } ?? false
  }
}
