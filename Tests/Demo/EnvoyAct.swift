import ArgumentParser
import HttpbinLab
import NamespaceLab

/// The task page with real Envoys: what its cases come to without moat and under both admissions.
struct EnvoyAct {
  var moat: String
  var envoy: String
  var scenario: String

  /// Prints a row a case; whether every attempt came out as it must.
  func play() throws -> Bool {
    print(envoyIntroduction)
    let cases = taskPageCases()
    let walk = try Walk(moat: moat, envoy: envoy, scenario: scenario)
    let results = try Protection.allCases.map { try walk.run(cases, under: $0) }
    let width = cases.map(\.title.count).max() ?? 0
    print("  " + row("case", Protection.allCases.map(\.rawValue), width))
    for (index, one) in cases.enumerated() {
      print("  " + row(one.title, zip(Protection.allCases, results).map { word(one, $0, $1[index]) }, width))
    }
    let count = cases.indices.reduce(0) { $0 + results[0][$1].count }
    print(
      "\n  Each row stands for all its attempts, \(count) in all; what came outside is what the outside wrote down.\n")
    let wrong = zip(Protection.allCases, results).flatMap { protection, trials in
      zip(cases, trials).flatMap { one, trials in
        trials.filter { $0.outcome != one.expected(under: protection) }.map { "\(protection.rawValue): \($0)" }
      }
    }
    for line in wrong { print("  WRONG, \(line)") }
    return wrong.isEmpty
  }

  private func word(_ one: Case, _ protection: Protection, _ trials: [Trial]) -> String {
    let wrong = trials.first { $0.outcome != one.expected(under: protection) }
    return wrong.map { "\($0.outcome) (WRONG)" } ?? "\(one.expected(under: protection))"
  }

  private func row(_ title: String, _ words: [String], _ width: Int) -> String {
    ([padded(title, width)] + words.dropLast().map { padded($0, 18) } + words.suffix(1)).joined(separator: "  ")
  }
}

private let envoyIntroduction = """
  moat: the task page "Block egress traffic with an egress gateway" with real Envoys.

  Sidecars beside productpage and reviews, an egress gateway that asks for certificates of the mesh and lets productpage
  alone to httpbin.org, and an Envoy as the outside, whose own log says what came there. All in network namespaces; every
  node has an uplink and masquerades its pods. The rules are what moat run makes of the scenario.

  """
