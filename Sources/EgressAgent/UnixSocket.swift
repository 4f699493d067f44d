import Glibc
import Netlink

/// A unix socket, close-on-exec, that is closed with this value. See: unix(7)
struct UnixSocket: ~Copyable {
  let descriptor: Int32

  /// How long a peer may make us wait for a message.
  private static let patience = timeval(tv_sec: 5, tv_usec: 0)

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var patience = Self.patience
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  deinit { close(descriptor) }

  /// The descriptor, which is the caller's to close from now on.
  consuming func release() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  /// Connected to a path, or, with a leading `@`, to an abstract name.
  static func connected(to path: String, type: __socket_type = SOCK_SEQPACKET) throws(AgentError) -> UnixSocket {
    let socket = try made(type, for: "connect to \(path)")
    guard withUnixAddress(path, { connect(socket.descriptor, $0, $1) }) == 0 else {
      throw AgentError("connect to \(path)", code: errno)
    }
    return socket
  }

  /// Listening at a path. What is there is replaced once connections are taken, so that nobody meets a socket that
  /// refuses.
  static func listening(at path: String) throws(AgentError) -> UnixSocket {
    let operation = "listen on \(path)"
    let socket = try made(SOCK_SEQPACKET, for: operation)
    let temporary = path + ".new"
    unlink(temporary)
    guard withUnixAddress(temporary, { bind(socket.descriptor, $0, $1) }) == 0, listen(socket.descriptor, 16) == 0,
      rename(temporary, path) == 0
    else { throw AgentError(operation, code: errno) }
    return socket
  }

  private static func made(_ type: __socket_type, for operation: String) throws(AgentError) -> UnixSocket {
    let descriptor = Glibc.socket(AF_UNIX, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw AgentError(operation, code: errno) }
    return UnixSocket(descriptor)
  }

  /// Waits for a connection; `nil` where it was gone again.
  func accept() -> UnixSocket? {
    guard awaitInput(on: [descriptor], until: nil) else { return nil }
    let connection = Glibc.accept(descriptor, nil, nil)
    guard connection >= 0 else { return nil }
    _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
    return UnixSocket(connection)
  }

  /// Whether the process that connected, or listens, has this process's user or is root.
  var isPeerTrusted: Bool {
    var credentials: (process: Int32, user: UInt32, group: UInt32) = (0, .max, .max)
    var length = socklen_t(12)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, length == 12 else {
      return false
    }
    return credentials.user == 0 || credentials.user == geteuid()
  }

  /// Sends a copy of a descriptor; without one the words alone.
  func send(_ passed: Int32?, saying text: String = "\0") throws(AgentError) {
    guard let passed else {
      var text = text
      let sent = text.withUTF8 { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent >= 0 else { throw AgentError("send to a unix socket", code: errno) }
      return
    }
    do { try sendDescriptor(passed, saying: text, over: descriptor) } catch {
      throw AgentError("send a descriptor", code: error.code)
    }
  }

  /// Waits for a message; the descriptor that came along, which is the caller's to close.
  ///
  /// - Throws: where none came within some time.
  func receive() throws(AgentError) -> Int32? {
    do { return try receiveDescriptor(over: descriptor) } catch {
      if error.code == ENOMSG { return nil }
      throw AgentError("receive a descriptor", code: error.code)
    }
  }
}

/// Gives the address of a socket in the file system, or, with a leading `@`, of an abstract one, to `body`.
///
/// - Returns: `nil` where the path is too long.
func withUnixAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
    errno = ENAMETOOLONG
    return nil
  }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  if bytes.first == UInt8(ascii: "@") { address.sun_path.0 = 0 }
  let isAbstract = bytes.first == UInt8(ascii: "@")
  let length = MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1)
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
  }
}
