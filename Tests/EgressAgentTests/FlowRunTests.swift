import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import NftablesKernel
import Telemetry
import Testing

/// What the daemon tells of refused packets, judged by real ones.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct FlowRunTests {
  @Test func `Each refused attempt is told with pod, rule and hint, and its metric counts it`() async throws {
    let daemon = try DaemonLab()
    let running = try daemon.start(arguments: ["--flow-log", daemon.folder.path + "/flows.jsonl"])
    try daemon.await { $0.state == .inSync }
    let outside = try IPAddress(parsing: "203.0.113.10")
    let gateway = try IPAddress(parsing: "10.1.2.10")
    #expect(try await daemon.lab.probe(Probe(from: productpage, to: outside, .tcp(443))).outcome == .refused)
    #expect(try await daemon.lab.probe(Probe(from: reviews, to: gateway, .tcp(8443))).outcome == .refused)
    let began = ContinuousClock.now
    let records = try daemon.records { $0.count >= 2 }
    #expect(ContinuousClock.now - began < .seconds(2))

    let first = try #require(records.first { $0.reason == "refused_external" })
    #expect(first.source.namespace == "bookinfo" && first.source.pod?.hasPrefix("productpage-v1-") == true)
    #expect(first.source.serviceAccount == "bookinfo-productpage" && first.source.ip == "10.1.1.10")
    #expect(first.destination.ip == "203.0.113.10" && first.destination.port == 443)
    #expect(first.destination.host == "httpbin.org" && first.rule == "S1" && first.verdict == .refused)
    #expect(first.hint.contains("sidecar"), "\(first.hint)")
    #expect(first.source.interface == daemon.lab.topology.interface(ofPod: productpage.podName))
    let second = try #require(records.first { $0.reason == "refused_gateway" })
    #expect(second.destination.ip == "10.1.2.10", "\(second)")
    #expect(second.destination.gateway == "istio-egress/egress-vg" && second.rule == "S2")
    #expect(second.hint.contains("AccessPolicy"), "\(second.hint)")

    let lines = try String(contentsOfFile: daemon.folder.path + "/flows.jsonl", encoding: .utf8).split(separator: "\n")
    #expect(try lines.map { try JSONDecoder().decode(FlowRecord.self, from: Data($0.utf8)) } == records)
    let shown = try daemon.moat(["flows", "--socket", daemon.socket])
    #expect(shown.status == 0 && shown.output.contains("bookinfo/productpage-v1-7f8b9c6d5-x2k4q"), "\(shown.text)")
    let chosen = try daemon.moat(
      ["flows", "--socket", daemon.socket, "--json", "--pod", "bookinfo/reviews-v1", "--to", "8443", "--since", "1m"])
    let read = try chosen.output.split(separator: "\n").map {
      try JSONDecoder().decode(FlowRecord.self, from: Data($0.utf8))
    }
    #expect(!read.isEmpty && read.allSatisfy { $0.reason == "refused_gateway" }, "\(chosen.text)")
    #expect(try daemon.moat(["flows", "--socket", daemon.socket, "--json", "--to", "nowhere"]).output.isEmpty)

    try daemon.folder.write(chosen.output + "nonsense\n", to: "records")
    let explained = try daemon.lab.run(
      in: .node("worker-1"),
      ["sh", "-c", "exec \"$@\" < \(daemon.folder.path)/records", "sh", moatPath, "explain", "-"]
        + ["--manifests", daemon.folder.path + "/m", "--config", daemon.folder.path + "/config.yaml"])
    #expect(explained.status == 1 && explained.errors.contains("is no record of moat flows"), "\(explained.text)")
    #expect(explained.output.contains("bookinfo/reviews-v1-6c5d8f7b9-p9s2m → 10.1.2.10 tcp 8443"), "\(explained.text)")
    #expect(explained.output.contains("hint: Select ServiceAccount bookinfo/bookinfo-reviews"), "\(explained.text)")

    let metrics = try daemon.client.metrics()
    let counted = try daemon.counters()
    for reason in ["external", "gateway", "spoof"] {
      #expect(
        metrics.contains("moat_refused_packets_total{reason=\"\(reason)\"} \(counted["refused_" + reason] ?? 0)\n"))
    }
    #expect(metrics.contains("moat_ready 1\n") && metrics.contains("moat_mode{mode=\"enforce\"} 1\n"))
    running.stop()
    #expect(try running.wait().status == 0)
  }

  @Test func `A single refused connection is on moat flows --follow within 1.2 seconds, and in the next scrape`() throws
  {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    let follower = try daemon.lab.start(
      in: .node("worker-1"), [moatPath, "flows", "--follow", "--json", "--socket", daemon.socket])
    // It follows once it has asked for the first time.
    usleep(500_000)
    #expect(follower.text.isEmpty)
    let before = try daemon.refused()
    let start = ContinuousClock.now
    let sent = try daemon.lab.inside(productpage) {
      try sendDatagrams(1, to: IPAddress(parsing: "203.0.113.10")) { _ in 4711 }
    }
    #expect(sent == 1)
    while !follower.text.contains("4711"), ContinuousClock.now - start < .seconds(10) { usleep(2000) }
    let took = ContinuousClock.now - start
    #expect(took < .milliseconds(1200), "\(took)")
    let metric = try daemon.client.metrics().matches(of: /moat_refused_packets_total\{[^}]*\} ([0-9]+)/)
    #expect(metric.reduce(0) { $0 + (UInt64($1.1) ?? 0) } == before + 1)
    follower.stop()
    running.stop()
  }

  @Test func `In audit mode records say what would be denied, and the packet passes`() async throws {
    let daemon = try DaemonLab()
    try daemon.replaceConfiguration { $0 + "mode: audit\n" }
    let running = try daemon.start()
    try daemon.await { $0.enforced?.mode == "audit" }
    let outside = Probe(from: productpage, to: try IPAddress(parsing: "203.0.113.10"), .tcp(443))
    #expect(try await daemon.lab.probe(outside).outcome == .delivered)
    let records = try daemon.records { !$0.isEmpty }
    #expect(records.allSatisfy { $0.verdict == .wouldDeny && $0.reason == "refused_external" })
    running.stop()
  }

  /// What is refused has a record, is folded into one, or is counted as lost: exactly, whatever comes.
  @Test func `Every refused packet is accounted for`() throws {
    let daemon = try DaemonLab()
    // Nothing is kept from being logged, so that all of it has to be accounted for here.
    try daemon.replaceConfiguration {
      $0 + "log: { denied: { enabled: true, rate: 1000000, burst: 1000000 } }\n"
    }
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    let before = try daemon.refused()
    // More kinds than a second has room for, and many of one kind.
    let sent = try daemon.lab.inside(productpage) {
      try sendDatagrams(60_000, to: IPAddress(parsing: "203.0.113.10")) { UInt16(1 + $0 % 20_000) }
        + sendDatagrams(60_000, to: IPAddress(parsing: "203.0.113.10")) { _ in 53 }
    }
    #expect(sent == 120_000)
    let counts = try daemon.settledCounts(since: before)
    let refused = try daemon.refused() - before
    #expect(try daemon.client.status().faults == [])
    #expect(refused >= 120_000)
    #expect(counts.records + counts.folded + counts.overflowed + counts.lost == refused, "\(counts)")
    #expect(counts.overflowed > 0 && counts.folded > 0 && counts.waiting == 0, "\(counts)")
    let metrics = try daemon.client.metrics()
    #expect(metrics.contains("moat_flow_records_dropped_total \(counts.dropped)\n"), "\(metrics)")
    running.stop()
  }

  @Test func `A flow log that cannot be written degrades the status and costs nothing else`() async throws {
    let daemon = try DaemonLab()
    let running = try daemon.start(arguments: ["--flow-log", daemon.folder.path + "/none/flows.jsonl"])
    try daemon.await { $0.state == .inSync }
    let outside = Probe(from: productpage, to: try IPAddress(parsing: "203.0.113.10"), .tcp(443))
    #expect(try await daemon.lab.probe(outside).outcome == .refused)
    try daemon.await { $0.faults.contains { $0.source == "flow log" && $0.message.contains("none/flows.jsonl") } }
    #expect(try !daemon.records { !$0.isEmpty }.isEmpty)
    try daemon.folder.makeFolder("none")
    #expect(try await daemon.lab.probe(outside).outcome == .refused)
    try daemon.await { $0.state == .inSync }
    running.stop()
  }

  @Test func `A reader of the flow log that reads nothing, or goes away, neither holds the daemon nor ends it`()
    async throws
  {
    let daemon = try DaemonLab()
    let pipe = daemon.folder.path + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    try #require(reader >= 0)
    let running = try daemon.start(arguments: ["--flow-log", pipe])
    try daemon.await { $0.state == .inSync }
    // Hundreds of records are more than a pipe holds.
    let attempts = { try sendDatagrams(2000, to: IPAddress(parsing: "203.0.113.10")) { UInt16(1 + $0) } }
    #expect(try daemon.lab.inside(productpage, attempts) == 2000)
    let isTold = { (status: StatusDocument) in status.faults.contains { $0.source == "flow log" } }
    try daemon.await(isTold)
    close(reader)
    usleep(1_100_000)
    let before = try daemon.client.flows().position
    #expect(try daemon.lab.inside(productpage, attempts) == 2000)
    #expect(try !daemon.records { _ in (try? daemon.client.flows().position) ?? 0 > before }.isEmpty)
    try daemon.await(isTold)
    let end = ContinuousClock.now
    running.stop()
    #expect(try running.wait().status == 0)
    #expect(ContinuousClock.now - end < .seconds(5))
  }
}

/// How many datagrams were sent, with a port for each.
func sendDatagrams(_ count: Int, to address: IPAddress, port: (Int) -> UInt16) throws -> Int {
  let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  guard descriptor >= 0 else { return 0 }
  defer { close(descriptor) }
  var target = sockaddr_in()
  target.sin_family = sa_family_t(AF_INET)
  target.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.value).bigEndian
  return (0..<count).count { number in
    target.sin_port = port(number).bigEndian
    return withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, "x", 1, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 1
      }
    }
  }
}

extension DaemonLab {
  /// The daemon's records once they are as demanded, or what there is after ten seconds.
  fileprivate func records(_ isReached: ([FlowRecord]) -> Bool) throws -> [FlowRecord] {
    let deadline = ContinuousClock.now + .seconds(10)
    var records = try client.flows().records
    while !isReached(records), ContinuousClock.now < deadline {
      usleep(20_000)
      records = try client.flows().records
    }
    return records
  }

  /// What the table's counters say.
  fileprivate func counters() throws -> [String: UInt64] {
    try lab.inside(.node("worker-1")) { try LibnftnlKernel().counters().mapValues(\.packets) }
  }

  fileprivate func refused() throws -> UInt64 {
    try counters().filter { $0.key.hasPrefix("refused_") }.values.reduce(0, +)
  }

  /// The counts once nothing waits and they are as many as packets were refused since `before`, or after half a minute.
  /// What the kernel lost last shows with the next packet only, so one is sent now and then.
  fileprivate func settledCounts(since before: UInt64) throws -> FlowCounts {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let counts = try client.flows().counts
      let isSettled = try counts.waiting == 0 && counts.handed == refused() - before
      if isSettled || ContinuousClock.now > deadline { return counts }
      _ = try lab.inside(productpage) { try sendDatagrams(1, to: IPAddress(parsing: "203.0.113.10")) { _ in 9999 } }
      usleep(1_200_000)
    }
  }
}
