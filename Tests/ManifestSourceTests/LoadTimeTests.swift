import ClusterModel
import ManifestSource
import Testing

/// The load that is promised: 10,000 pods of 0.7 KB in one List, 1,000 ServiceAccounts, 500 ExternalServices and 500
/// AccessPolicies in 3 s from JSON and 12 s from YAML. A debug build is given ten times that for a tenth of the objects.
@Suite(.serialized) struct LoadTimeTests {
  #if DEBUG
    let scale = 10
  #else
    let scale = 1
  #endif

  @Test func json() { measure(cluster(scale: scale, isJSON: true), isJSON: true, limit: .seconds(3)) }

  @Test func yaml() { measure(cluster(scale: scale, isJSON: false), isJSON: false, limit: .seconds(12)) }

  private func measure(_ text: String, isJSON: Bool, limit: Duration) {
    let bytes = Array(text.utf8)
    var reading = ManifestReading()
    let time = ContinuousClock().measure {
      var collector = ManifestCollector()
      collector.add(bytes, file: "load", isJSON: isJSON)
      reading = collector.finish()
    }
    print("\(isJSON ? "JSON" : "YAML"): \(bytes.count) bytes in \(time)")
    #expect(time < limit)
    #expect(reading.errors.isEmpty)
    #expect(reading.snapshot.problems.isEmpty)
    #expect(reading.snapshot.pods.count == 10_000 / scale)
    #expect(reading.snapshot.pods.allSatisfy { $0.addresses.count == 2 && $0.containerPorts.count == 1 })
    #expect(reading.snapshot.serviceAccounts.count == 1_000 / scale)
    #expect(reading.snapshot.externalServices.count == 500 / scale)
    #expect(reading.snapshot.accessPolicies.count == 500 / scale)
  }
}

/// A List as kubectl dumps it.
private func cluster(scale: Int, isJSON: Bool) -> String {
  var items: [ManifestValue] = (0..<10_000 / scale).map(pod)
  items += (0..<1_000 / scale).map { object("v1", "ServiceAccount", "account-\($0)", ["automount": true]) }
  items += (0..<500 / scale).map(externalService)
  items += (0..<500 / scale).map(accessPolicy)
  let list: ManifestValue = ["apiVersion": "v1", "kind": "List", "items": ManifestValue(.array(items))]
  return isJSON ? list.json : list.yaml()
}

private func object(_ version: String, _ kind: String, _ name: String, _ rest: ManifestValue) -> ManifestValue {
  guard case .object(let members) = rest.content else { return rest }
  let head: ManifestValue = [
    "apiVersion": "\(version)", "kind": "\(kind)",
    "metadata": [
      "name": "\(name)", "namespace": "load", "uid": "5f3c2d1e-\(name)", "resourceVersion": "123456",
      "labels": ["app": "\(name)", "pod-template-hash": "7f8b9c6d5", "version": "v1"],
    ],
  ]
  guard case .object(let first) = head.content else { return head }
  return ManifestValue(.object(first + members))
}

private func pod(_ index: Int) -> ManifestValue {
  let (high, low) = (index / 250, index % 250 + 1)
  return object(
    "v1", "Pod", "pod-\(index)",
    [
      "spec": [
        "nodeName": "worker-\(index / 100)", "serviceAccountName": "account-\(index % 1000)",
        "containers": [
          [
            "name": "main", "image": "registry.example/app:1", "imagePullPolicy": "IfNotPresent",
            "ports": [["name": "http", "containerPort": 9080, "protocol": "TCP"]],
          ]
        ],
      ],
      "status": [
        "phase": "Running", "podIP": "10.1.\(high).\(low)", "qosClass": "BestEffort",
        "podIPs": [["ip": "10.1.\(high).\(low)"], ["ip": "fd00:10:1:\(high)::\(low)"]],
        "conditions": [["type": "Ready", "status": "True"]],
      ],
    ])
}

private func externalService(_ index: Int) -> ManifestValue {
  object(
    "networking.gloo.solo.io/v2", "ExternalService", "external-\(index)",
    [
      "spec": [
        "hosts": ["host-\(index).example.com"],
        "ports": [
          [
            "number": 443, "name": "https", "protocol": "HTTPS", "clientsideTls": [:],
            "egressGatewayRoutes": [
              "portMatch": 80, "virtualGatewayRefs": [["name": "egress", "namespace": "gateways", "cluster": "c"]],
            ],
          ]
        ],
      ]
    ])
}

private func accessPolicy(_ index: Int) -> ManifestValue {
  object(
    "security.policy.gloo.solo.io/v2", "AccessPolicy", "policy-\(index)",
    [
      "spec": [
        "applyToDestinations": [
          ["kind": "EXTERNAL_SERVICE", "port": ["number": 443], "selector": ["name": "external-\(index)"]]
        ],
        "config": [
          "authz": ["allowedClients": [["serviceAccountSelector": ["labels": ["app": "account-\(index)"]]]]]
        ],
      ]
    ])
}
