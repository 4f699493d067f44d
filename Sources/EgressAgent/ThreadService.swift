import Glibc
import ServiceLifecycle
import Threads

/// A service whose work blocks, and so has a thread of its own.
struct ThreadService: Service {
  var name: String

  /// Whether others of the daemon's threads go first where processors are scarce. See: nice(2)
  var isPatient = false

  /// Runs on the thread until `stop` was called.
  var work: @Sendable () -> Void

  /// Lets `work` end soon; from any thread.
  var stop: @Sendable () -> Void

  /// Ends when `work` does.
  ///
  /// - Throws: where there is no thread for it.
  func run() async throws {
    try await withTaskCancellationOrGracefulShutdownHandler {
      try await withCheckedThrowingContinuation { continuation in
        do throws(ThreadError) {
          try startThread(name) {
            // Process 0 is the calling thread. See: setpriority(2), NOTES
            if isPatient { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
            work()
            continuation.resume()
          }
        } catch { continuation.resume(throwing: error) }
      }
    } onCancelOrGracefulShutdown: {
      stop()
    }
  }
}
