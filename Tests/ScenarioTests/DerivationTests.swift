import ClusterModel
import EgressPolicy
import EgressRuleset
import Foundation
import Testing

/// The first two ways in which a scenario runs: what is derived, and what the derived rules do with packets.
@Suite struct DerivationTests {
  /// With `MOAT_RECORD=1` in the environment the golden files are written instead. They are the contract: read every
  /// change of them against the rules it follows from.
  private static let isRecording = ProcessInfo.processInfo.environment["MOAT_RECORD"] == "1"

  @Test(arguments: Scenario.names)
  func `Every node's flows, findings and ruleset are the golden ones`(name: String) throws {
    let scenario = try Scenario(name)
    try #require(!scenario.model.nodeNames.isEmpty)
    for node in scenario.model.nodeNames {
      let folder = scenario.goldenFolder(of: node)
      for (file, text) in scenario.goldens(of: node).sorted(by: { $0.key < $1.key }) {
        let golden = folder.appendingPathComponent(file)
        if Self.isRecording {
          try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
          try text.write(to: golden, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: golden, encoding: .utf8)
        #expect(text == expected, "\(name)/nodes/\(node)/\(file): \(firstDifference(text, expected))")
      }
    }
  }

  @Test(arguments: Scenario.names)
  func `The rules do with every packet what the table says`(name: String) throws {
    let scenario = try Scenario(name)
    let rows = try scenario.packets()
    try #require(!rows.isEmpty)
    var trace = TracedPacket(scenario, try ScenarioTopology(scenario, rows))
    for row in rows {
      let judgements = try trace.judgements(of: row)
      let way = judgements.map { "\($0.node) \($0.hook): \($0.rule ?? "no rule") \($0.trace.counters)" }
      #expect(PacketRow.Verdict(judgements.last, of: row) == row.verdict, "\(row)\n\(way.joined(separator: "\n"))")
      let counted = Set(judgements.flatMap(\.trace.counters))
      let isCounted = row.reason.map(counted.contains) ?? counted.isEmpty
      #expect(isCounted, "\(row): counted \(counted)\n\(way.joined(separator: "\n"))")
    }
  }

  @Test(arguments: Scenario.names)
  func `Every counter of a table is one that moat has`(name: String) throws {
    let known = Set(Refusal.allCases.map(\.rawValue) + Acceptance.allCases.map(\.rawValue))
    for row in try Scenario(name).packets() { #expect(row.reason.map(known.contains) ?? true, "\(row)") }
  }
}

/// The first line in which two texts differ.
private func firstDifference(_ text: String, _ expected: String) -> String {
  let (ours, theirs) = (text.split(separator: "\n"), expected.split(separator: "\n"))
  for (number, (one, other)) in zip(ours, theirs).enumerated() where one != other {
    return "line \(number + 1) is\n  \(one)\nnot\n  \(other)"
  }
  return "\(ours.count) lines, not \(theirs.count)"
}
