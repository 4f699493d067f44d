import ClusterModel
import EgressPolicy
import Foundation
import Testing

/// What a node allows, as a graph.
@Suite struct GraphScenarioTests {
  /// Written with `MOAT_RECORD=1`, as the other golden files.
  @Test(arguments: ["worker-1", "egress-1"])
  func `The main scenario's graph is the golden one in every format`(node: String) throws {
    let scenario = try Scenario("01-httpbin")
    let graph = scenario.model.graph(on: NodeName(rawValue: node))
    let texts = ["txt": graph.text, "dot": graph.dot, "mmd": graph.mermaid, "svg": graph.svg()]
    for (ending, text) in texts.sorted(by: { $0.key < $1.key }) {
      let golden = scenario.goldenFolder(of: NodeName(rawValue: node)).appendingPathComponent("graph.\(ending)")
      if ProcessInfo.processInfo.environment["MOAT_RECORD"] == "1" {
        try text.write(to: golden, atomically: true, encoding: .utf8)
      }
      #expect(try String(contentsOf: golden, encoding: .utf8) == text, "\(golden.path)")
    }
  }

  /// A graph that leaves something out would say that the node is tighter than it is.
  @Test(arguments: Scenario.names)
  func `Every allowance of every node is in its graph, and nothing that is none`(name: String) throws {
    let model = try Scenario(name).model
    for node in model.nodeNames {
      let flows = model.flows(on: node)
      let graph = model.graph(on: node)
      let edges = graph.edges.map { edge in
        (from: graph.vertices[edge.from], to: graph.vertices[edge.to], ports: edge.ports)
      }
      #expect(graph == graph.bounded(to: .max) && Set(graph.vertices).count == graph.vertices.count)
      for flow in flows.hopA {
        let pod = flow.from.map { String($0.pod.drop { $0 != "/" }.dropFirst()) } ?? ""
        let shown = edges.contains { edge in
          edge.to.column == .gateway && edge.ports.contains("tcp \(flow.ports.first)")
            && (edge.from.detail == pod || edge.from.detail.hasSuffix(" pods"))
        }
        #expect(shown, "\(name) \(node): \(flow)")
      }
      for flow in flows.hopB {
        let shown = edges.contains { $0.from.column == .gateway && $0.ports.contains("tcp \(flow.ports.first)") }
        #expect(shown, "\(name) \(node): \(flow)")
      }
      let direct = edges.filter { $0.from.column == .client && $0.to.column == .destination }
      let sources = flows.exceptions + flows.host + flows.apiServer + flows.hostUnits.flatMap(\.flows)
      #expect(direct.isEmpty == (sources.isEmpty && flows.hostCgroups.isEmpty), "\(name) \(node)")
      for flow in flows.exceptions + flows.host + flows.apiServer {
        let port = flow.transport.hasPorts ? "\(flow.transport) \(flow.ports)" : "\(flow.transport)"
        #expect(direct.contains { $0.ports.contains(port) }, "\(name) \(node): \(flow)")
      }
      if flows.hopA.isEmpty, flows.rules.admission != .mesh, flows.role == .application {
        #expect(!graph.vertices.contains { $0.column == .gateway }, "\(name) \(node)")
      }
    }
  }
}
