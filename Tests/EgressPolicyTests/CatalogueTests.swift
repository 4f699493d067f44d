import EgressPolicy
import Foundation
import Testing

/// The manual's table of findings and the catalogue in the code are one.
struct CatalogueTests {
  @Test func `The manual lists every code with its severity and meaning, in order`() throws {
    let manual = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/EgressPolicy/EgressPolicy.docc/Findings.md")
    let rows = try String(contentsOf: manual, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| M") }
    let catalogue = FindingCode.allCases.map { "| \($0.rawValue) | \($0.severity.rawValue) | \($0.entry.meaning) |" }
    #expect(rows.map(String.init) == catalogue)
  }

  @Test func `Codes are unique and ascend`() {
    let codes = FindingCode.allCases.map(\.rawValue)
    #expect(codes == codes.sorted() && Set(codes).count == codes.count)
  }
}
