import Glibc

/// The service manager that started this process and wants to hear of it.
///
/// See: sd_notify(3), systemd.service(5) Type=notify and WatchdogSec=
package struct ServiceManagerLink: Sendable {
  private let socketPath: String

  /// How often it wants a sign of life at least; half of WATCHDOG_USEC. `nil` where it does not ask this process.
  package let heartbeat: Duration?

  /// `nil` where no service manager waits.
  package init?(environment: [String: String]) {
    guard let path = environment["NOTIFY_SOCKET"], path.first == "/" || path.first == "@" else { return nil }
    socketPath = path
    let isOurs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
    heartbeat = isOurs ? environment["WATCHDOG_USEC"].flatMap(Int64.init).map { .microseconds($0 / 2) } : nil
  }

  /// Sends lines like `READY=1`. What cannot be delivered is lost: the service manager's business.
  package func send(_ text: String) {
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return }
    defer { close(socket) }
    var text = text
    _ = withUnixAddress(socketPath) { address, length in
      text.withUTF8 { sendto(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), address, length) }
    }
  }
}

/// Gives the address of a socket in the file system, or, with a leading `@`, of an abstract one, to `body`.
///
/// - Returns: `nil` where the path is too long.
private func withUnixAddress<Result>(
  _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result? {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  if bytes.first == UInt8(ascii: "@") { address.sun_path.0 = 0 }
  let isAbstract = bytes.first == UInt8(ascii: "@")
  let length = MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1)
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
  }
}
