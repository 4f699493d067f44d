import ClusterModel
import EgressAgent
import EgressPolicy
import EgressRuleset
import Foundation
import NetworkValues
import Nftables
import Testing

@Suite struct LockStateTests {
  let folder: TemporaryFolder
  let state: LockState

  init() throws {
    folder = try TemporaryFolder()
    let input = try scenarioInput()
    state = LockState(deriveEgress(from: input.snapshot, on: workerNode, under: input.configuration))
  }

  @Test func `What was saved comes back and makes the same ruleset`() throws {
    try LockStateFile(in: folder.path).save(state)
    let loaded = try #require(try LockStateFile(in: folder.path).load())
    #expect(lower(loaded.flows) == lower(state.flows))
    #expect(try LockStateFile(in: folder.path + "/none").load() == nil)
  }

  @Test func `It names no pod's address, and grants pods nothing`() throws {
    let input = try scenarioInput()
    let text = lower(state.flows).nftSyntax
    for address in input.snapshot.pods.flatMap(\.addresses) { #expect(!text.contains("\(address) ")) }
    for set in ["clients4", "clients6", "external4", "exceptions4", "endpoints4", "gateways4"] {
      #expect(lower(state.flows)[TableID(.inet, "moat")]?.set(set)?.elements.count == 0)
    }
    #expect(!state.flows.rules.apiServerFromPods && state.flows.rules.inbound == .none)
  }

  @Test func `A damaged file is refused whole`() throws {
    let file = LockStateFile(in: folder.path)
    try file.save(state)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
    for place in stride(from: 0, to: bytes.count, by: 37) {
      var damaged = bytes
      damaged[place] ^= 0x01
      try Data(damaged).write(to: URL(fileURLWithPath: file.path))
      #expect(throws: AgentError.self) { try LockStateFile(in: folder.path).load() }
    }
    try Data(bytes.dropLast(5)).write(to: URL(fileURLWithPath: file.path))
    #expect(throws: AgentError.self) { try LockStateFile(in: folder.path).load() }
  }

  @Test func `The configuration alone closes the node, but not to what the host needs`() throws {
    var configuration = try scenarioInput().configuration
    configuration.cluster.nodeNetworks = [try Prefix(parsing: "172.18.0.0/16")]
    let server = APIServerEndpoint(address: try IPAddress(parsing: "198.51.100.2"), port: 443)
    let flows = lockFlows(under: configuration, on: workerNode, apiServers: [server])
    #expect(flows.inside.contains(try IPAddress(parsing: "10.96.0.1")))
    #expect(flows.inside.contains(try IPAddress(parsing: "172.18.0.11")))
    #expect(flows.host.contains { $0.destination.description == "198.51.100.7/32" })
    #expect(flows.apiServer.map(\.destination.address) == [server.address])
    #expect(flows.hopA.isEmpty && flows.hopB.isEmpty && flows.exceptions.isEmpty)
    #expect(problems(in: lower(flows)).isEmpty)
  }
}
