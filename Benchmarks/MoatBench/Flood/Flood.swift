import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import NftablesKernel
import StatusServer
import Telemetry

extension Bench {
  /// A pod that sends a million packets that are refused, as fast as two threads can: what they cost a client that is
  /// allowed, and the daemon, and whether every one of them is accounted for.
  func flood() throws -> [Row] {
    let packets = isQuick ? 200_000 : 1_000_000
    let silent = try FloodBench(self, "silent", log: "enabled: false")
    let usual = try FloodBench(self, "usual", log: "enabled: true")
    let whole = try FloodBench(self, "whole", log: "enabled: true, rate: 1000000, burst: 1000000")
    let benches = [silent, usual, whole]
    let daemons = try benches.map { try $0.daemon.start().process }
    defer { daemons.forEach { $0.stop() } }
    let times = try interleaved(
      rounds: floods,
      zip(benches, daemons).map { bench, daemon in { try bench.flood(packets, daemon.process) } })
    let title = "\(packets) refused packets"
    return [
      Row("\(title), offered as fast as two threads can", Samples(usual.rates), unit: .perSecond),
      Row(
        "an allowed client's round trip meanwhile", times[1], peer: Peer("without logging", times[0]),
        target: .ratioAtMost(1.05)),
      Row(
        "the same, every packet logged (log.denied.rate without limit)", times[2],
        peer: Peer("without logging", times[0])),
      Row(
        "share of a core of the daemon meanwhile", Samples(usual.shares), unit: .percent, target: .atMost(.percent(25))),
      Row("the same, every packet logged", Samples(whole.shares), unit: .percent),
      try usual.memoryRow("most resident memory of the daemon, log.denied as it is by default", daemons[1].process),
      try whole.memoryRow("the same, every packet logged", daemons[2].process),
      try whole.accountRow(),
    ]
  }
}

/// The main scenario's two nodes: productpage may reach the gateway, reviews floods.
private final class FloodBench {
  let daemon: DaemonProcess
  private let echo: EchoServer

  /// Refused packets a second, and the daemon's part of a core, of each flood.
  private(set) var rates: [Double] = []
  private(set) var shares: [Double] = []
  private var refusedBefore: UInt64?

  /// - Parameter log: the keys of `log.denied`.
  init(_ bench: Bench, _ name: String, log: String) throws {
    let folder = bench.files.folder.appending(path: "flood-\(name)")
    let manifests = folder.appending(path: "manifests")
    try FileManager.default.createDirectory(at: manifests, withIntermediateDirectories: true)
    for file in ["cluster.yaml", "egress.yaml"] {
      try FileManager.default.copyItem(
        atPath: bench.scenario + "/" + file, toPath: manifests.appending(path: file).path)
    }
    var text = try String(contentsOfFile: bench.scenario + "/config.yaml", encoding: .utf8)
    text.replace("\ncluster:\n", with: "\ncluster:\n  interfaces: { uplinks: [eth0, uplink] }\n")
    text += "log: { denied: { \(log) } }\n"
    let configuration = folder.appending(path: "config.yaml")
    try Data(text.utf8).write(to: configuration)
    daemon = DaemonProcess(
      lab: try Lab(
        .mainScenario(
          [MainPod.client: "10.1.1.10", MainPod.stranger: "10.1.1.11"], outside: ("httpbin", "203.0.113.10"))),
      node: "worker-1", moat: bench.moat, folder: folder, source: ["--manifests", manifests.path],
      configuration: configuration.path)
    echo = try EchoServer(in: daemon.lab, .pod(MainPod.gateway), port: 8443)
  }

  /// Floods once.
  ///
  /// - Returns: seconds of an allowed client's round trip meanwhile, on average.
  func flood(_ packets: Int, _ process: Int32) throws -> Double {
    let before = (refused: try refused(), work: try processorTime(of: process))
    refusedBefore = refusedBefore ?? before.refused
    let link = try daemon.lab.inside(.pod(MainPod.client)) {
      try EchoClient(to: try IPAddress(parsing: "10.1.2.10"), port: 8443)
    }
    let start = ContinuousClock.now
    let senders = try (0..<2).map { _ in try FloodSender(in: daemon.lab, .pod(MainPod.stranger), packets / 2) }
    var trips = 0
    while senders.contains(where: \.isRunning) {
      try link.exchange()
      trips += 1
    }
    let time = secondsSince(start)
    if let error = senders.compactMap(\.failure).first { throw error }
    let refused = try self.refused() - before.refused
    guard Double(refused) > 0.9 * Double(packets), trips > 100 else {
      throw BenchError("\(refused) of \(packets) packets were refused, \(trips) round trips made")
    }
    rates.append(Double(refused) / time)
    // What waits is worked off, too.
    usleep(1_500_000)
    shares.append(100 * (try processorTime(of: process) - before.work) / time)
    return time / Double(trips)
  }

  func memoryRow(_ name: String, _ process: Int32) throws -> Row {
    Row(name, Samples([try peakMemory(of: process)]), unit: .mebibytes, target: .atMost(.mebibytes(60)))
  }

  /// How many packets are neither told of, nor folded, nor counted as lost, where all of them are logged.
  func accountRow() throws -> Row {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let counts = try daemon.flows().counts
      let refused = try self.refused() - (refusedBefore ?? 0)
      let accounted = counts.records + counts.folded + counts.overflowed + counts.lost
      if counts.waiting == 0 && accounted == refused || ContinuousClock.now > deadline {
        let name =
          "of \(refused) refused packets: \(counts.records) records, \(counts.folded) folded, "
          + "\(counts.overflowed) of too many kinds, \(counts.lost) lost; unaccounted for"
        return Row(
          name, Samples([abs(Double(refused) - Double(accounted))]), unit: .count,
          target: .atMost(Figure(value: 0, unit: .count)))
      }
      // What the kernel lost last shows with the next packet.
      let one = try FloodSender(in: daemon.lab, .pod(MainPod.stranger), 1)
      while one.isRunning { usleep(1000) }
      usleep(1_200_000)
    }
  }

  private func refused() throws -> UInt64 {
    try daemon.lab.inside(.node(daemon.node)) {
      try LibnftnlKernel().counters().filter { $0.key.hasPrefix("refused_") }.values.reduce(0) { $0 + $1.packets }
    }
  }
}
