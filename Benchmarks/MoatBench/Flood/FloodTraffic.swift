import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Synchronization

/// A thread in a pod's network namespace that sends datagrams as fast as it can, to one host and 1,000 of its ports.
final class FloodSender: Sendable {
  private let state = Mutex<(isRunning: Bool, failure: BenchError?)>((true, nil))

  var isRunning: Bool { state.withLock { $0.isRunning } }
  var failure: BenchError? { state.withLock { $0.failure } }

  init(in lab: Lab, _ host: LabHost, _ count: Int) throws {
    let target = try IPAddress(parsing: "203.0.113.10")
    let thread = Thread { [self] in
      let failure: BenchError?
      do {
        try lab.inside(host) { try sendDatagrams(count, to: target) }
        failure = nil
      } catch { failure = BenchError("\(error)") }
      state.withLock { $0 = (false, failure) }
    }
    thread.start()
  }
}

private func sendDatagrams(_ count: Int, to address: IPAddress) throws {
  let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  guard descriptor >= 0 else { throw BenchError("socket: errno \(errno)") }
  defer { close(descriptor) }
  var target = socketAddress(address, 0)
  var sent = 0
  while sent < count {
    target.sin_port = UInt16(1 + sent % 1000).bigEndian
    if withSocketAddress(&target, { Int32(sendto(descriptor, "x", 1, 0, $0, $1)) }) == 1 {
      sent += 1
    } else if errno != EINTR, errno != ENOBUFS {
      throw BenchError("sendto: errno \(errno)")
    }
  }
}

/// Sends back every byte that comes, on connection after connection.
final class EchoServer: Sendable {
  private let listener: Int32

  init(in lab: Lab, _ host: LabHost, port: UInt16) throws {
    listener = try lab.inside(host) {
      let listener = socket(AF_INET, streamSocket, 0)
      var address = socketAddress(IPAddress(v4: 0), port)
      guard listener >= 0, withSocketAddress(&address, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0
      else {
        throw BenchError("cannot listen on port \(port): errno \(errno)")
      }
      return listener
    }
    Thread { [listener] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) == 1, send(connection, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 {}
        close(connection)
      }
    }.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}

/// A connection on which a byte goes there and back.
final class EchoClient {
  private let connection: Int32

  /// Opened in the calling thread's network namespace.
  init(to target: IPAddress, port: UInt16) throws {
    connection = socket(AF_INET, streamSocket, 0)
    var on: Int32 = 1
    setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = socketAddress(target, port)
    guard withSocketAddress(&address, { connect(connection, $0, $1) }) == 0 else {
      throw BenchError("cannot connect to \(target): errno \(errno)")
    }
  }

  deinit { close(connection) }

  func exchange() throws {
    var byte: UInt8 = 1
    guard send(connection, &byte, 1, Int32(MSG_NOSIGNAL)) == 1, recv(connection, &byte, 1, 0) == 1 else {
      throw BenchError("the allowed connection broke: errno \(errno)")
    }
  }
}
