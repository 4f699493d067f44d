import ClusterModel
import EgressPolicy
import Foundation
import ManifestSource
import NetworkValues

/// The folder of the scenarios, which the tests of derivation read as well.
let scenarios = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Scenarios")

/// Names of all scenarios, in order.
let scenarioNames: [String] = {
  let found = (try? FileManager.default.contentsOfDirectory(atPath: scenarios.path)) ?? []
  return found.filter { $0.first?.isNumber == true }.sorted()
}()

/// The manifests and the configuration of one scenario.
func inputs(of name: String) throws -> (snapshot: ClusterSnapshot, configuration: Configuration) {
  let folder = scenarios.appendingPathComponent(name)
  let configuration = try loadConfiguration(path: folder.appendingPathComponent("config.yaml").path)
  return (loadManifests(paths: [folder.path]).snapshot, configuration)
}

/// Something that a node lets through, without why: what must never appear by accident.
struct Allowance: Hashable, Comparable, CustomStringConvertible {
  enum Kind: String, Hashable { case hopA, hopB, exception, host, apiServer, inside }

  var node: NodeName
  var kind: Kind

  /// Absent for the host and the API server.
  var source: IPAddress?
  var destination: AddressRange
  var transport: TransportProtocol?
  var ports: PortRange?

  var description: String {
    let from = source.map { "\($0)" } ?? "any"
    return "\(node) \(kind) \(from) → \(destination.first)–\(destination.last) "
      + "\(transport.map { "\($0)" } ?? "all") \(ports.map { "\($0)" } ?? "")"
  }

  static func < (left: Allowance, right: Allowance) -> Bool { left.description < right.description }
}

/// Every allowance of every node, and what counts as inside.
func allowances(
  of snapshot: ClusterSnapshot, under configuration: Configuration, on nodes: [NodeName]
) -> (flows: Set<Allowance>, inside: PrefixSet) {
  let model = EgressModel(snapshot, under: configuration)
  var result: Set<Allowance> = []
  var inside = PrefixSet()
  for node in nodes {
    let flows = model.flows(on: node)
    let groups: [(Allowance.Kind, [Flow])] = [
      (.hopA, flows.hopA), (.hopB, flows.hopB), (.exception, flows.exceptions), (.host, flows.host),
      (.apiServer, flows.apiServer),
    ]
    for (kind, flows) in groups {
      for flow in flows {
        result.insert(
          Allowance(
            node: node, kind: kind, source: flow.from?.address, destination: flow.destination.range,
            transport: flow.transport, ports: flow.ports))
      }
    }
    inside = inside.union(flows.inside)
  }
  return (result, inside)
}
