import ArgumentParser
import Foundation

/// Writes to standard error.
func printError(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Writes a large text to standard output without another newline.
func printWhole(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

/// Writes a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  printWhole(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
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
