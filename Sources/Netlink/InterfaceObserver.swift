import CNetfilter
import ClusterModel
import Glibc
import NetworkValues

/// Keeps a view of this network namespace's interfaces, addresses and routes that is as good as the kernel's events.
///
/// Events only tell what to look at again: what is there always comes from a list of the kernel's, so that lost events
/// (ENOBUFS) and changes that the kernel keeps silent about leave nothing behind. An interface whose end was announced is
/// gone at once, even if nothing could be read after it. Belongs to one thread; whoever waits for `descriptor` to become
/// readable calls `update`.
package final class InterfaceObserver {
  /// What has to be read again.
  private struct Stale: OptionSet {
    var rawValue: Int
    static let links = Stale(rawValue: 1)
    static let addresses = Stale(rawValue: 2)
    static let routes = Stale(rawValue: 4)
    static let everything: Stale = [.links, .addresses, .routes]
  }

  private let events: NetlinkSocket
  private let kernel: RouteSocket

  private var links: [UInt32: HostLink] = [:]
  private var addresses: [HostAddress] = []
  private var routes = DirectRoutes()
  private var stale: Stale = .everything

  /// Interfaces that are to be looked behind again although something was seen there before.
  private var touched: Set<UInt32> = []

  private var appearances: UInt64 = 0
  private var eventsWereLost = false

  /// What is there, as of the last `update` or `refresh`.
  package private(set) var interfaces = HostInterfaces()

  /// How often events were lost.
  package private(set) var losses: UInt64 = 0

  /// Becomes part of `interfaces` with the next `update`; the kernel knows nothing of it.
  package var cniResults: [CNIResult] = []

  /// As `cniResults`: what of their cache could not be used.
  package var cniFaults: [String] = []

  /// Subscribes to events and looks at everything once.
  ///
  /// - Parameter receiveBuffer: bytes of events that may wait; twice this is the kernel's own count.
  package init(receiveBuffer: Int32 = 1 << 20) throws(NetlinkError) {
    events = try NetlinkSocket(bus: NETLINK_ROUTE)
    kernel = try RouteSocket()
    var size = receiveBuffer
    let length = socklen_t(MemoryLayout<Int32>.size)
    if setsockopt(events.descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
      _ = setsockopt(events.descriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
    }
    for group in observedGroups {
      try setNetlinkOption(
        NETLINK_ADD_MEMBERSHIP, Int32(group.rawValue), of: events.descriptor,
        for: "subscribe to rtnetlink group \(group.rawValue)")
    }
    try update()
  }

  /// Readable when there are events.
  package var descriptor: Int32 { events.descriptor }

  /// Takes in what has happened, and looks behind interfaces where nothing was seen so far. Cheap where nothing has.
  ///
  /// To be called also before bindings are derived: a pod's addresses may come without an event of this namespace.
  /// - Returns: whether `interfaces` changed.
  /// - Throws: `NetlinkError`; `interfaces` then lacks what is known to be gone, and the next call tries the rest again.
  @discardableResult
  package func update() throws(NetlinkError) -> Bool {
    let before = interfaces
    defer { touched = stale.contains(.links) ? touched : [] }
    do {
      try drain()
      try read()
      assemble()
    } catch {
      assemble()
      throw error
    }
    return interfaces != before
  }

  /// As `update`, but reads everything, behind every interface too: for findings about addresses that pods took later.
  @discardableResult
  package func refresh() throws(NetlinkError) -> Bool {
    stale = .everything
    touched.formUnion(links.keys)
    return try update()
  }
}

/// Links, and addresses and routes of both families.
private let observedGroups = [
  RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
]

extension InterfaceObserver {
  /// Takes every event that waits.
  private func drain() throws(NetlinkError) {
    while true {
      do {
        guard let messages = try events.receive(for: "receive rtnetlink events") else { return }
        for message in messages { notice(message) }
      } catch {
        guard error.code == ENOBUFS else { throw error }
        losses += 1
        eventsWereLost = true
        stale = .everything
      }
    }
  }

  private func notice(_ message: NetlinkMessage) {
    switch Int(message.type) {
    case Int(RTM_NEWLINK):
      guard let link = LinkMessage(message)?.link else { return }
      stale.insert(.links)
      touched.insert(link.index)
      // IPv4 routes vanish in silence when their interface goes down.
      if link.flags & UInt32(IFF_UP) == 0 { stale.insert(.routes) }
    case Int(RTM_DELLINK):
      guard let link = LinkMessage(message)?.link else { return }
      links[link.index] = nil
      stale = .everything
    case Int(RTM_NEWADDR), Int(RTM_DELADDR): stale.formUnion([.addresses, .routes])
    case Int(RTM_NEWROUTE), Int(RTM_DELROUTE):
      if let route = RouteMessage(message), routes.mayChange(by: route) { stale.insert(.routes) }
    default: break
    }
  }

  /// Reads what is stale.
  private func read() throws(NetlinkError) {
    var isOutdated = stale.contains(.links)
    if !isOutdated { isOutdated = try hasOldNumbers() }
    if isOutdated { take(try kernel.links()) }
    for link in links.values where isToBeLookedBehind(link) {
      // What was seen stays where it can no longer be: a pod can hide its namespace.
      if let seen = try kernel.peerAddresses(of: link) { links[link.index]?.peerAddresses = seen }
    }
    if stale.contains(.addresses) { addresses = try kernel.addresses() }
    if stale.contains(.routes) { routes = DirectRoutes(try kernel.routes()) }
    stale = []
    eventsWereLost = false
  }

  /// Whether an interface that is to be looked behind has changed without an event: the number of its peer's namespace may
  /// have another meaning by now, and nothing is looked behind by an old one. A few are asked about one by one.
  private func hasOldNumbers() throws(NetlinkError) -> Bool {
    let asked = links.values.filter(isToBeLookedBehind)
    guard asked.count <= 8 else { return true }
    for link in asked {
      guard let now = try kernel.link(link.index), now.peer == link.peer, now.peerNamespace == link.peerNamespace else {
        return true
      }
    }
    return false
  }

  private func isToBeLookedBehind(_ link: HostLink) -> Bool {
    link.peerNamespace != nil && (link.peerAddresses?.isEmpty != false || touched.contains(link.index))
  }

  /// Replaces the links, with their memory where they are the same.
  private func take(_ found: [HostLink]) {
    var taken: [UInt32: HostLink] = [:]
    for var link in found {
      if let known = links[link.index], !eventsWereLost || link.isLikely(known) {
        link.appearance = known.appearance
        link.peerAddresses = known.peerAddresses
      } else {
        appearances += 1
        link.appearance = appearances
      }
      taken[link.index] = link
    }
    links = taken
  }

  private func assemble() {
    let known = links
    interfaces = HostInterfaces(
      links: known.values.sorted { $0.index < $1.index }, addresses: addresses.filter { known[$0.index] != nil },
      hostRoutes: routes.hostRoutes.filter { known[$0.index] != nil },
      onLink: routes.onLink.filter { known[$0.index]?.hasNeighbours ?? false },
      defaultRoutes: routes.defaultRoutes.filter { known[$0] != nil }, cniResults: cniResults,
      cniFaults: cniFaults)
  }
}

extension HostLink {
  /// Whether this is probably the interface that `known` was, where the end of `known` may have been missed.
  fileprivate func isLikely(_ known: HostLink) -> Bool {
    kind == known.kind && hardwareAddress == known.hardwareAddress
  }

  /// Whether addresses are looked for on the link: not on loopback, nor where IFF_NOARP says so.
  fileprivate var hasNeighbours: Bool { !isLoopback && flags & UInt32(IFF_NOARP) == 0 }
}
