import NetworkValues
import ReferenceCluster

/// A pod on the ordinary node, and the gateway pod that it may reach.
struct GatewayClient: Sendable {
  /// `namespace/name`.
  var name: String { "\(namespace)/\(own)" }
  var namespace: String
  var own: String
  var address: IPAddress

  /// The gateway's number.
  var place: Int
  var gateway: IPAddress
  var gatewayName: String { "istio-egress/egress-\(place)" }
  let port: UInt16 = 8443

  /// Where the pod stands among the cluster's objects.
  var number: Int

  /// - Parameter index: which of the node's pods it is.
  init(_ index: Int, of cluster: ReferenceCluster) throws {
    let text = podAddress(node: 1, index: index)
    guard let number = cluster.objects.firstIndex(where: { $0["status"]?["podIP"]?.text == text }) else {
      throw BenchError("the cluster has no pod \(text)")
    }
    let object = cluster.objects[number]
    guard let namespace = object["metadata"]?["namespace"]?.text, let own = object["metadata"]?["name"]?.text,
      let team = Int(namespace.split(separator: "-").last ?? "")
    else { throw BenchError("the pod \(text) has no name") }
    (self.namespace, self.own, self.number) = (namespace, own, number)
    address = try IPAddress(parsing: text)
    place = team % cluster.shape.gateways
    gateway = try IPAddress(parsing: podAddress(node: 0, index: place))
  }
}
