import CNetfilter
import Glibc

/// Runs `body` in a network namespace of its own, which ends with what was opened in it.
///
/// Only the calling thread moves there and, because `body` cannot suspend, comes back. Sockets and processes that `body`
/// makes are in that namespace. Needs root.
///
/// - Throws: what `body` throws, or `NamespaceFailure`.
package func inFreshNetworkNamespace<Value>(_ body: () throws -> Value) throws -> Value {
  let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
  guard home >= 0 else { throw NamespaceFailure(call: "open /proc/thread-self/ns/net", code: errno) }
  defer { close(home) }
  guard moat_leave_network_namespace() == 0 else { throw NamespaceFailure(call: "unshare", code: errno) }
  defer {
    // A thread that stays in the wrong namespace would let later tests change the wrong ruleset.
    let isHome = moat_enter_network_namespace(home) == 0
    precondition(isHome, "cannot return to the network namespace")
  }
  return try body()
}

/// A system call that a network namespace or a process in it needs has failed.
package struct NamespaceFailure: Error, CustomStringConvertible {
  /// The call.
  package var call: String

  /// Its errno.
  package var code: Int32

  package var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// What a program left behind.
package struct ProgramResult: Sendable {
  /// The exit status; 128 and the signal's number where a signal ended it.
  package var status: Int32

  /// Standard output and standard error, mixed.
  package var output: String
}

/// Runs a program found in PATH in the calling thread's network namespace and waits for it.
///
/// - Parameter input: what it reads on standard input.
package func runProgram(_ arguments: [String], input: String = "") throws -> ProgramResult {
  let (source, sink) = (try temporaryFile(holding: input), try temporaryFile(holding: ""))
  defer {
    close(source)
    close(sink)
  }
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, source, 0)
  posix_spawn_file_actions_adddup2(&actions, sink, 1)
  posix_spawn_file_actions_adddup2(&actions, sink, 2)
  var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
  defer { for word in words { free(word) } }
  var process = pid_t()
  let code = posix_spawnp(&process, words[0] ?? strdup(""), &actions, nil, &words, environ)
  guard code == 0 else { throw NamespaceFailure(call: "posix_spawnp \(arguments)", code: code) }
  var status: Int32 = 0
  while waitpid(process, &status, 0) < 0 {
    guard errno == EINTR else { throw NamespaceFailure(call: "waitpid", code: errno) }
  }
  let exit = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  return ProgramResult(status: exit, output: contents(of: sink))
}

private func temporaryFile(holding text: String) throws -> Int32 {
  let file = moat_open_memory()
  guard file >= 0 else { throw NamespaceFailure(call: "memfd_create", code: errno) }
  var text = text
  let written = text.withUTF8 { bytes in bytes.isEmpty ? 0 : pwrite(file, bytes.baseAddress, bytes.count, 0) }
  guard written == text.utf8.count else { throw NamespaceFailure(call: "pwrite", code: errno) }
  return file
}

private func contents(of file: Int32) -> String {
  let size = max(0, Int(lseek(file, 0, SEEK_END)))
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    count = max(0, pread(file, buffer.baseAddress, size, 0))
  }
  return String(decoding: bytes, as: UTF8.self)
}
