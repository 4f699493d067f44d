import EgressPolicy
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Synchronization

/// A client and a gateway that may do what they do, and attackers; until stopped.
final class SoakTraffic: Sendable {
  /// What came of it.
  struct Seen {
    var connections = 0
    var failures: [String] = []
    var attempts = 0
    var leaks: [String] = []
  }

  private let lab: Lab
  private let seen = Mutex(Seen())
  private let isStopped = Atomic(false)
  private let running = Atomic(0)
  private let hammer: Hammer
  private let acceptors: [Acceptor]
  private let outside: Capture
  private let gatewayUplink: IPAddress?
  private let nodes: [IPAddress]
  private let atGateway: Capture

  /// Begins at once.
  init(in lab: Lab) throws {
    self.lab = lab
    acceptors = [
      try lab.acceptConnections(at: gateway, port: 8443), try lab.acceptConnections(at: .outside("httpbin"), port: 443),
    ]
    gatewayUplink = lab.topology.uplinkAddress(ofNode: "egress-1", .v4)
    nodes = lab.topology.nodes.flatMap { node in
      node.addresses + [lab.topology.uplinkAddress(ofNode: node.name, .v4)].compactMap { $0 }
    }
    outside = try lab.capture(at: .outside("httpbin"))
    atGateway = try lab.capture(at: gateway)
    hammer = Hammer(from: productpage, in: lab)
    let (far, near) = (try ip("203.0.113.10"), try ip("10.1.2.10"))
    go { try $0.connect(from: productpage, to: near, 8443) }
    go { try $0.connect(from: gateway, to: far, 443) }
    let forbidden = [
      (LabHost.pod("bookinfo/details-v1-9c8b7a6d5-mn4k2"), near, UInt16(8443)), (gateway, try ip("203.0.113.20"), 443),
      (gateway, far, 80), (.node("worker-1"), far, 443), (.node("egress-1"), near, 8443),
    ]
    go { traffic in for (host, address, port) in forbidden { try traffic.attack(from: host, address, port) } }
    go { $0.look() }
  }

  /// Ends it, and tells what was seen.
  func stop() throws -> Seen {
    isStopped.store(true, ordering: .relaxed)
    hammer.stop()
    while running.load(ordering: .acquiring) > 0 { usleep(1000) }
    look()
    acceptors.forEach { $0.close() }
    return seen.withLock { seen in
      seen.attempts += hammer.count
      return seen
    }
  }

  /// Does something again and again on a thread of its own.
  private func go(_ body: @escaping @Sendable (SoakTraffic) throws -> Void) {
    running.add(1, ordering: .relaxed)
    Thread.detachNewThread { [self] in
      do {
        while !isStopped.load(ordering: .relaxed) {
          try body(self)
          usleep(5000)
        }
      } catch { seen.withLock { $0.failures.append("\(error)") } }
      running.subtract(1, ordering: .releasing)
    }
  }

  private func connect(from host: LabHost, to address: IPAddress, _ port: UInt16) throws {
    let took = try lab.timeToConnect(from: host, to: address, port: port)
    seen.withLock { seen in
      seen.connections += 1
      if took == nil { seen.failures.append("\(Date.now) \(host) → \(address) \(port)") }
    }
  }

  private func attack(from host: LabHost, _ address: IPAddress, _ port: UInt16) throws {
    let took = try lab.timeToConnect(from: host, to: address, port: port, patience: .milliseconds(20))
    seen.withLock { seen in
      seen.attempts += 1
      if took != nil { seen.leaks.append("\(host) connected to \(address) \(port)") }
    }
  }

  /// Judges what arrived by what may arrive.
  private func look() {
    let strange = outside.take().filter { !mayLeave($0) } + atGateway.take().filter { !Self.mayReachGateway($0) }
    seen.withLock { $0.leaks += strange.map { "\(Date.now) \($0.source) → \($0.destination) \($0.transport)" } }
  }

  /// Outside addresses are reached by the gateway alone, behind its node's address, and the name server by nodes.
  private func mayLeave(_ packet: WirePacket) -> Bool {
    let destination = "\(packet.destination)"
    switch destination {
    case "203.0.113.10", "2001:db8:113::10": return packet.source == gatewayUplink && packet.destinationPort == 443
    case "198.51.100.53": return nodes.contains(packet.source) && packet.destinationPort == 53
    default: return !["203.0.113.", "198.51.100.", "2001:db8:113:", "198.18."].contains { destination.hasPrefix($0) }
    }
  }

  /// The listener is reached by pods of productpage's and reviews' accounts alone.
  private static func mayReachGateway(_ packet: WirePacket) -> Bool {
    guard packet.transport == .tcp, packet.destinationPort == 8443, "\(packet.destination)" == "10.1.2.10" else {
      return true
    }
    return ["10.1.1.10", "10.1.1.11"].contains("\(packet.source)")
  }
}
