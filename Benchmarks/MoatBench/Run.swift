import ArgumentParser
import Foundation
import Glibc
import NamespaceLab
import ReferenceCluster

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure everything, and print a Markdown table.",
    discussion: """
      The kernel parts need root and are made in network namespaces of their own: the machine's ruleset is never \
      touched. Every row names its target and says whether the median reached it; look at the ratios where the machine \
      is busy.
      """)

  @Flag(help: "Fewer runs; about a minute.")
  var quick = false

  @Option(help: ArgumentHelp("How often each daemon of the part flood is flooded.", valueName: "count"))
  var floods = 5

  @Option(help: "The seed of the reference cluster.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Write the result as JSON, too.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("The moat executable; default: the one beside moat-bench.", valueName: "path"))
  var moat: String?

  @Option(help: ArgumentHelp("The manifests of the main scenario, with its config.yaml.", valueName: "folder"))
  var scenario = "Tests/Scenarios/01-httpbin"

  @Option(
    help: ArgumentHelp(
      "Measure only these parts: \(Part.allCases.map(\.rawValue).joined(separator: ", ")). Repeatable.",
      valueName: "part"))
  var only: [Part] = []

  func validate() throws {
    if floods < 1 { throw ValidationError("--floods must be 1 or more") }
  }

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "moat-bench-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ClusterFiles(folder: folder)
    say("writing the reference cluster")
    try files.write(ReferenceCluster(seed: seed))
    let bench = Bench(files: files, isQuick: quick, floods: floods, moat: try moatExecutable(), scenario: scenario)
    var report = Report(
      seed: seed, isQuick: quick, processors: ProcessInfo.processInfo.activeProcessorCount, kernel: kernelRelease(),
      nft: try nftVersion())
    for part in Part.allCases where only.isEmpty || only.contains(part) {
      if part.needsRoot, geteuid() != 0 {
        report.skipped.append("\(part.rawValue): needs root")
        continue
      }
      say("measuring \(part.rawValue)")
      report.rows += try bench.measure(part)
    }
    print(report.markdown, terminator: "")
    if let json { try report.json().write(to: URL(filePath: json)) }
  }

  private func moatExecutable() throws -> String {
    let beside = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let path = moat ?? beside.appending(path: "moat").path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw ValidationError("there is no executable \(path); build it, or name it with --moat")
    }
    return path
  }
}

/// What can be measured on its own.
enum Part: String, CaseIterable, ExpressibleByArgument {
  case derive, rederive, memory, commit, change, plan, load, render, follow, repair, start, idle, cluster, api, names
  case flood

  var needsRoot: Bool {
    [.commit, .change, .plan, .follow, .repair, .start, .idle, .api, .names, .flood].contains(self)
  }
}

/// Says on standard error what is going on.
func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

private func kernelRelease() -> String {
  let text = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? "unknown"
  return text.trimmingCharacters(in: .whitespacesAndNewlines)
}

private func nftVersion() throws -> String {
  try runProgram(["nft", "--version"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
}
