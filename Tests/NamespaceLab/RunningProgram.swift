import CNetfilter
import Glibc
import Synchronization

/// A program that was started in a namespace.
package final class RunningProgram: Sendable {
  /// The process, as kill(2) knows it; for a program that has ended it may be somebody else's by now.
  package let process: Int32

  private let files: ProgramFiles
  private let host: String
  private let command: String
  private let status = Mutex<Int32?>(nil)

  init(_ process: Int32, _ files: ProgramFiles, host: String, command: String) {
    self.process = process
    self.files = files
    self.host = host
    self.command = command
  }

  deinit {
    stop()
    files.close()
  }

  /// What it has printed until now, output first, then errors.
  package var text: String { readAll(files.output) + readAll(files.errors) }

  /// Waits until it ends.
  ///
  /// - Throws: `LabError.timeout` if it does not within `patience`; then it is killed.
  package func wait(_ patience: Duration = .seconds(60)) throws(LabError) -> ProgramOutput {
    guard let status = try reap(within: patience) else {
      stop(patience: .zero)
      throw .timeout(host: host, command: command)
    }
    return ProgramOutput(status: status, output: readAll(files.output), errors: readAll(files.errors))
  }

  /// Asks it to end with SIGTERM, and kills it when it has not done so within `patience`.
  package func stop(patience: Duration = .seconds(2)) {
    for (signal, time) in [(SIGTERM, patience), (SIGKILL, .seconds(10))] {
      let isRunning = status.withLock { $0 == nil && kill(process, signal) == 0 }
      guard isRunning else { return }
      do { if try reap(within: time) != nil { return } } catch { continue }
    }
  }

  /// The exit status, or 128 + signal; nil while it runs.
  private func reap(within patience: Duration) throws(LabError) -> Int32? {
    if let known = status.withLock({ $0 }) { return known }
    let watch = try checked(moat_process_open(process), "pidfd_open", at: host)
    defer { close(watch) }
    guard isReady(watch, POLLIN, within: patience) != 0 else { return nil }
    return status.withLock { status in
      if let status { return status }
      var raw: Int32 = 0
      waitpid(process, &raw, 0)
      status = raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
      return status
    }
  }
}
