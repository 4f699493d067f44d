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

  /// The connection to `moat hold`, which closes it when it keeps nothing of ours any more.
  private let hold = Mutex<Int32?>(nil)

  /// Taken by one hand-over after the other; a peer may make it wait, so that nothing else may wait for it.
  private let handing = Mutex(())

  /// - Parameter holdPath: where `moat hold` listens, if it runs.
  package init(manager: ServiceManagerLink? = nil, environment: [String: String] = [:], holdPath: String) {
    self.manager = manager
    stored = storedDescriptors(named: Self.name, environment: environment)
    self.holdPath = holdPath
  }

  deinit { for descriptor in [own.withLock { $0 }, hold.withLock { $0 }].compactMap({ $0 }) { close(descriptor) } }

  /// Who keeps a copy beyond this process, as the status tells it; `nil` where there is nothing to keep. What the service
  /// manager was given is its business from then on.
  var keepers: [String]? {
    guard own.withLock({ $0 != nil }) else { return nil }
    return (manager == nil ? [] : ["service manager"]) + (isHeld ? ["moat hold"] : [])
  }

  private var isHeld: Bool {
    hold.withLock { connection in
      guard let connection else { return false }
      var entry = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, 0) == 0
    }
  }

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
    handing.withLock { _ in
      guard let copy = own.withLock({ $0.map { fcntl($0, F_DUPFD_CLOEXEC, 3) } }), copy >= 0 else { return }
      defer { close(copy) }
      do throws(AgentError) {
        let connection = try UnixSocket.connected(to: holdPath)
        guard connection.isPeerTrusted else { return }
        try connection.send(copy)
        let open = connection.release()
        hold.withLock { hold in
          if let old = hold { close(old) }
          hold = open
        }
      } catch {
        return
      }
    }
  }
}
