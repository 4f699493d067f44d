import ArgumentParser
import ClusterModel
import EgressPolicy
import FoundationEssentials
import NetworkValues
import Telemetry

extension Explain {
  /// Answers for each record on standard input, one a line.
  ///
  /// - Throws: `ExitCode(2)` where one of them would be refused now, too, `ExitCode(1)` where a line is no record.
  func explainRecords(in model: EgressModel) throws {
    var (isFirst, isRefused, isBroken) = (true, false, false)
    var number = 0
    while let line = readLine() {
      number += 1
      if line.isEmpty { continue }
      guard let record = try? JSONDecoder().decode(FlowRecord.self, from: Data(line.utf8)) else {
        printError("moat: line \(number) of standard input is no record of moat flows --json")
        isBroken = true
        continue
      }
      if !isFirst, !json { printLine("") }
      isFirst = false
      guard let question = Question(record, in: model) else {
        isRefused = true
        if json { try printJSON(record) } else { printUnasked(record) }
        continue
      }
      let explanation = try Explainer(model: model, subject: question.subject).explain(question.target)
      if json { try printJSON(explanation) } else { printText(explanation) }
      if explanation.isAllowed {
        if !json { printLine("It was refused at \(record.time) by \(record.rule); the model allows it now.") }
      } else {
        isRefused = true
        if !json { printLine("hint: \(record.hint)") }
      }
    }
    if isBroken { throw ExitCode(1) }
    if isRefused { throw ExitCode(2) }
  }

  /// A record of which nothing can be asked: a forged or unknown sender, or a protocol that no rule knows.
  private func printUnasked(_ record: FlowRecord) {
    let sender = record.source.pod ?? record.source.ip ?? "somebody"
    printLine("\(sender) → \(record.destination.ip ?? "somewhere") \(record.protocol)  \(record.rule) \(record.reason)")
    printLine("hint: \(record.hint)")
  }
}

/// Who and where, of a record.
private struct Question {
  let subject: ExplainSubject
  let target: ExplainTarget

  /// `nil` where the model knows no such sender, or it was refused for who it is (S9, S14), not for where it goes.
  init?(_ record: FlowRecord, in model: EgressModel) {
    guard let refusal = Refusal(rawValue: record.reason), ![.spoof, .origin, .midstream, .inbound].contains(refusal),
      let address = record.destination.ip.flatMap({ try? IPAddress(parsing: $0) })
    else { return nil }
    if let namespace = record.source.namespace, let pod = record.source.pod {
      guard let known = model.pods(named: "\(namespace)/\(pod)").first(where: { $0.name == "\(namespace)/\(pod)" })
      else {
        return nil
      }
      subject = .pod(known)
    } else {
      let node = NodeName(rawValue: record.node)
      guard record.source.interface == nil, model.node(named: node) != nil else { return nil }
      subject = .host(node)
    }
    switch record.protocol {
    case "icmp", "icmpv6": target = .packet(address, .icmp(of: address.family), port: 0)
    case let name:
      guard let transport = ["tcp": TransportProtocol.tcp, "udp": .udp, "sctp": .sctp][name],
        let port = record.destination.port
      else { return nil }
      target = .packet(address, transport, port: port)
    }
  }
}
