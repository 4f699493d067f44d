import CNetfilter
import Dispatch
import Glibc
import NamespaceLab
import Netlink
import Synchronization

/// Datagrams to UDP port 9 of the calling thread's own namespace.
final class LoopbackTraffic: Sendable {
  private let sender: Int32
  private let receiver: Int32

  /// Sets up the loopback interface and opens the sockets.
  init() throws {
    _ = try runProgram(["ip", "link", "set", "lo", "up"])
    sender = moat_socket_open(4, Int32(SOCK_DGRAM.rawValue), 0)
    receiver = moat_socket_open(4, Int32(SOCK_DGRAM.rawValue), 0)
    let bound = moat_socket_bind(receiver, [127, 0, 0, 1], 4, 9)
    guard sender >= 0, bound == 0 else { throw NetlinkError("bind port 9", code: -bound) }
  }

  deinit {
    close(sender)
    close(receiver)
  }

  /// Whether a datagram sent now leaves its socket: a drop in the output hook is an error of sendto(2).
  var passes: Bool { send() > 0 }

  /// How many datagrams have come in since the last call.
  var received: Int {
    var byte: UInt8 = 0
    var count = 0
    while recv(receiver, &byte, 1, Int32(MSG_DONTWAIT)) >= 0 { count += 1 }
    return count
  }

  fileprivate func send() -> Int32 { moat_socket_send_to(sender, [1], 1, [127, 0, 0, 1], 4, 9) }

  /// Sends without a pause, on a thread of its own.
  func flood() -> Flood { Flood(self) }
}

/// Datagrams sent without a pause until `stop`.
final class Flood: Sendable {
  private let isStopped = Atomic(false)
  private let sent = Atomic(0)
  private let done = DispatchSemaphore(value: 0)

  init(_ traffic: LoopbackTraffic) {
    DispatchQueue.global().async { [self] in
      while !isStopped.load(ordering: .relaxed) {
        _ = traffic.send()
        sent.add(1, ordering: .relaxed)
      }
      done.signal()
    }
  }

  /// How many were sent so far.
  var count: Int { sent.load(ordering: .relaxed) }

  /// Ends it and says how many were sent.
  func stop() -> Int {
    isStopped.store(true, ordering: .relaxed)
    done.wait()
    return sent.load(ordering: .relaxed)
  }
}
