import ClusterModel
import Foundation
import ManifestSource
import NamespaceLab
import NetworkValues

/// What kube-proxy makes of a cluster's Services: rewritten destinations.
///
/// One endpoint of each family stands for all: a scenario's tables must not depend on which one is drawn.
func translations(of scenario: Scenario) throws -> [LabTopology.Translation] {
  let listed = try listedEndpoints(scenario)
  return scenario.snapshot.services.sorted { $0.reference < $1.reference }.flatMap { service in
    service.ports.flatMap { port in
      let endpoints =
        service.selector.isEmpty
        ? listed["\(service.metadata.namespace)/\(service.metadata.name)"] ?? []
        : podEndpoints(of: service, port, in: scenario.snapshot)
      return IPFamily.allCases.flatMap { family in
        translations(of: service, port, endpoints.filter { $0.address.family == family }, family)
      }
    }
  }
}

/// Something behind a Service.
private struct ServiceEndpoint {
  var address: IPAddress
  var port: UInt16

  /// Absent outside the cluster.
  var node: String?
}

private func translations(
  of service: Service, _ port: ServicePort, _ endpoints: [ServiceEndpoint], _ family: IPFamily
) -> [LabTopology.Translation] {
  guard let first = endpoints.first else { return [] }
  let inside = service.clusterIPs.filter { $0.family == family }.map {
    LabTopology.Translation(.address($0), port.transport, port.number, to: first.address, first.port)
  }
  var entrances = service.externalAddresses.filter { $0.family == family }
    .map { (LabTopology.Translation.Match.address($0), port.number) }
  if let nodePort = port.nodePort { entrances.append((.nodePort, nodePort)) }
  let local = Dictionary(
    endpoints.compactMap { endpoint in endpoint.node.map { ($0, endpoint) } }, uniquingKeysWith: { first, _ in first })
  return inside
    + entrances.flatMap { match, number -> [LabTopology.Translation] in
      guard service.externalTrafficIsLocal else {
        return [.init(match, port.transport, number, to: first.address, first.port, masquerades: true)]
      }
      return local.sorted { $0.key < $1.key }.map { node, endpoint in
        .init(match, port.transport, number, to: endpoint.address, endpoint.port, nodes: [node])
      }
    }
}

/// Running pods that the Service selects, in order of their names.
private func podEndpoints(of service: Service, _ port: ServicePort, in snapshot: ClusterSnapshot) -> [ServiceEndpoint] {
  snapshot.pods.filter { pod in
    pod.phase == .running && !pod.hostNetwork && pod.metadata.namespace == service.metadata.namespace
      && pod.metadata.labels.satisfy(service.selector)
  }.sorted { $0.metadata.name < $1.metadata.name }.flatMap { pod -> [ServiceEndpoint] in
    let number: UInt16? =
      switch port.targetPort {
      case .number(let number): number
      case .name(let name): pod.containerPorts.first { $0.name == name && $0.transport == port.transport }?.number
      case nil: port.number
      }
    guard let number else { return [] }
    return pod.addresses.map { ServiceEndpoint(address: $0, port: number, node: pod.node?.rawValue) }
  }
}

/// Endpoints of Services without a selector, by `namespace/name`, from the EndpointSlices of the manifests. moat itself
/// reads only those of the API server.
private func listedEndpoints(_ scenario: Scenario) throws -> [String: [ServiceEndpoint]] {
  var result: [String: [ServiceEndpoint]] = [:]
  for path in try scenario.manifestPaths() {
    for text in try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n---") {
      guard let object = manifestValue(ofYAML: text), object["kind"]?.scalarText == "EndpointSlice",
        let namespace = object["metadata"]?["namespace"]?.scalarText,
        let service = object["metadata"]?["labels"]?["kubernetes.io/service-name"]?.scalarText,
        case .integer(let port) = object["ports"]?.elements.first?["port"]?.content
      else { continue }
      for address in object["endpoints"]?.elements.flatMap({ $0["addresses"]?.elements ?? [] }) ?? [] {
        result["\(namespace)/\(service)", default: []].append(
          ServiceEndpoint(address: try IPAddress(parsing: address.scalarText ?? ""), port: UInt16(port)))
      }
    }
  }
  return result
}

extension ManifestValue {
  /// A list's elements; none of anything else.
  fileprivate var elements: [ManifestValue] {
    if case .array(let elements) = content { return elements }
    return []
  }
}
