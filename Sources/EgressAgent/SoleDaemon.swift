import Glibc

/// The right to be the only daemon behind a socket path, held as long as this value lives.
package final class SoleDaemon: Sendable {
  private let file: Int32

  /// - Throws: `AgentError` where another process has it, or the folder of the socket cannot be used.
  package init(socketPath: String) throws(AgentError) {
    let path = socketPath + ".lock"
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw AgentError("make \(path)", code: errno) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(file)
      throw AgentError(
        "lock \(path)", code: code,
        reason: code == EWOULDBLOCK ? "another moat run has it; ask it with moat status" : nil)
    }
  }

  deinit { close(file) }
}
