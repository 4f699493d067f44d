import ArgumentParser
import FoundationEssentials
import Glibc
import StatusServer
import Telemetry

struct Flows: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show refused packets: who tried what, which rule refused it, and what to change.",
    discussion: """
      The daemon keeps the newest 2048 records. Of packets that are alike the first is told at once, the others within a \
      second by one record with their count. What the kernel keeps from being logged (log.denied.rate) and what was \
      lost is counted; the last line says so.

      With --json each record is one line, for other programs: time, node, verdict, reason, rule, protocol, source, \
      destination, count, hint.

      Exit status: 0, or 1 where no daemon answers.
      """)

  @OptionGroup var socket: SocketOption
  @OptionGroup var colors: ColorOption
  @Flag(name: .shortAndLong, help: "Go on with what comes, until interrupted.") var follow = false
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Of this pod alone: its namespace and name, the generated end of which may be left out.",
      valueName: "namespace/pod"))
  var pod: String?
  @Option(
    name: .long, help: ArgumentHelp("To this address, host name, port or gateway alone.", valueName: "destination"))
  var to: String?
  @Option(
    name: .long, help: ArgumentHelp("Not older than this: 30s, 10m, 1h30m.", valueName: "duration"),
    transform: { text in
      guard let seconds = duration(text) else {
        throw ValidationError("\(text) is no duration; write 30s, 10m or 1h30m")
      }
      return seconds
    })
  var since: Int?
  @Flag(name: .long, help: "Print JSON, one record a line.") var json = false

  func run() throws {
    let client = DaemonClient(socketPath: socket.socket)
    var document = try askingDaemon { () throws(DaemonClient.Failure) in try client.flows() }
    let start = since.map { rfc3339(microseconds: (Timestamp.now.milliseconds - Int64($0) * 1000) * 1000) }
    try show(document, from: start)
    if !follow {
      if !json { printLine(colors.paint(document.counts.summary, .faint)) }
      return
    }
    while true {
      usleep(100_000)
      let position = document.position
      document = try askingDaemon { () throws(DaemonClient.Failure) in try client.flows(after: position) }
      if document.missed > 0 { printError("\(document.missed) records were forgotten before they could be shown") }
      try show(document, from: start)
    }
  }

  private func show(_ document: FlowsDocument, from start: String?) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for record in document.records where isWanted(record) && record.time >= start ?? "" {
      if json { printLine(String(decoding: try encoder.encode(record), as: UTF8.self)) } else { printRecord(record) }
    }
  }

  private func isWanted(_ record: FlowRecord) -> Bool {
    if let pod, let name = record.source.qualifiedPod {
      guard name == pod || name.hasPrefix("\(pod)-") else { return false }
    }
    if pod != nil, record.source.pod == nil { return false }
    guard let to else { return true }
    let far = record.destination
    return [far.ip, far.host, far.gateway, far.port.map { "\($0)" }].contains(to)
  }

  private func printRecord(_ record: FlowRecord) {
    let verdict = record.verdict == .refused ? "refused" : "would deny"
    let count = record.count > 1 ? "  ×\(record.count)" : ""
    printLine(
      "\(record.time)  \(colors.paint(verdict, record.verdict == .refused ? .bad : .caution)) \(record.rule)"
        + "  \(record.source.words) → \(record.destination.words) \(record.protocol)\(count)")
    printLine(colors.paint("    \(record.hint)", .faint))
    for pending in record.pending ?? [] {
      printLine(colors.paint("    AccessPolicy \(pending.policy), not in force yet, \(pending.words) it.", .faint))
    }
  }
}

extension FlowRecord.Pending {
  fileprivate var words: String { verdict == "would-allow" ? "would allow" : "would deny" }
}

extension FlowRecord.Source {
  /// `bookinfo/reviews-v1 (bookinfo-reviews) 10.1.1.11`, `host 172.18.0.11`.
  fileprivate var words: String {
    let name =
      qualifiedPod.map { $0 + (serviceAccount.map { " (\($0))" } ?? "") } ?? (interface == nil ? "host" : "stranger")
    return name + (ip.map { " \($0)" } ?? "")
  }
}

extension FlowRecord.Destination {
  /// `httpbin.org 203.0.113.10:443`, `gateway istio-egress/istio-egressgateway 10.1.2.10:8443`.
  fileprivate var words: String {
    [gateway.map { "gateway \($0)" } ?? host, place].compactMap { $0 }.joined(separator: " ")
  }
}

extension FlowCounts {
  fileprivate var summary: String {
    let lost = dropped == 0 ? "none of them lost" : "\(dropped) of them lost"
    return "\(records) records since the daemon listens, of \(handed) packets that were logged; \(lost)"
  }
}

/// Seconds of `1h30m`; `nil` for anything else.
private func duration(_ text: String) -> Int? {
  var (total, number) = (0, "")
  for character in text {
    if character.isASCII, character.isNumber {
      number.append(character)
      continue
    }
    guard let value = Int(number), value < 1_000_000, let unit = ["h": 3600, "m": 60, "s": 1][character] else {
      return nil
    }
    total += value * unit
    number = ""
  }
  return number.isEmpty && !text.isEmpty ? total : nil
}
