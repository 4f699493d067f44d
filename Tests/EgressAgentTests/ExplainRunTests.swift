import Foundation
import NamespaceLab
import Testing

/// `moat explain --from host` on a machine that is none of the nodes.
@Suite struct ExplainRunTests {
  private func explain(_ question: String..., manifests: String = scenarioFolder) throws -> ProgramResult {
    let inputs = ["--manifests", manifests, "--config", scenarioFolder + "/config.yaml", "--from", "host"]
    return try runProgram(["env", "-u", "NODE_NAME", moatPath, "explain"] + inputs + question)
  }

  @Test func `The host needs no node where all nodes answer the same`() throws {
    let allowed = try explain("--to", "198.51.100.7:443")
    #expect(allowed.status == 0, "\(allowed.output)")
    #expect(allowed.output.contains("host of each of 2 nodes, like egress-1 → 198.51.100.7 tcp 443\n"))
    let refused = try explain("--to", "203.0.113.10:443")
    #expect(refused.status == 2 && refused.output.contains("no entry of host.allow"), "\(refused.output)")
    let name = try explain("--to", "httpbin.org")
    #expect(name.status == 1 && name.output.contains("ask for an address"), "\(name.output)")
  }

  @Test func `Where they differ, it says how`() throws {
    let folder = try TemporaryFolder()
    for (node, address) in [("inner", "10.0.0.1"), ("outer", "203.0.113.50")] {
      try folder.write(
        "{ apiVersion: v1, kind: Node, metadata: { name: \(node) }, "
          + "status: { addresses: [{ type: InternalIP, address: \(address) }] } }\n", to: "\(node).yaml")
    }
    let differing = try explain("--to", "203.0.113.50:22", manifests: folder.path)
    #expect(differing.status == 1, "\(differing.output)")
    #expect(differing.output.contains("allowed on outer, refused on inner. Choose one with --node."))
    let own = try explain("--to", "203.0.113.50:22", "--node", "outer", manifests: folder.path)
    #expect(own.status == 0 && own.output.contains("host outer → "), "\(own.output)")
  }

  @Test func `A node that was named must be there`() throws {
    let unknown = try explain("--to", "198.51.100.7:443", "--node", "worker-9")
    #expect(unknown.status == 1 && unknown.output.contains("no Node worker-9"), "\(unknown.output)")
    let none = try TemporaryFolder()
    try none.write("", to: "none.yaml")
    let nobody = try explain("--to", "198.51.100.7:443", manifests: none.path)
    #expect(nobody.status == 1 && nobody.output.contains("They have no Node at all"), "\(nobody.output)")
  }
}
