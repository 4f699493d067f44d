import Glibc

/// SIGTERM, SIGINT and SIGHUP, taken by a thread of its own.
///
/// A signal source of Dispatch would do, but Dispatch, once it has a worker, wakes the process every second.
package struct SignalWatch: Sendable {
  /// What SIGHUP means.
  let reload: @Sendable () -> Void

  /// Keeps the signals from ending the process, also the one of a pipe whose reader has gone: writing to it is an error
  /// like others. To be called before any other thread is started, which inherits it.
  package static func blockSignals() {
    signal(SIGPIPE, SIG_IGN)
    var signals = taken
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Works until SIGTERM or SIGINT.
  func run() {
    var signals = Self.taken
    var signal: Int32 = 0
    while true {
      guard sigwait(&signals, &signal) == 0 else { continue }
      if signal == SIGHUP { reload() } else { return }
    }
  }

  /// Lets `run` end, from any thread.
  func stop() { kill(getpid(), SIGTERM) }

  private static var taken: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
    return signals
  }
}
