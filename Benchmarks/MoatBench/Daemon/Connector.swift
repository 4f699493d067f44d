import Glibc
import NetworkValues

/// A TCP port that takes every connection and forgets it.
final class Listener: Sendable {
  fileprivate let descriptor: Int32

  /// Opened in the calling thread's network namespace.
  init(port: UInt16) throws {
    descriptor = socket(AF_INET, streamSocket | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = socketAddress(.init(v4: 0), port)
    guard descriptor >= 0, withSocketAddress(&address, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 4096) == 0
    else { throw BenchError("cannot listen on port \(port): errno \(errno)") }
  }

  deinit { close(descriptor) }

  fileprivate func forgetAll() {
    while true {
      let connection = accept(descriptor, nil, nil)
      if connection < 0 { return }
      close(connection)
    }
  }
}

/// Opens connections to one endpoint, one after the other.
struct Connector {
  private let address: IPAddress
  private let port: UInt16
  private let listener: Listener

  /// Microseconds between two tries. Without a pause the tries themselves would be what the daemon has to share its
  /// processors with.
  private let pause: UInt32

  init(to address: IPAddress, port: UInt16, listener: Listener, pause: UInt32 = 50) {
    self.address = address
    self.port = port
    self.listener = listener
    self.pause = pause
  }

  /// Whether a connection can be opened now: the first packet passes, and the answer comes back. It is reset at once.
  func connects() throws -> Bool {
    let connection = socket(AF_INET, streamSocket | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard connection >= 0 else { throw BenchError("socket: errno \(errno)") }
    defer {
      close(connection)
      listener.forgetAll()
    }
    var hangUp = linger(l_onoff: 1, l_linger: 0)
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &hangUp, socklen_t(MemoryLayout<linger>.size))
    var address = socketAddress(address, port)
    if withSocketAddress(&address, { connect(connection, $0, $1) }) == 0 { return true }
    guard errno == EINPROGRESS else { return false }
    // Namespaces answer at once. What is dropped in silence is not waited for, not even poll's shortest time, a
    // millisecond: the next try is another connection's first packet.
    var answer = pollfd(fd: connection, events: Int16(POLLOUT), revents: 0)
    for _ in 0..<3 {
      if poll(&answer, 1, 0) == 1 { return answer.revents & Int16(POLLERR | POLLHUP) == 0 }
      usleep(50)
    }
    return false
  }

  /// Seconds from `start` until the first packet is sent that is judged as `expected`; how long its answer takes is not
  /// counted. A connection that fails may only have been slow: five in a row must, and the first of them counts.
  ///
  /// - Throws: `BenchError` after ten seconds.
  func seconds(from start: ContinuousClock.Instant, until expected: Bool) throws -> Double {
    while secondsSince(start) < 10 {
      let time = secondsSince(start)
      if expected, try connects() { return time }
      if !expected, try (0..<5).allSatisfy({ _ in try !connects() }) { return time }
      usleep(pause)
    }
    throw BenchError("connections are still \(expected ? "refused" : "accepted") ten seconds after the change")
  }
}

let streamSocket = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

/// Of IPv4.
func socketAddress(_ address: IPAddress, _ port: UInt16) -> sockaddr_in {
  var result = sockaddr_in()
  result.sin_family = sa_family_t(AF_INET)
  result.sin_port = port.bigEndian
  result.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.value).bigEndian
  return result
}

func withSocketAddress(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32)
  -> Int32
{
  withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
