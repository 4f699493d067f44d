import Foundation
import Glibc
import Testing

/// Everything that issue 7 calls an attack, first where nothing guards the nodes, then where moat's daemons do.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct AttackTests {
  @Test(arguments: [false, true])
  func `Each attack works without moat, and fares with it as the README says`(isGuarded: Bool) throws {
    let lab = try AttackLab(isGuarded: isGuarded)
    let wanted = ProcessInfo.processInfo.environment["MOAT_ATTACKS"] ?? ""
    for attack in Attack.all where wanted.isEmpty || attack.name.contains(wanted) {
      do { try lab.run(attack) } catch { Issue.record("\(attack.name): \(error)") }
    }
    for disturbance in Disturbance.all where wanted.isEmpty || disturbance.name.contains(wanted) {
      do { try lab.run(disturbance) } catch { Issue.record("\(disturbance.name): \(error)") }
    }
    // Who can do what arrives all the same is told.
    let told = try lab.lab.run(in: .node("worker-1"), [moatPath, "check"] + lab.inputs(on: "worker-1"))
    #expect(told.output.contains("kube-system/node-agent"), "\(told.text)")
  }

  @Test func `The README's table has a row for each attack, with these outcomes`() throws {
    let readme = try AttackTable.readme()
    if ProcessInfo.processInfo.environment["MOAT_RECORD"] == "1" {
      try Data(readme.renewed.utf8).write(to: URL(fileURLWithPath: readme.path))
    } else {
      #expect(readme.found == AttackTable.text, "MOAT_RECORD=1 writes it anew")
    }
  }
}
