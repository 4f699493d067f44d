import Foundation

/// The README's table of attacks: a row for each, as the suite proves it.
enum AttackTable {
  static var text: String {
    let rows =
      Attack.all.map { row($0.name, from: $0.from.shortName, to: "\($0.to)", $0.outcome) }
      + Disturbance.all.map { row($0.name, from: $0.from.shortName, to: "outside", $0.outcome) }
    return "| attack | from | to | without moat | with moat |\n|---|---|---|---|---|\n" + rows.joined()
  }

  private static func row(_ name: String, from: String, to: String, _ outcome: Attack.Outcome) -> String {
    "| \(name) | \(from) | \(to) | arrives | \(outcome) |\n"
  }

  /// What the README has between its marks, and the README with the table that it should have.
  static func readme() throws -> (found: String, path: String, renewed: String) {
    let path = attackFolder + "/../../README.md"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let parts = text.components(separatedBy: "<!-- attacks -->\n")
    guard parts.count == 3 else { throw CocoaError(.fileReadCorruptFile) }
    return (parts[1], path, [parts[0], self.text, parts[2]].joined(separator: "<!-- attacks -->\n"))
  }
}
