import ReferenceCluster

/// A pod whose ServiceAccount nobody else has, and whose only allowance comes from a policy of its own: it may reach its
/// gateway while the API server tells of its address and of its policy's grant.
struct ServedClient: Sendable {
  /// What an operator or a kubelet does to it.
  enum Change: String, CaseIterable, Sendable {
    case addressLost = "a pod loses its address"
    case addressGiven = "a pod gets its address"
    case policyRevoked = "a policy revokes"
    case policyGranted = "a policy grants"

    /// Whether the pod's packets pass afterwards.
    var opens: Bool { self == .addressGiven || self == .policyGranted }
  }

  let pod: GatewayClient

  /// Of its ServiceAccount and its policy.
  let name: String

  /// Something behind its gateway.
  private let service: String

  /// - Parameter index: which of the ordinary node's pods it is.
  init(_ index: Int, of cluster: ReferenceCluster) throws {
    pod = try GatewayClient(index, of: cluster)
    name = "bench-\(index)"
    let gateway = "egress-\(pod.place)"
    let service = cluster.objects.first {
      $0["kind"]?.text == "ExternalService" && $0.json.contains("\"name\":\"\(gateway)\"")
    }
    guard let name = service?["metadata"]?["name"]?.text else { throw BenchError("nothing is behind \(gateway)") }
    self.service = name
  }

  /// Its ServiceAccount and its policy; the pod itself is one of the cluster's.
  var objects: [Tree] {
    let account: Tree = [
      "apiVersion": "v1", "kind": "ServiceAccount",
      "metadata": ["name": .text(name), "namespace": .text(pod.namespace)],
    ]
    let policy: Tree = [
      "apiVersion": "security.policy.gloo.solo.io/v2", "kind": "AccessPolicy",
      "metadata": ["name": .text(name), "namespace": "global"],
      "spec": [
        "applyToDestinations": [
          ["kind": "EXTERNAL_SERVICE", "port": ["number": 443], "selector": ["name": .text(service)]]
        ],
        "config": grant(to: name),
      ],
    ]
    return [account, policy]
  }

  /// Where a change is sent, and its merge patch.
  func patch(_ change: Change) -> (path: String, json: String) {
    let address = Tree.text("\(pod.address)")
    switch change {
    case .addressLost: return (podStatus, #"{"status":{"phase":"Pending","podIP":null,"podIPs":null}}"#)
    case .addressGiven:
      let status: Tree = ["status": ["phase": "Running", "podIP": address, "podIPs": [["ip": address]]]]
      return (podStatus, status.json)
    case .policyRevoked: return (policy, (["spec": ["config": grant(to: "nobody")]] as Tree).json)
    case .policyGranted: return (policy, (["spec": ["config": grant(to: name)]] as Tree).json)
    }
  }

  private var podStatus: String { "/api/v1/namespaces/\(pod.namespace)/pods/\(pod.own)/status" }
  private var policy: String { "/apis/security.policy.gloo.solo.io/v2/namespaces/global/accesspolicies/\(name)" }

  private func grant(to account: String) -> Tree {
    let selector: Tree = ["namespace": .text(pod.namespace), "name": .text(account)]
    return ["authz": ["allowedClients": [["serviceAccountSelector": selector]]]]
  }
}
