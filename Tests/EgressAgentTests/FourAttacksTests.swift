import Conntrack
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Testing

/// Four ways round a firewall that judges addresses alone. Each is shown to work without moat, and to fail with its
/// daemons on both nodes.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct FourAttacksTests {
  @Test(arguments: [("203.0.113.10", "10.1.1.11"), ("2001:db8:113::10", "fd00:10:1:1::11")])
  func `1: A pod sends VXLAN to its own node, with an inbound connection to itself inside`(
    far: String, own: String
  ) throws {
    let lab = try GuardedLab()
    try lab.addTunnel(on: "worker-1", local: "172.18.0.11")
    let forged = WirePacket.tcp(
      from: SocketAddress(try ip(far), 443), to: SocketAddress(try ip(own), 9080), flags: .syn)
    let pod = try lab.lab.capture(at: reviews)
    let attack = {
      try lab.sendTunnelled(forged, from: reviews, to: "172.18.0.11")
      return pod.waitFor(.milliseconds(500)) { $0.tcpFlags == .syn && $0.source == forged.source } != nil
    }
    #expect(try attack(), "without moat the node unwraps what the pod wrapped")
    try lab.startAll()
    let seen = pod.packets().count { $0.tcpFlags == .syn }
    try lab.sendTunnelled(forged, from: reviews, to: "172.18.0.11")
    #expect(pod.waitFor(.milliseconds(500)) { _ in pod.packets().count { $0.tcpFlags == .syn } > seen } == nil)
    #expect(try lab.count("refused_origin", on: "worker-1") == 1)
  }

  @Test(arguments: [ForgedBy.rawSocket, .packetSocket])
  func `2: A host process with NET_RAW forges an inbound packet to the node`(way: ForgedBy) throws {
    let lab = try GuardedLab()
    let listener = try lab.lab.inside(.node("worker-1")) { try UDPListener(on: "172.18.0.11", 5300) }
    let forged = WirePacket.udp(
      from: SocketAddress(try ip("203.0.113.10"), 443), to: SocketAddress(try ip("172.18.0.11"), 5300),
      payload: Array("forged".utf8))
    try lab.forge(forged, way)
    #expect(listener.receives(within: .seconds(3)), "without moat the host lends itself any address")
    try lab.startAll()
    if way == .rawSocket {
      #expect(throws: LabError.self, "the kernel tells the sender EPERM") { try lab.forge(forged, way) }
    } else {
      try lab.forge(forged, way)
    }
    #expect(!listener.receives(within: .milliseconds(500)))
    #expect(try lab.count(way == .rawSocket ? "refused_spoof" : "refused_origin", on: "worker-1") == 1)
  }

  @Test(arguments: [("10.1.2.10", "203.0.113.10"), ("fd00:10:1:2::10", "2001:db8:113::10")])
  func `3: The inner source of a tunnelled packet is the gateway pod's address`(inner: String, far: String) throws {
    let lab = try GuardedLab()
    try lab.addTunnel(on: "egress-1", local: "172.18.0.12")
    let token = { (text: String) in Array("\(text) \(inner)".utf8) }
    let outside = try lab.lab.capture(at: .outside("httpbin"))
    // What hop B allows the gateway pod.
    let attack = { (text: String) in
      let port: UInt16 = text == "open" ? 4711 : 4712
      let forged = WirePacket.tcp(
        from: SocketAddress(try ip(inner), port), to: SocketAddress(try ip(far), 443), flags: .syn,
        payload: token(text))
      try lab.sendTunnelled(forged, from: .node("worker-1"), to: "172.18.0.12")
    }
    try attack("open")
    #expect(outside.waitFor(.seconds(3)) { $0.contains(token("open")) } != nil, "without moat it leaves the cluster")
    try lab.startAll()
    try attack("guarded")
    #expect(outside.waitFor(.milliseconds(500)) { $0.contains(token("guarded")) } == nil)
    #expect(try lab.count("refused_spoof", on: "egress-1") == 1)
  }

  @Test(arguments: ["10.1.2.10", "fd00:10:1:2::10"])
  func `4: The server's next segment after a revocation re-creates the connection reversed`(server: String) throws {
    let (open, guarded) = (try GuardedLab(), try GuardedLab())
    let without = try open.lab.connect(from: productpage, to: try ip(server), .tcp(8443))
    try #require(without.opening.outcome == .delivered)
    #expect(try open.forgetConnections(to: 8443) > 0)
    #expect(without.receive(expecting: .delivered).outcome == .delivered, "without moat the server goes on")
    #expect(try open.reversed(from: 8443) > 0)

    try guarded.startAll()
    let cut = try guarded.lab.connect(from: productpage, to: try ip(server), .tcp(8443))
    try #require(cut.opening.outcome == .delivered)
    let model = try String(contentsOfFile: guarded.daemon.folder.path + "/m/egress.yaml", encoding: .utf8)
    let documents = model.components(separatedBy: "\n---\n").filter { !$0.contains("kind: AccessPolicy") }
    try guarded.daemon.folder.replace("m/egress.yaml", with: documents.joined(separator: "\n---\n"))
    for node in ["worker-1", "egress-1"] { try guarded.daemon.await(on: node) { $0.enforced?.allowances.hopA == 0 } }
    _ = try guarded.forgetConnections(to: 8443)
    #expect(cut.receive(expecting: .dropped).outcome != .delivered)
    #expect(try guarded.reversed(from: 8443) == 0)
    #expect(try cut.send(expecting: .dropped).outcome != .delivered)
  }
}

/// How a host process gets a packet with somebody's address into its own node.
enum ForgedBy: String, Sendable, CaseIterable {
  /// Through the output hooks.
  case rawSocket

  /// Past them, onto the loopback interface.
  case packetSocket
}

extension GuardedLab {
  /// Gives a node a VXLAN device as a CNI would.
  fileprivate func addTunnel(on node: String, local: String) throws {
    let command = "link add vx0 address \(tunnelHardware) up type vxlan id 42 local \(local) dstport 8472 nolearning"
    let made = try lab.run(in: .node(node), ["ip"] + command.split(separator: " ").map(String.init))
    try #require(made.status == 0, "\(made.text)")
  }

  /// Sends `packet` wrapped in VXLAN, by an ordinary UDP socket.
  fileprivate func sendTunnelled(_ packet: WirePacket, from host: LabHost, to end: String) throws {
    let hardware = tunnelHardware.split(separator: ":").compactMap { UInt8($0, radix: 16) }
    let type: [UInt8] = packet.source.family == .v4 ? [0x08, 0x00] : [0x86, 0xdd]
    let frame = hardware + [2, 0, 0, 0, 0, 0x43] + type + packet.bytes
    let wrapped = [0x08, 0, 0, 0, 0, 0, 42, 0] + frame
    try lab.inside(host) { try UDPListener(on: nil, 0).send(wrapped, to: end, 8472) }
  }

  fileprivate func forge(_ packet: WirePacket, _ way: ForgedBy) throws {
    guard way == .packetSocket else { return try lab.sendRaw(from: .node("worker-1"), packet) }
    try lab.inside(.node("worker-1")) { try sendOnLoopback(packet.bytes) }
  }

  /// Deletes what all nodes track of connections to a port: what a revocation does.
  ///
  /// - Returns: how many there were.
  fileprivate func forgetConnections(to port: UInt16) throws -> Int {
    try onAllNodes { table in
      try table.delete(table.entries { $0.destinationPort == port }).count
    }
  }

  /// How many entries there are of connections that seem to be opened by the server.
  fileprivate func reversed(from port: UInt16) throws -> Int {
    try onAllNodes { table in try table.entries { $0.sourcePort == port }.count }
  }

  private func onAllNodes(_ count: (ConntrackTable) throws -> Int) throws -> Int {
    try ["worker-1", "egress-1"].reduce(0) { sum, node in
      try sum + lab.inside(.node(node)) { try count(ConntrackTable()) }
    }
  }
}

private let tunnelHardware = "02:00:00:00:00:42"

/// A UDP socket of an ordinary process, for IPv4.
private final class UDPListener {
  private let socket: Int32

  init(on address: String?, _ port: UInt16) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    try #require(socket >= 0)
    guard let address else { return }
    let done = withAddress(address, port) { bind(socket, $0, $1) }
    try #require(done == 0, "bind: \(errno)")
  }

  deinit { close(socket) }

  func send(_ bytes: [UInt8], to address: String, _ port: UInt16) throws {
    let sent = withAddress(address, port) { sendto(socket, bytes, bytes.count, 0, $0, $1) }
    try #require(sent == bytes.count, "sendto: \(errno)")
  }

  /// Whether a datagram comes.
  func receives(within patience: Duration) -> Bool {
    var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, Int32(patience / .milliseconds(1))) > 0 else { return false }
    var bytes = [UInt8](repeating: 0, count: 2048)
    return recv(socket, &bytes, bytes.count, 0) > 0
  }
}

private func withAddress<Result>(
  _ text: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  inet_pton(AF_INET, text, &address.sin_addr)
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

/// Puts an IPv4 packet onto the loopback interface of the calling thread's namespace. See: packet(7)
private func sendOnLoopback(_ bytes: [UInt8]) throws {
  let socket = Glibc.socket(AF_PACKET, Int32(SOCK_DGRAM.rawValue), 0)
  try #require(socket >= 0, "socket AF_PACKET: \(errno)")
  defer { close(socket) }
  // struct sockaddr_ll: family, protocol, interface, hardware type, packet type, length and bytes of the address.
  let address: [UInt8] =
    withUnsafeBytes(of: sa_family_t(AF_PACKET)) { Array($0) } + [0x08, 0x00]
    + withUnsafeBytes(of: Int32(1)) { Array($0) } + [0, 0, 0, 6] + [UInt8](repeating: 0, count: 8)
  let sent = address.withUnsafeBytes { buffer in
    sendto(
      socket, bytes, bytes.count, 0, buffer.assumingMemoryBound(to: sockaddr.self).baseAddress,
      socklen_t(buffer.count))
  }
  try #require(sent == bytes.count, "sendto AF_PACKET: \(errno)")
}
