import EgressPolicy
import FoundationEssentials
import Glibc
import ManifestSource
import Synchronization

/// The file in the state directory that keeps the last good `LockState` for the next boot.
///
/// Its first line names the format and carries a checksum of the rest, which is JSON. It is replaced as a whole: a
/// crash, a full disk or a torn write leave the one before, or a file whose checksum does not fit.
package final class LockStateFile: Sendable {
  private let folder: String
  private let written = Mutex<LockState?>(nil)

  /// - Parameter folder: the state directory, `/var/lib/moat`.
  package init(in folder: String) { self.folder = folder }

  /// `lock.json` in the state directory.
  package var path: String { folder + "/lock.json" }

  /// Writes `state`, unless it was the last one written.
  ///
  /// - Throws: `AgentError`; the file is then what it was before.
  package func save(_ state: LockState) throws(AgentError) {
    try written.withLock { (written) throws(AgentError) in
      guard written != state else { return }
      try replace(with: try encoded(state))
      written = state
    }
  }

  /// What was saved last; `nil` where nothing was.
  ///
  /// - Throws: `AgentError` where the file cannot be read, is damaged or of another format.
  package func load() throws(AgentError) -> LockState? {
    let operation = "read \(path)"
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw AgentError(operation, code: errno) }
    defer { close(file) }
    let bytes: [UInt8]
    do { bytes = try contents(of: file, name: path) } catch {
      throw AgentError(operation, code: 0, reason: "it \(error.message)")
    }
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      throw AgentError(operation, code: 0, reason: "it has no first line")
    }
    let body = bytes[(end + 1)...]
    guard String(decoding: bytes[..<end], as: UTF8.self) == headLine(of: body) else {
      throw AgentError(operation, code: 0, reason: "its checksum or format does not fit, so nothing of it is used")
    }
    do { return try JSONDecoder().decode(LockState.self, from: Data(body)) } catch {
      throw AgentError(operation, code: 0, reason: "its contents cannot be used: \(error)")
    }
  }

  private func encoded(_ state: LockState) throws(AgentError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let body: [UInt8]
    do { body = [UInt8](try encoder.encode(state)) + [UInt8(ascii: "\n")] } catch {
      throw AgentError("write \(path)", code: 0, reason: "\(error)")
    }
    return Array((headLine(of: body[...]) + "\n").utf8) + body
  }

  /// Writes another file, and renames it once it is on the disk.
  private func replace(with bytes: [UInt8]) throws(AgentError) {
    let temporary = path + ".new"
    // Whatever an interrupted write, or somebody, left there.
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw AgentError("write \(temporary)", code: errno) }
    var failure = writeAll(bytes, to: file)
    if failure == 0, fsync(file) != 0 { failure = errno }
    if close(file) != 0, failure == 0 { failure = errno }
    if failure == 0, rename(temporary, path) != 0 { failure = errno }
    guard failure == 0 else {
      unlink(temporary)
      throw AgentError("save \(path)", code: failure)
    }
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    fsync(directory)
    close(directory)
  }
}

/// `moat lock state 1, crc32 8c736521`.
private func headLine(of body: ArraySlice<UInt8>) -> String {
  let digits = String(checksum(body), radix: 16)
  return "moat lock state 1, crc32 " + String(repeating: "0", count: 8 - digits.count) + digits
}

/// Writes everything; an errno, 0 for none.
private func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return count == 0 ? EIO : errno }
  }
  return 0
}

/// CRC-32 as in zlib and PNG. See: ISO 3309
func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  var remainder: UInt32 = .max
  for byte in bytes {
    remainder ^= UInt32(byte)
    for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xedb8_8320 : 0) }
  }
  return ~remainder
}
