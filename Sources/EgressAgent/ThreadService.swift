import Foundation
import ServiceLifecycle

/// A service whose work blocks, and so has a thread of its own.
struct ThreadService: Service {
  var name: String

  /// Runs on the thread until `stop` was called.
  var work: @Sendable () -> Void

  /// Lets `work` end soon; from any thread.
  var stop: @Sendable () -> Void

  /// Ends when `work` does.
  func run() async {
    await withTaskCancellationOrGracefulShutdownHandler {
      await withCheckedContinuation { continuation in
        let thread = Thread {
          Thread.current.name = name
          work()
          continuation.resume()
        }
        thread.start()
      }
    } onCancelOrGracefulShutdown: {
      stop()
    }
  }
}
