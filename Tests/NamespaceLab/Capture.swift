import CNetfilter
import Glibc
import NetworkValues
import Synchronization

/// The packets that come in at a host's interfaces, its loopback interface included, from the moment it is opened.
///
/// It sees them before any hook of nftables at that host. All outside hosts share what it sees.
package final class Capture: Sendable {
  private let socket: Descriptor
  private let seen = Mutex<[WirePacket]>([])

  init(in namespace: NetworkNamespace) throws(LabError) {
    let host = namespace.name
    let number = try namespace.inside { () throws(LabError) in
      try checked(moat_capture_open(nil), "socket AF_PACKET", at: host)
    }.get()
    socket = Descriptor(number)
  }

  /// Everything that came in until now.
  package func packets() -> [WirePacket] {
    drain()
    return seen.withLock { $0 }
  }

  /// Waits until a packet for which `isWanted` holds has come in; nil when the time is over.
  package func waitFor(
    _ patience: Duration = .seconds(3), _ isWanted: (WirePacket) -> Bool
  ) -> WirePacket? {
    let deadline = ContinuousClock.now + patience
    while true {
      if let found = packets().first(where: isWanted) { return found }
      let rest = deadline - ContinuousClock.now
      guard rest > .zero, isReady(socket.number, POLLIN, within: rest) != 0 else { return nil }
    }
  }

  /// Takes what came in, so that the next call sees later packets only.
  package func take() -> [WirePacket] {
    drain()
    return seen.withLock { packets in
      defer { packets = [] }
      return packets
    }
  }

  private func drain() {
    seen.withLock { packets in
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        var etherType: UInt16 = 0
        var outgoing: Int32 = 0
        let count = moat_capture_receive(socket.number, &buffer, buffer.count, &etherType, &outgoing)
        guard count >= 0 else { return }
        guard outgoing == 0, let packet = WirePacket(bytes: Array(buffer[..<Int(count)])) else { continue }
        packets.append(packet)
      }
    }
  }
}

/// Remembers which probes have reached a place, and which ICMP errors have come in about them.
final class Witness: Sendable {
  /// What tells a probe's packets from all others of a lab: no two probes use one source port.
  struct Key: Hashable {
    let transport: TransportProtocol
    let identity: UInt16
  }

  /// What is known about one probe.
  struct Sighting {
    var hasArrived = false
    var error: (type: UInt8, code: UInt8)?
  }

  private let capture: Capture
  private let sightings = Mutex<[Key: Sighting]>([:])

  init(in namespace: NetworkNamespace) throws(LabError) { capture = try Capture(in: namespace) }

  /// Forgets an earlier probe of the same key.
  func forget(_ key: Key) {
    _ = sighting(of: key)
    sightings.withLock { $0[key] = nil }
  }

  /// What has been seen until now.
  func sighting(of key: Key) -> Sighting {
    sightings.withLock { sightings in
      for packet in capture.take() { note(packet, in: &sightings) }
      return sightings[key] ?? Sighting()
    }
  }

  private func note(_ packet: WirePacket, in sightings: inout [Key: Sighting]) {
    if let quoted = packet.quoted, let identity = quoted.sourcePort {
      sightings[Key(transport: quoted.transport, identity: identity), default: Sighting()].error = packet.icmp
    } else if let identity = packet.sourcePort {
      sightings[Key(transport: packet.transport, identity: identity), default: Sighting()].hasArrived = true
    }
  }
}
