import NIOCore
import NIOPosix

/// Runs tasks on an event loop's thread.
///
/// Swift's own executor stands on Dispatch, which wakes the process every second once it has a worker. A daemon that
/// runs all its tasks here is left alone while there is nothing to do.
///
/// See: `_dispatch_workq_init_once` of libdispatch, which starts a timer of one second
package final class EventLoopExecutor: TaskExecutor {
  /// The one that serves the listeners, too.
  package static let shared = EventLoopExecutor(eventLoops.next())

  /// Where the tasks run.
  package let loop: any EventLoop

  private init(_ loop: any EventLoop) { self.loop = loop }

  /// Runs a task's next part on the loop's thread. See: SE-0392
  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}

extension EventLoopExecutor {
  /// A pause that begins now.
  package func pause(for time: Duration) -> Pause {
    Pause(timer: loop.scheduleTask(in: .nanoseconds(Int64(time / .nanoseconds(1)))) {})
  }
}

/// Time that goes by without Dispatch's timers.
package struct Pause: Sendable {
  fileprivate let timer: Scheduled<Void>

  /// Waits for its end.
  package func wait() async { _ = try? await timer.futureResult.get() }

  /// Ends it, from anywhere.
  package func end() { timer.cancel() }
}

/// One thread serves all listeners and tasks.
let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
