import HttpbinLab
import NamespaceLab

let introduction = """
  moat: what gets out of a small cluster, without moat and with it.

  Two nodes (worker-1, egress-1), six pods, four outside hosts, all in network namespaces of their own. Each node has an
  uplink and masquerades its pods, so that every node is a way out. Only productpage may use the egress gateway, and the
  gateway may reach httpbin.org alone.

  """

/// The attempts, one a line.
func table(_ attempts: [Attempt], _ before: [ProbeResult], _ after: [ProbeResult], _ reasons: [String]) -> String {
  let width = attempts.map(\.title.count).max() ?? 0
  let header = "\n  " + padded("attempt", width) + "  without moat   with moat    decided by"
  let rows = attempts.indices.map { index in
    let with =
      word(after[index]) + (attempts[index].shouldPass == (after[index].outcome == .delivered) ? "" : " (WRONG)")
    return "  " + padded(attempts[index].title, width) + "  " + padded(word(before[index]), 13) + "  "
      + padded(with, 11) + "  " + reasons[index]
  }
  let out = zip(attempts, before).filter { !$0.shouldPass && $1.outcome == .delivered }.count
  let still = zip(attempts, after).filter { !$0.shouldPass && ($1.outcome == .delivered || $1.hasArrived) }.count
  return ([header] + rows).joined(separator: "\n")
    + "\n\n  Unwanted attempts that got through: \(out) without moat, \(still) with it.\n"
}

/// Where to look next.
func conclusion(scenario: String, moat: String) -> String {
  """
    Look next:
      \(moat) explain --manifests \(scenario) --config \(scenario)/config.yaml --from bookinfo/reviews-v1 --to httpbin.org
      \(moat) render  --manifests \(scenario) --config \(scenario)/config.yaml --node egress-1 --format flows
      Tests/Scenarios: the product's manual, case by case
  """
}

private func word(_ result: ProbeResult) -> String {
  switch result.outcome {
  case .delivered: "got through"
  case .refused: result.hasArrived ? "LEAKED" : "refused"
  case .dropped: result.hasArrived ? "LEAKED" : "dropped"
  }
}

/// A text filled with blanks.
func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
