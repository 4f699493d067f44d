import CNetfilter
import Glibc
import Netlink

/// A process that owns the table `inet moat` in the namespace it was started in: `Tests/TableOwner`.
final class OwnerProcess {
  /// Its number.
  let process: pid_t

  /// A copy of its socket; this process closes it.
  let descriptor: Int32

  /// This end of what the process watches: it ends when this one does.
  private let connection: Int32

  /// Starts it and waits until it owns the table.
  init() throws {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw NetlinkError("make a pair of sockets", code: errno)
    }
    connection = ends[0]
    process = try Self.spawn(input: ends[1])
    close(ends[1])
    descriptor = try receiveDescriptor(over: connection)
  }

  deinit { close(connection) }

  /// Ends it without a chance to clean up, and waits until it is gone.
  func kill() {
    Glibc.kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }

  /// The executable that stands beside the one that runs the tests.
  private static var path: String {
    let own = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return "" }
      let count = max(0, readlink("/proc/self/exe", start, buffer.count))
      return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      + "/table-owner"
  }

  private static func spawn(input: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    var words: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
    defer { free(words[0]) }
    var process = pid_t()
    let code = posix_spawn(&process, path, &actions, nil, &words, environ)
    guard code == 0 else { throw NetlinkError("start \(path)", code: code) }
    return process
  }
}
