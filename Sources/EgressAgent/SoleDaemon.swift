import Glibc

/// The right to be the only one of its kind behind a socket path, held as long as this value lives.
package final class SoleDaemon: Sendable {
  private let file: Int32

  /// Makes the folder of the socket where only that is missing.
  ///
  /// - Parameter command: what the others are called: `moat run`.
  /// - Throws: `AgentError` where another process has it, or the folder of the socket cannot be used.
  package init(socketPath: String, command: String = "moat run") throws(AgentError) {
    let path = socketPath + ".lock"
    if let end = socketPath.lastIndex(of: "/") { makeFolder(String(socketPath[..<end])) }
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw AgentError("make \(path)", code: errno) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(file)
      throw AgentError(
        "lock \(path)", code: code,
        reason: code == EWOULDBLOCK ? "another \(command) has it; look at moat status" : nil)
    }
  }

  deinit { close(file) }
}

/// Makes a folder for its owner alone, where it is not there; whoever uses it then says what is wrong with it.
package func makeFolder(_ path: String) { if !path.isEmpty { mkdir(path, 0o700) } }
