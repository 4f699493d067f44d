import Glibc
import Netlink

/// Hears what a daemon tells its service manager, and keeps the descriptors it wants kept.
final class FakeServiceManager {
  let path: String
  private let socket: Int32
  private(set) var messages: [String] = []
  private(set) var stored: [Int32] = []

  /// - Parameter path: of the socket, which becomes NOTIFY_SOCKET.
  init(at path: String) throws {
    self.path = path
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw NetlinkError("bind \(path)", code: errno) }
  }

  deinit {
    close(socket)
    forget()
  }

  /// Lets go of the descriptors.
  func forget() {
    for descriptor in stored { close(descriptor) }
    stored = []
  }

  /// Waits for a message that begins so, ten seconds at most; those before it are remembered as well.
  func await(_ beginning: String) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 1000) > 0 else { continue }
      let message = try take()
      messages.append(message)
      if message.hasPrefix(beginning) { return true }
    }
    return false
  }

  private func take() throws -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(socket, &bytes, bytes.count, Int32(MSG_PEEK))
    let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    if text.hasPrefix("FDSTORE=1\n") {
      stored.append(try receiveDescriptor(over: socket))
    } else {
      recv(socket, &bytes, bytes.count, 0)
    }
    return text
  }

  /// A command that starts what follows it as a service manager does: with the kept descriptor, if there is one.
  var starter: [String] {
    var script = "export NOTIFY_SOCKET=\(path); "
    if let descriptor = stored.first {
      script += "exec 3<&\(descriptor); export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=moat-tables; "
    }
    return ["bash", "-c", script + "exec \"$@\"", "bash"]
  }

  /// Lets the next program that is started inherit the kept descriptor.
  func start<Result>(_ body: ([String]) throws -> Result) rethrows -> Result {
    for descriptor in stored { _ = fcntl(descriptor, F_SETFD, 0) }
    defer { for descriptor in stored { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) } }
    return try body(starter)
  }
}
