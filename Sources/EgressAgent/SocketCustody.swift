import Glibc
import Synchronization

/// Where copies of the netlink socket that owns the tables outlive the daemon: the service manager's file-descriptor
/// store, and `moat hold`.
package final class SocketCustody: Sendable {
  /// What the copy is called in the store.
  static let name = "moat-tables"

  private let manager: ServiceManagerLink?
  private let stored: [Int32]
  private let holdPath: String
  private let own = Mutex<Int32?>(nil)

  /// - Parameter holdPath: where `moat hold` listens, if it runs.
  package init(manager: ServiceManagerLink? = nil, environment: [String: String] = [:], holdPath: String) {
    self.manager = manager
    stored = storedDescriptors(named: Self.name, environment: environment)
    self.holdPath = holdPath
  }

  deinit { own.withLock { if let descriptor = $0 { close(descriptor) } } }

  /// The sockets that were kept for this process, which must close them; most often one.
  package func takeBack() -> [Int32] {
    stored + (held().map { [$0] } ?? [])
  }

  /// What `moat hold` has; `nil` where it has nothing, does not run, or cannot be trusted.
  private func held() -> Int32? {
    do throws(AgentError) {
      let hold = try UnixSocket.connected(to: holdPath)
      guard hold.isPeerTrusted else { return nil }
      try hold.send(nil)
      return try hold.receive()
    } catch {
      return nil
    }
  }

  /// Gives copies of the socket to both, where they are there.
  func handOver(_ descriptor: Int32) {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { return }
    own.withLock { own in
      if let old = own { close(old) }
      own = copy
    }
    // The service manager still has what it passed to this process.
    if !stored.contains(descriptor) { manager?.store(copy, named: Self.name) }
    handOverToHold()
  }

  /// Gives a copy to a `moat hold` that has just been started.
  func handOverToHold() {
    own.withLock { own in
      guard let own else { return }
      do throws(AgentError) {
        let hold = try UnixSocket.connected(to: holdPath)
        if hold.isPeerTrusted { try hold.send(own) }
      } catch {
        return
      }
    }
  }
}
