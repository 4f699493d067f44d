import ArgumentParser
import Foundation
import HttpbinLab
import NamespaceLab

/// The main job as a person sees it: the httpbin scenario between network namespaces, without moat and with it.
///
/// Everything lives in namespaces of this process and is gone when it ends, also by Ctrl-C.
@main
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moat-demo",
    abstract: "Shows what gets out of a small cluster without moat and with it, with real packets. Needs root.")

  @Option(help: "The moat executable.") var moat = ".build/release/moat"
  @Option(help: "The scenario's folder.") var scenario = "Tests/Scenarios/01-httpbin"

  @Option(help: "A real Envoy, where uid 1337 can reach it: shows the task page with sidecars and a gateway instead.")
  var envoy: String?

  func run() async throws {
    guard geteuid() == 0 else { throw ValidationError("the demo makes network namespaces and needs root") }
    if let envoy {
      guard try EnvoyAct(moat: moat, envoy: envoy, scenario: scenario).play() else { throw ExitCode(1) }
      return
    }
    print(introduction)
    let lab = try Lab(httpbinTopology())
    let attempts = httpbinAttempts()
    let before = try await lab.probeAll(attempts.map(\.probe))
    for node in ["worker-1", "egress-1"] { print(try apply(on: node, of: lab)) }
    let after = try await lab.probeAll(attempts.map(\.probe))
    let reasons = try attempts.map { try reason(for: $0, in: lab) }
    print(table(attempts, before, after, reasons))
    let isTold = try await SecondAct(moat: moat, manifests: manifests()).play(
      attempts.filter { !$0.shouldPass }, in: lab)
    let isClosed = try await LastAct(moat: moat, manifests: manifests()).play(in: lab)
    print(conclusion(scenario: scenario, moat: moat))
    guard isTold, isClosed,
      zip(attempts, after).allSatisfy({
        $0.shouldPass == ($1.outcome == .delivered) && ($0.shouldPass || !$1.hasArrived)
      })
    else { throw ExitCode(1) }
  }

  private func manifests() -> [String] {
    [
      "--manifests", "\(scenario)/cluster.yaml", "--manifests", "\(scenario)/egress.yaml", "--config",
      "\(scenario)/config.yaml",
    ]
  }

  /// `moat apply` inside a node's namespace.
  private func apply(on node: String, of lab: Lab) throws -> String {
    let command = [moat, "apply", "--node", node] + manifests()
    let result = try lab.run(in: .node(node), command)
    guard result.status == 0 else { throw ValidationError("moat apply failed on \(node):\n\(result.text)") }
    return "  $ moat apply --node \(node) …\n  " + result.output.trimmingCharacters(in: .newlines)
  }

  /// What `moat explain` says of an attempt: the deciding rule.
  private func reason(for attempt: Attempt, in lab: Lab) throws -> String {
    let command = [moat, "explain", "--json", "--from", attempt.from, "--to", attempt.target] + manifests()
    let node = attempt.node.map { ["--node", $0] } ?? []
    let result = try lab.run(in: .node("worker-1"), command + node)
    let answer = try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
    let verdicts = answer.hops.flatMap(\.judgements)
    return (verdicts.first { !$0.isAllowed } ?? verdicts.last)?.rule ?? ""
  }

  private struct Answer: Decodable {
    struct Hop: Decodable { var judgements: [Verdict] }
    struct Verdict: Decodable {
      var isAllowed: Bool
      var rule: String?
    }
    var hops: [Hop]
  }
}
