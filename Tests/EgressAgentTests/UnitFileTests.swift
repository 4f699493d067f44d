import Foundation
import NamespaceLab
import Testing

/// The systemd units, judged by systemd's own tool.
@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: "/usr/bin/systemd-analyze"), "needs systemd-analyze (Debian: systemd)"))
struct UnitFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for unit in ["moat.service", "moat-lock.service"] {
      let text = try String(contentsOfFile: "\(repository)/systemd/\(unit)", encoding: .utf8)
      // Any program that is there will do: whether moat is installed is not the question.
      try folder.write(text.replacingOccurrences(of: "@BINDIR@/moat", with: "/bin/true"), to: unit)
    }
  }

  @Test(arguments: ["moat.service", "moat-lock.service"])
  func `The unit is understood without a complaint`(unit: String) throws {
    let result = try runProgram([
      "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", folder.path + "/" + unit,
    ])
    #expect(result.status == 0 && result.output == "", "\(result.output)")
  }

  @Test func `The daemon is exposed by 2.0 at most`() throws {
    let result = try runProgram([
      "systemd-analyze", "security", "--offline=true", "--threshold=20", folder.path + "/moat.service",
    ])
    #expect(result.status == 0, "\(result.output)")
  }
}
