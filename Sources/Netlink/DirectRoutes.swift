import ClusterModel
import NetworkValues

/// What routes say of neighbours: those without a gateway, and where everything else leaves.
struct DirectRoutes {
  /// Sorted, as `HostInterfaces` wants them.
  private(set) var hostRoutes: [HostRoute] = []
  private(set) var onLink: [OnLinkPrefix] = []
  private(set) var defaultRoutes: [UInt32] = []

  /// Destinations of all of them.
  private var destinations: Set<Prefix> = []

  init() {}

  init(_ routes: [RouteMessage]) {
    var (hosts, networks, defaults): (Set<HostRoute>, Set<OnLinkPrefix>, Set<UInt32>) = ([], [], [])
    for route in routes {
      if route.destination.length == 0 { defaults.formUnion(route.indices) }
      guard route.isDirect, route.destination.length > 0, route.indices.count == 1 else { continue }
      destinations.insert(route.destination)
      if route.isToOneAddress { hosts.insert(HostRoute(to: route.destination.address, index: route.indices[0])) }
      if !neverListed.overlaps(route.destination) {
        networks.insert(OnLinkPrefix(route.destination, index: route.indices[0]))
      }
    }
    hostRoutes = hosts.sorted()
    onLink = networks.sorted()
    defaultRoutes = defaults.sorted()
  }

  /// Whether an event about `route` may mean a change: a route with a gateway may have taken the place of one without.
  func mayChange(by route: RouteMessage) -> Bool {
    route.isDirect || route.destination.length == 0 || destinations.contains(route.destination)
  }
}

extension RouteMessage {
  fileprivate var isToOneAddress: Bool { destination.length == destination.family.bitWidth }
}

/// fe80::/10, ff00::/8 and 224.0.0.0/4 are neighbours by definition.
private let neverListed = PrefixSet([
  Prefix(containing: IPAddress(v6: 0xfe80 << 112), length: 10),
  Prefix(containing: IPAddress(v6: 0xff00 << 112), length: 8), Prefix(containing: IPAddress(v4: 224 << 24), length: 4),
])
