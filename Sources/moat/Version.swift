import ArgumentParser
import NftablesKernel

struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print moat's version and those of the libraries it was built against.")

  /// moat's own version.
  static let current = "0.1.0"

  func run() {
    printLine("moat \(Self.current)")
    for library in libraryVersions {
      printLine("\(library.name) \(library.builtAgainst ?? "unknown (built without make)") (\(library.file))")
    }
  }
}
