import ArgumentParser
import ClusterModel
import EgressPolicy
import EgressRuleset
import Foundation
import NamespaceLab
import ReferenceCluster

/// What a process of its own found about its memory, in KiB.
struct MemoryUse: Codable {
  /// Resident once the cluster and the configuration had been read.
  var afterReading: Int

  /// The highest while the gateway node was derived and lowered; what had been read counts as well.
  var derivationPeak: Int

  /// The highest of the whole process: reading, deriving, lowering.
  var wholePeak: Int
}

extension Bench {
  /// Peaks of resident memory (VmHWM) in a process of its own: everything counts, the executable's pages and freed
  /// memory that the allocator keeps included.
  func memory() throws -> [Row] {
    var peaks: (derivation: [Double], whole: [Double]) = ([], [])
    for _ in 0..<rounds(quick: 1, full: 3) {
      let result = try runProgram(["/proc/self/exe", "memory", files.folder.path])
      guard result.status == 0 else { throw BenchError("moat-bench memory: \(result.output)") }
      let use = try JSONDecoder().decode(MemoryUse.self, from: Data(result.output.utf8))
      peaks.derivation.append(Double(use.derivationPeak) / 1024)
      peaks.whole.append(Double(use.wholePeak) / 1024)
    }
    return [
      Row(
        "peak memory while deriving the gateway node, the parsed cluster included", Samples(peaks.derivation),
        unit: .mebibytes, target: .atMost(.mebibytes(300))),
      Row(
        "peak memory of a process that also reads the cluster (JSON)", Samples(peaks.whole), unit: .mebibytes,
        target: .atMost(.mebibytes(300))),
    ]
  }
}

/// The process that is measured.
struct MemoryProbe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Derive the gateway node once and print how much memory that took.",
    shouldDisplay: false)

  @Argument var folder: String

  func run() throws {
    let inputs = try loadCluster(ClusterFiles(folder: URL(filePath: folder)))
    let readingPeak = try statusValue("VmHWM")
    let afterReading = try statusValue("VmRSS")
    try resetPeak()
    let flows = EgressModel(inputs.snapshot, under: inputs.configuration)
      .flows(on: NodeName(rawValue: ReferenceCluster.gatewayNode))
    let ruleset = lower(flows)
    let derivationPeak = try statusValue("VmHWM")
    withExtendedLifetime((inputs, flows, ruleset)) {}
    let use = MemoryUse(
      afterReading: afterReading, derivationPeak: derivationPeak, wholePeak: max(readingPeak, derivationPeak))
    print(String(decoding: try JSONEncoder().encode(use), as: UTF8.self))
  }
}

/// A line of /proc/self/status in KiB. See: proc_pid_status(5)
private func statusValue(_ name: String) throws -> Int {
  let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
  guard let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first, let value = Int(number) else {
    throw BenchError("/proc/self/status has no \(name)")
  }
  return value
}

/// Sets VmHWM to what is resident now. See: proc_pid_clear_refs(5)
private func resetPeak() throws {
  try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
}
