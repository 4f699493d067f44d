import CNetfilter
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Synchronization

/// A pod that opens TCP connections and sends datagrams to the outside without end, IPv4 and IPv6.
final class Hammer: Sendable {
  static let targets = [IPAddress(v4: 0xcb00_710a), IPAddress(v6: 0x2001_0db8_0113 << 80 | 0x10)]

  private let sent = Atomic(0)
  private let isStopped = Atomic(false)
  private let lab: Lab

  /// Begins at once.
  init(from pod: LabHost, in lab: Lab) {
    self.lab = lab
    Thread.detachNewThread { [self] in
      try? lab.inside(pod) {
        while !isStopped.load(ordering: .relaxed) {
          for target in Self.targets { strike(target) }
          usleep(300)
        }
      }
    }
  }

  /// How many packets were tried.
  var count: Int { sent.load(ordering: .relaxed) }

  func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Waits until that many more were tried, ten seconds at most.
  func awaitMore(_ more: Int) {
    let goal = count + more
    let deadline = ContinuousClock.now + .seconds(10)
    while count < goal, ContinuousClock.now < deadline { usleep(1000) }
  }

  /// What has reached the outside since the capture was opened.
  static func leaks(in capture: Capture) -> [WirePacket] {
    capture.packets().filter { targets.contains($0.destination) }
  }

  private func strike(_ target: IPAddress) {
    let version: Int32 = target.family == .v4 ? 4 : 6
    for type in [Int32(SOCK_STREAM.rawValue), Int32(SOCK_DGRAM.rawValue)] {
      let socket = moat_socket_open(version, type, 0)
      guard socket >= 0 else { continue }
      let bytes = target.bytes
      _ = moat_socket_connect(socket, bytes, bytes.count, 443)
      if type == Int32(SOCK_DGRAM.rawValue) { send(socket, "x", 1, Int32(MSG_NOSIGNAL)) }
      close(socket)
      sent.add(1, ordering: .relaxed)
    }
  }
}
