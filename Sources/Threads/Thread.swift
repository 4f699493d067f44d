import Glibc

/// The system has no thread to give.
package struct ThreadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The errno.
  package var code: Int32

  package init(code: Int32) { self.code = code }

  package var description: String {
    "no thread can be started: \(String(cString: strerror(code))) (errno \(code)); see ulimit -u and pids.max"
  }
}

/// Runs `work` on a thread of its own, which ends with it. Nobody waits for that.
///
/// - Parameter name: what `ps -L` shows, of which the system takes 15 bytes.
/// - Throws: where there is no thread; `work` then never runs.
///
/// See: pthread_create(3)
package func startThread(_ name: String, _ work: @escaping @Sendable () -> Void) throws(ThreadError) {
  let task = Unmanaged.passRetained(ThreadTask(name: name, work: work))
  var thread = pthread_t()
  let code = pthread_create(&thread, nil, { runTask($0) }, task.toOpaque())
  guard code == 0 else {
    task.release()
    throw ThreadError(code: code)
  }
  pthread_detach(thread)
}

/// What a new thread is handed over.
private final class ThreadTask: Sendable {
  let name: String
  let work: @Sendable () -> Void

  init(name: String, work: @escaping @Sendable () -> Void) {
    self.name = name
    self.work = work
  }
}

private func runTask(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let pointer else { return nil }
  let task = Unmanaged<ThreadTask>.fromOpaque(pointer).takeRetainedValue()
  nameThread(task.name)
  task.work()
  return nil
}

/// Names the calling thread; where that fails it keeps the process's name. See: proc(5), /proc/pid/task/tid/comm
private func nameThread(_ name: String) {
  let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
  guard file >= 0 else { return }
  _ = Array(name.utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
  close(file)
}
