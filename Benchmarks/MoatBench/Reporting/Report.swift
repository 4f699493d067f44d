import Foundation
import ReferenceCluster

/// Everything that a run found.
struct Report: Codable {
  var seed: UInt64
  var isQuick: Bool
  var processors: Int
  var kernel: String
  var nft: String
  var rows: [Row] = []

  /// Measurements that could not be made, and why.
  var skipped: [String] = []

  /// A Markdown table, with what was skipped below it.
  var markdown: String {
    let columns = ["Measurement", "Median", "Fastest", "Runs", "Peer", "Peer's median", "Ratio", "Target", "Met"]
    let body = rows.map { row in
      [
        row.name, row.figure.text, row.fastest.text, "\(row.samples)", row.peer?.name ?? "–",
        row.peer?.median.text ?? "–", row.ratio.map(threeDigits) ?? "–", row.target ?? "–",
        row.isMet.map { $0 ? "yes" : "**no**" } ?? "–",
      ]
    }
    let widths = columns.indices.map { column in ([columns] + body).map { $0[column].count }.max() ?? 0 }
    let lines = [columns] + [widths.map { String(repeating: "-", count: $0) }] + body
    let table = lines.map { line in
      "| " + zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ") + " |"
    }
    let notes = skipped.map { "\nNot measured: \($0)" }
    return ([heading, ""] + table + notes).joined(separator: "\n") + "\n"
  }

  private var heading: String {
    "Reference cluster, seed \(seed); \(isQuick ? "quick, " : "")\(processors) processors, Linux \(kernel), \(nft)."
  }

  /// JSON with sorted keys.
  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
