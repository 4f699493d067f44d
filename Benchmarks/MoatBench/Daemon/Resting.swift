import Foundation
import Glibc
import NamespaceLab
import ReferenceCluster

extension Bench {
  /// How long a daemon takes from its start until it is ready, where the kernel holds already what is wanted.
  func starts() throws -> [Row] {
    let bench = try daemon("start", .init(), on: ReferenceCluster.gatewayNode)
    try bench.daemon.start().process.stop()
    var times: [Double] = []
    for _ in 0..<rounds(quick: 5, full: 15) {
      let started = try bench.daemon.start()
      let counts = try bench.daemon.status().counts
      guard counts.commits == 0 else { throw BenchError("the daemon committed \(counts.commits) times at its start") }
      times.append(started.seconds)
      started.process.stop()
    }
    return [
      Row(
        "start to ready, 100,000 allowances unchanged in the kernel, nothing written", Samples(times),
        target: .atMost(.seconds(1)))
    ]
  }

  /// What a daemon costs that has nothing to do: wake-ups (voluntary context switches of all its threads) and memory.
  func idling() throws -> [Row] {
    let seconds = rounds(quick: 60, full: 300)
    let main = try idle(try mainScenario(), for: seconds)
    let large = try idle(try daemon("idle", .init(), on: ReferenceCluster.gatewayNode).daemon, for: seconds)
    return [
      Row(
        "wake-ups a second while idle, over \(seconds) s", Samples([main.wakeups]), unit: .perSecond,
        target: .atMost(.perSecond(0.2))),
      Row(
        "resident memory, main scenario", Samples([main.memory]), unit: .mebibytes, target: .atMost(.mebibytes(40))),
      Row(
        "resident memory, 100,000 allowances", Samples([large.memory]), unit: .mebibytes,
        target: .atMost(.mebibytes(120))),
    ]
  }

  private func mainScenario() throws -> DaemonProcess {
    let folder = files.folder.appending(path: "main")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let nodes = [LabTopology.Node("worker-1", addresses: [])]
    return DaemonProcess(
      lab: try Lab(LabTopology(nodes: nodes)), node: "worker-1", moat: moat, folder: folder,
      source: ["--manifests", scenario], configuration: scenario + "/config.yaml")
  }

  private func idle(_ daemon: DaemonProcess, for seconds: Int) throws -> (wakeups: Double, memory: Double) {
    let process = try daemon.start().process
    defer { process.stop() }
    sleep(3)
    let before = try wakeups(of: process.process)
    sleep(UInt32(seconds))
    let count = try wakeups(of: process.process) - before
    return (Double(count) / Double(seconds), try residentMemory(of: process.process))
  }
}

/// See: proc_pid_status(5)
private func wakeups(of process: Int32) throws -> Int {
  let tasks = "/proc/\(process)/task"
  return try FileManager.default.contentsOfDirectory(atPath: tasks).reduce(0) { sum, task in
    sum + (try number("voluntary_ctxt_switches", in: "\(tasks)/\(task)/status"))
  }
}

/// MiB. See: proc_pid_status(5)
func residentMemory(of process: Int32) throws -> Double {
  Double(try number("VmRSS", in: "/proc/\(process)/status")) / 1024
}

/// The most that was ever resident, in MiB. See: proc_pid_status(5)
func peakMemory(of process: Int32) throws -> Double {
  Double(try number("VmHWM", in: "/proc/\(process)/status")) / 1024
}

private func number(_ name: String, in file: String) throws -> Int {
  let text = try String(contentsOfFile: file, encoding: .utf8)
  let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
  guard let word = line?.split(whereSeparator: \.isWhitespace).dropFirst().first, let value = Int(word) else {
    throw BenchError("\(file) has no \(name)")
  }
  return value
}
