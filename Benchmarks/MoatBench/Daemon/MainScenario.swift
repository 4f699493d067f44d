import NamespaceLab
import NetworkValues

/// Pods of the main scenario that measurements use.
enum MainPod {
  static let client = "bookinfo/productpage-v1-7f8b9c6d5-x2k4q"
  static let stranger = "bookinfo/reviews-v1-6c5d8f7b9-p9s2m"
  static let resolver = "kube-system/coredns-7d8f9b6c5-abcde"
  static let gateway = "istio-egress/istio-egressgateway-55fcbddd96-bwntr"
}

extension LabTopology {
  /// The main scenario's two nodes, with the gateway's pod on the second.
  ///
  /// - Parameters:
  ///   - pods: those of the first, with their addresses.
  ///   - outside: the one host that is there.
  static func mainScenario(
    _ pods: KeyValuePairs<String, String>, outside: (name: String, address: String)
  ) throws -> LabTopology {
    let node = { (name: String, number: Int) in
      Node(
        name, addresses: [try IPAddress(parsing: "172.18.0.1\(number)")],
        podNetworks: [try Prefix(parsing: "10.1.\(number).0/24")])
    }
    let clients = try pods.map { Pod($0.key, on: "worker-1", addresses: [try IPAddress(parsing: $0.value)]) }
    let gateway = Pod(MainPod.gateway, on: "egress-1", addresses: [try IPAddress(parsing: "10.1.2.10")])
    return LabTopology(
      nodes: [try node("worker-1", 1), try node("egress-1", 2)], pods: clients + [gateway],
      outside: [OutsideHost(outside.name, addresses: [try IPAddress(parsing: outside.address)])])
  }
}
