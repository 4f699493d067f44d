import Glibc
import Netlink

/// The service manager that started this process and wants to hear of it.
///
/// See: sd_notify(3), sd_listen_fds(3), systemd.service(5) Type=notify, WatchdogSec= and FileDescriptorStoreMax=
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

extension ServiceManagerLink {
  /// Has the service manager keep a copy of `descriptor` beyond this process, instead of those it had by this name.
  ///
  /// It must not look at it (FDPOLL=0): a netlink socket that lost messages has an error waiting, and would be thrown
  /// out.
  func store(_ descriptor: Int32, named name: String) {
    send("FDSTOREREMOVE=1\nFDNAME=\(name)")
    do throws(AgentError) {
      let socket = try UnixSocket.connected(to: socketPath, type: SOCK_DGRAM)
      try socket.send(descriptor, saying: "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)")
    } catch {
      return
    }
  }
}

/// The descriptors with this name that the service manager kept for this process.
func storedDescriptors(named name: String, environment: [String: String], process: Int32 = getpid()) -> [Int32] {
  guard environment["LISTEN_PID"] == String(process), let count = environment["LISTEN_FDS"].flatMap(Int32.init),
    count > 0, let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false),
    names.count == Int(count)
  else { return [] }
  return zip(Int32(3)..., names).filter { $0.1 == name }.map(\.0)
}
