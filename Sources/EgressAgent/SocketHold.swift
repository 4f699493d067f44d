import Glibc
import StatusServer
import Synchronization
import Threads

/// What `moat hold` does: keeps a copy of the daemon's netlink socket, so that the tables stay owned while there is no
/// daemon, and gives a copy to the next one.
///
/// It speaks with whoever has its own user, or root, at a unix socket: a message with a descriptor is to be kept, and the
/// connection stays open as long as it is; one without is answered with what is kept.
package final class SocketHold: Sendable {
  private struct Kept {
    var descriptor: Int32
    var connection: Int32
  }

  private let path: String
  private let kept = Mutex<Kept?>(nil)

  /// - Parameter path: where to listen, `/run/moat/hold.sock`.
  package init(path: String) { self.path = path }

  /// Works until SIGTERM or SIGINT; what is kept is then let go. `SignalWatch.blockSignals` must have been called.
  ///
  /// - Parameter daemon: is asked for its socket as long as none is kept, in case it was started first.
  /// - Throws: `AgentError` where it cannot listen.
  package func run(asking daemon: DaemonClient) throws(AgentError) {
    let listener = try UnixSocket.listening(at: path)
    do throws(ThreadError) {
      try startThread("listener") { [self] in while true { serve(listener) } }
      try startThread("asking") { [self] in
        while kept.withLock({ $0 == nil }) {
          _ = try? daemon.handOver()
          sleep(1)
        }
      }
    } catch { throw AgentError("listen at \(path)", code: error.code, reason: "\(error)") }
    SignalWatch(reload: {}).run()
  }

  /// Answers one connection.
  private func serve(_ listener: borrowing UnixSocket) {
    guard let connection = listener.accept(), connection.isPeerTrusted else { return }
    do throws(AgentError) {
      if let descriptor = try connection.receive() { return keep(descriptor, givenOver: connection.release()) }
      try kept.withLock { (kept) throws(AgentError) in try connection.send(kept?.descriptor) }
    } catch {
      return
    }
  }

  private func keep(_ descriptor: Int32, givenOver connection: Int32) {
    kept.withLock { kept in
      if let old = kept { for descriptor in [old.descriptor, old.connection] { close(descriptor) } }
      kept = Kept(descriptor: descriptor, connection: connection)
    }
  }
}
