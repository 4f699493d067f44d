import ArgumentParser
import FoundationEssentials
import Glibc

/// Writes a line to standard error. What cannot be written there is lost: nobody is left to tell.
func printError(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

/// Writes a text to standard output as it is. When nobody reads any more the process ends in silence, as pipes want it;
/// when it cannot be written (a full disk, a closed output), it says so and ends with status 1.
func printWhole(_ text: String) {
  let code = write(text, to: STDOUT_FILENO)
  guard code != 0 else { return }
  if code != EPIPE { printError("moat: standard output: \(String(cString: strerror(code)))") }
  exit(1)
}

/// Writes a line to standard output, as `printWhole`.
func printLine(_ text: String) { printWhole(text + "\n") }

/// Writes a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  printWhole(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
}

/// Everything, however often it takes; the errno of what failed, or 0. See: write(2)
private func write(_ text: String, to descriptor: Int32) -> Int32 {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return errno }
    bytes = bytes.dropFirst(count)
  }
  return 0
}

/// When to colour.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

/// Colours words for a terminal.
struct ColorOption: ParsableArguments {
  @Option(name: .long, help: "Colour the output: auto follows the terminal and NO_COLOR.")
  var color = ColorChoice.auto

  /// A shade by what it stands for.
  enum Shade: String {
    case good = "32"
    case bad = "31"
    case caution = "33"
    case faint = "2"
  }

  func paint(_ text: String, _ shade: Shade) -> String {
    let isColoured =
      switch color {
      case .always: true
      case .never: false
      case .auto: isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty ?? true
      }
    return isColoured ? "\u{1b}[\(shade.rawValue)m\(text)\u{1b}[0m" : text
  }
}
