import CNetfilter
import Glibc

/// What a program printed and how it ended.
package struct ProgramOutput: Hashable, Sendable {
  /// The exit status; 128 + signal if a signal ended it.
  package let status: Int32
  package let output: String
  package let errors: String

  /// Both streams, for messages.
  package var text: String { output + errors }
}

extension NetworkNamespace {
  /// Starts a program in the namespace, found on PATH.
  func start(_ arguments: [String], input: String = "") throws(LabError) -> RunningProgram {
    let files = try ProgramFiles(input: input, host: name)
    let process = try inside { () throws(LabError) in try files.spawn(arguments, host: name) }.get()
    return RunningProgram(process, files, host: name, command: arguments.joined(separator: " "))
  }

  /// Runs a program in the namespace, found on PATH, and waits for it.
  ///
  /// - Throws: `LabError` when it cannot be started or does not end within `patience`; then it is killed.
  func run(
    _ arguments: [String], input: String = "", patience: Duration = .seconds(60)
  ) throws(LabError) -> ProgramOutput {
    try start(arguments, input: input).wait(patience)
  }

  /// As `run`, and throws if the status is not 0.
  @discardableResult
  func runChecked(_ arguments: [String], input: String = "") throws(LabError) -> ProgramOutput {
    let result = try run(arguments, input: input)
    guard result.status == 0 else {
      throw .program(
        host: name, command: arguments.joined(separator: " "), status: result.status, output: result.text)
    }
    return result
  }
}

/// The three standard streams of a program, in memory: nothing to pump while it runs.
struct ProgramFiles: Sendable {
  let input: Int32
  let output: Int32
  let errors: Int32

  init(input text: String, host: String) throws(LabError) {
    input = try checked(moat_file_make("input"), "memfd_create", at: host)
    output = try checked(moat_file_make("output"), "memfd_create", at: host)
    errors = try checked(moat_file_make("errors"), "memfd_create", at: host)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      guard count > 0 else { throw .system(call: "write", host: host, code: errno) }
      rest = rest.dropFirst(count)
    }
    lseek(input, 0, SEEK_SET)
  }

  func close() {
    for file in [input, output, errors] { Glibc.close(file) }
  }

  /// Starts the program where the calling thread is.
  func spawn(_ arguments: [String], host: String) throws(LabError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in [input, output, errors].enumerated() {
      posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
    }
    // Threads of a pool block signals; the program shall not.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, arguments.first ?? "", &actions, &attributes, words, environ)
    guard code == 0 else {
      throw .system(call: "posix_spawnp \(arguments.joined(separator: " "))", host: host, code: code)
    }
    return process
  }
}

/// The whole of an in-memory file as text.
func readAll(_ file: Int32) -> String {
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    // The program shares the file's offset while it writes: leave that alone.
    let count = pread(file, &buffer, buffer.count, off_t(text.count))
    guard count > 0 else { return String(decoding: text, as: UTF8.self) }
    text += buffer[..<count]
  }
}

/// Waits until a descriptor is ready: poll(2)'s answer flags, 0 when the time is over.
func isReady(_ descriptor: Int32, _ events: Int32, within patience: Duration) -> Int32 {
  var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
  let (seconds, attoseconds) = patience.components
  let milliseconds = max(0, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  return poll(&entry, 1, Int32(clamping: milliseconds)) > 0 ? Int32(entry.revents) : 0
}

/// Starts a program where the calling thread is, found on PATH, and goes on. It is ended when the returned value is gone,
/// but not when this process is killed.
package func startProgram(_ arguments: [String], input: String = "") throws(LabError) -> RunningProgram {
  let files = try ProgramFiles(input: input, host: "here")
  let process = try files.spawn(arguments, host: "here")
  return RunningProgram(process, files, host: "here", command: arguments.joined(separator: " "))
}
