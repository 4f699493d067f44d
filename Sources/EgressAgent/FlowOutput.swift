import FoundationEssentials
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

  /// Writes all of `records`, or says why not: what cannot be written within a second is given up. A line that was begun
  /// is ended before the next attempt.
  func write(_ records: [FlowRecord]) throws(AgentError) {
    try open()
    var bytes: [UInt8] = []
    for record in records {
      do { bytes += try encoder.encode(record) } catch {
        throw AgentError("write \(path)", code: 0, reason: "\(error)")
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    let patience = Duration.seconds(hasFailed ? 0 : 1)
    let deadline = ContinuousClock.now + patience
    hasFailed = true
    if isBroken { bytes.insert(UInt8(ascii: "\n"), at: 0) }
    var rest = bytes[...]
    while !rest.isEmpty {
      guard awaitInput(on: [], writing: [descriptor], until: deadline) || ContinuousClock.now < deadline else {
        throw AgentError("write \(path)", code: EAGAIN, reason: "nobody reads what was written before")
      }
      let count = rest.prefix(Self.part).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR || errno == EAGAIN && ContinuousClock.now < deadline { continue }
      guard count > 0 else { throw AgentError("write \(path)", code: count == 0 ? EIO : errno) }
      rest = rest.dropFirst(count)
      isBroken = rest.first != nil && bytes[rest.startIndex - 1] != UInt8(ascii: "\n")
    }
    hasFailed = false
  }

  /// Whether the last line has no end yet.
  private var isBroken = false

  /// Whether the last attempt failed: then the next one waits for nobody.
  private var hasFailed = false

  /// What a pipe that has room takes without waiting. See: pipe(7), PIPE_BUF
  private static let part = 4096

  private func open() throws(AgentError) {
    if path == "-" {
      descriptor = STDOUT_FILENO
      return
    }
    if descriptor >= 0, let there = FileIdentity(at: path), there == identity { return }
    if descriptor >= 0 { close(descriptor) }
    descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o640)
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
