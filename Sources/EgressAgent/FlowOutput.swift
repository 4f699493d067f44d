import Foundation
import Glibc
import Telemetry

/// Writes records of refused packets as JSON, one a line, to a file or to standard output.
///
/// A file is appended to, and opened anew when it was moved away: rotation is the platform's. Not to be used by two
/// threads at once.
final class FlowOutput {
  private let path: String
  private var descriptor: Int32 = -1
  private var identity: FileIdentity?
  private let encoder = JSONEncoder()

  /// - Parameter path: of the file; `-` is standard output.
  init(_ path: String) {
    self.path = path
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

  /// Writes all of `records`, or says why not. A line that was begun is ended before the next attempt.
  func write(_ records: [FlowRecord]) throws(AgentError) {
    try open()
    var bytes: [UInt8] = []
    for record in records {
      do { bytes += try encoder.encode(record) } catch {
        throw AgentError("write \(path)", code: 0, reason: "\(error)")
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    var rest = (isBroken ? [UInt8(ascii: "\n")] + bytes : bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        isBroken = rest.count < bytes.count || isBroken
        throw AgentError("write \(path)", code: count == 0 ? EIO : errno)
      }
      rest = rest.dropFirst(count)
    }
    isBroken = false
  }

  /// Whether the last line has no end yet.
  private var isBroken = false

  private func open() throws(AgentError) {
    if path == "-" {
      descriptor = STDOUT_FILENO
      return
    }
    if descriptor >= 0, let there = FileIdentity(at: path), there == identity { return }
    if descriptor >= 0 { close(descriptor) }
    descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o640)
    guard descriptor >= 0 else { throw AgentError("open \(path)", code: errno) }
    identity = FileIdentity(at: path)
    isBroken = false
  }
}

/// Which file a path names.
private struct FileIdentity: Equatable {
  let device: dev_t
  let node: ino_t

  init?(at path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, node) = (status.st_dev, status.st_ino)
  }
}
