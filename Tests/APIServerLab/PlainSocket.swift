import Glibc

/// A TCP socket that blocks, of the network namespace in which it was made.
package final class PlainSocket: Sendable {
  /// The descriptor.
  package let number: Int32

  /// The port on this side.
  package let port: UInt16

  /// Listens, with room for many.
  package init(listeningOn address: String, port: UInt16) throws(ServerLabError) {
    let socket = try Self.open()
    number = socket
    var yes: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var name = try socketAddress(address, port)
    try check(withAddress(&name) { bind(socket, $0, $1) }, "bind \(address):\(port)")
    try check(listen(socket, 128), "listen")
    self.port = try Self.port(of: socket)
  }

  /// Connects.
  package init(to address: String, port: UInt16) throws(ServerLabError) {
    let socket = try Self.open()
    number = socket
    var name = try socketAddress(address, port)
    do { try check(withAddress(&name) { connect(socket, $0, $1) }, "connect to \(address):\(port)") } catch {
      close(socket)
      throw error
    }
    self.port = try Self.port(of: socket)
  }

  /// Takes a socket over.
  package init(owning number: Int32) {
    self.number = number
    port = 0
  }

  deinit { close(number) }

  /// Waits for a connection; `nil` once the socket is shut down.
  package func accept() -> PlainSocket? {
    let peer = Glibc.accept(number, nil, nil)
    guard peer >= 0 else { return nil }
    _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
    return PlainSocket(owning: peer)
  }

  /// Ends both directions; whoever waits on it returns.
  package func shutDown() { shutdown(number, Int32(SHUT_RDWR)) }

  /// Sends everything; whether that was possible.
  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// What arrives next; empty at the end of the stream or after `patience`.
  package func receive(within patience: Duration? = nil) -> [UInt8] {
    if let patience {
      var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(clamping: Int64(patience / .milliseconds(1)))) > 0 else { return [] }
    }
    return [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      count = max(0, recv(number, buffer.baseAddress, buffer.count, 0))
    }
  }

  private static func open() throws(ServerLabError) -> Int32 {
    try check(socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0), "socket")
  }

  private static func port(of number: Int32) throws(ServerLabError) -> UInt16 {
    var name = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try check(
      withUnsafeMutablePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
      }, "getsockname")
    return UInt16(bigEndian: name.sin_port)
  }
}

private func socketAddress(_ address: String, _ port: UInt16) throws(ServerLabError) -> sockaddr_in {
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_port = port.bigEndian
  guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { throw ServerLabError("\(address) is no address") }
  return name
}

private func withAddress(_ name: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
  withUnsafePointer(to: &name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

@discardableResult
private func check(_ answer: Int32, _ call: String) throws(ServerLabError) -> Int32 {
  guard answer >= 0 else { throw ServerLabError("\(call): \(String(cString: strerror(errno)))") }
  return answer
}

/// The API server, or what stands around it, did not do what a test needs.
package struct ServerLabError: Error, CustomStringConvertible {
  /// What, and the program's own words where there are any.
  package var description: String

  /// - Parameter description: what happened.
  package init(_ description: String) { self.description = description }
}
