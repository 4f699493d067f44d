import ClusterModel
import EgressPolicy
import EgressRuleset
import Glibc
import ManifestSource
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// Packets that go on to another address than the one they are judged by. Each gets out without moat, where the node
/// follows source routes; nobody has looked at the node's interfaces.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct SourceRouteTests {
  @Test(arguments: routes)
  func `A pod's packet to its node does not go on to the outside`(route: Route) throws {
    let open = try lab()
    let before = try open.escapes(route, from: reviews)
    #expect(before, "without moat it gets out")
    let guarded = try lab(mode: .enforce)
    let after = try guarded.escapes(route, from: reviews)
    #expect(!after)
    #expect(try refused(of: guarded) == 1)
  }

  @Test func `A host's packet to an inside address does not go on either`() throws {
    for route in routes {
      let guarded = try lab(mode: .enforce)
      #expect(throws: LabError.self, "\(route): the kernel tells the sender EPERM") {
        try guarded.sendRaw(from: .node("worker-1"), route.packet(from: .host, to: .otherNode))
      }
      #expect(try refused(of: guarded) == 1)
    }
  }

  // Not the strict one, which ends at the first router that is not named in it.
  @Test(arguments: routes.filter { $0.testDescription != "strict" } + othersRoutes)
  func `Nor does a packet to an inside address leave the node, for somebody else to send it on`(route: Route) throws {
    let reaches = { (lab: Lab, patience: Duration) in
      let capture = try lab.capture(at: details)
      try lab.sendRaw(from: reviews, route.packet(from: .pod, to: .otherPod))
      return capture.waitFor(patience) { $0.contains(payload) } != nil
    }
    #expect(try reaches(lab(), .seconds(3)), "without moat it arrives")
    let guarded = try lab(mode: .enforce)
    #expect(try !reaches(guarded, .milliseconds(400)))
    #expect(try refused(of: guarded) == 1)
  }

  @Test(arguments: routes)
  func `Audit counts and lets pass`(route: Route) throws {
    let audited = try lab(mode: .audit)
    let passed = try audited.escapes(route, from: reviews)
    #expect(passed)
    #expect(try refused(of: audited) == 1)
  }

  @Test func `Options that hold no route pass`() throws {
    let guarded = try lab(mode: .enforce)
    let capture = try guarded.capture(at: details)
    let alert = WirePacket.udp(
      from: SocketAddress(End.pod.v4, 9), to: SocketAddress(End.otherPod.v4, 9), payload: payload
    ).with(options: [0x94, 4, 0, 0])
    try guarded.sendRaw(from: reviews, alert)
    #expect(capture.waitFor(.seconds(3)) { $0.contains(payload) } != nil)
  }

  // MARK: -

  private var reviews: LabHost { .pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m") }
  private var details: LabHost { .pod("bookinfo/details-v1-9c8b7a6d5-mn4k2") }

  /// The httpbin scenario, whose nodes follow source routes of both families; else they would drop such packets
  /// themselves. A strict route's next address must be a neighbour's.
  private func lab(mode: Configuration.Mode? = nil) throws -> Lab {
    let lab = try Lab(.httpbin())
    let follow = """
      for file in /proc/sys/net/ipv4/conf/*/accept_source_route /proc/sys/net/ipv6/conf/*/seg6_enabled; do
        echo 1 > $file
      done
      ip route add 203.0.113.10 dev \(LabTopology.uplinkInterface)
      """
    for node in ["worker-1", "egress-1"] {
      let set = try lab.run(in: .node(node), ["sh", "-ec", follow])
      try #require(set.status == 0, "\(set.text)")
    }
    guard let mode else { return lab }
    let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Scenarios/01-httpbin"
    var configuration = try loadConfiguration(path: "\(folder)/config.yaml")
    configuration.mode = mode
    let reading = loadManifests(paths: ["\(folder)/cluster.yaml", "\(folder)/egress.yaml"])
    let flows = EgressModel(reading.snapshot, under: configuration).flows(on: NodeName(rawValue: "worker-1"))
    _ = try lab.inside(.node("worker-1")) { try enforce(lower(flows), in: LibnftnlKernel()) }
    return lab
  }

  private func refused(of lab: Lab) throws -> UInt64 {
    try lab.inside(.node("worker-1")) { try LibnftnlKernel().counters()["refused_origin"]?.packets ?? 0 }
  }
}

extension Lab {
  /// Whether a packet to the pod's own node gets to an outside host.
  fileprivate func escapes(_ route: Route, from pod: LabHost) throws -> Bool {
    let outside = try capture(at: .outside("httpbin"))
    try sendRaw(from: pod, route.packet(from: .pod, to: .ownNode))
    return outside.waitFor(.milliseconds(700)) { $0.contains(payload) } != nil
  }
}

private let payload = Array("by another way".utf8)

/// Who sends, or gets, a packet with a route.
struct End {
  let v4: IPAddress
  let v6: IPAddress

  static let pod = End(v4: address("10.1.1.11"), v6: address("fd00:10:1:1::11"))
  static let host = End(v4: address("172.18.0.11"), v6: address("fd00:172:18::11"))
  static let ownNode = host
  static let otherNode = End(v4: address("172.18.0.12"), v6: address("fd00:172:18::12"))
  static let otherPod = End(v4: address("10.1.2.20"), v6: address("fd00:10:1:2::20"))
}

/// A way to a second address, here always an outside one.
struct Route: Sendable, CustomTestStringConvertible {
  let testDescription: String
  private let change: @Sendable (WirePacket) -> WirePacket
  private let family: IPFamily

  func packet(from source: End, to target: End) -> WirePacket {
    let (from, to) = family == .v4 ? (source.v4, target.v4) : (source.v6, target.v6)
    return change(.udp(from: SocketAddress(from, 9), to: SocketAddress(to, 9), payload: payload))
  }

  /// By IPv4 options.
  init(_ description: String, options: [UInt8]) {
    testDescription = description
    family = .v4
    change = { $0.with(options: options) }
  }

  /// By IPv6 routing headers.
  init(_ description: String, headers: [[UInt8]]) {
    testDescription = description
    family = .v6
    change = { packet in headers.reversed().reduce(packet) { $0.with(extension: 43, $1) } }
  }
}

private let far4 = address("203.0.113.10").bytes
private let far6 = address("2001:db8:113::10").bytes

/// See: RFC 8754, section 2
private func segments(_ addresses: [[UInt8]], left: UInt8) -> [UInt8] {
  [0, UInt8(2 * addresses.count), 4, left, UInt8(addresses.count - 1), 0, 0, 0] + addresses.flatMap { $0 }
}

let routes = [
  Route("loose", options: [0x83, 7, 4] + far4), Route("strict", options: [0x89, 7, 4] + far4),
  Route("loose, a part of it used up", options: [0x83, 11, 8, 10, 1, 1, 12] + far4),
  Route("loose, after others", options: [1, 0x94, 4, 0, 0, 1, 0x83, 7, 4] + far4),
  Route("segments", headers: [segments([far6, far6], left: 1)]),
]

/// What Linux does not follow, but what another router may.
let othersRoutes = [
  Route(
    "segments, after a header without any left",
    headers: [segments([far6], left: 0), segments([far6, far6], left: 1)]),
  Route("type 0", headers: [[0, 2, 0, 1, 0, 0, 0, 0] + far6]),
]
