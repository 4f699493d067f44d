import Foundation

/// A kind of which a node is told, with objects about as large as clusters have them.
struct LoadedKind {
  /// For people.
  var name: String

  /// How many there are in the cluster for which is computed, as an ordinary node sees it.
  var count: Int

  /// How many of them change in a second there.
  var changes: Double

  /// Where objects are created.
  var collection: String

  /// The object with a number.
  var object: (Int) -> [String: Any]

  /// What a change of it is: a merge patch.
  var change: (Int) -> [String: Any] = { ["metadata": ["annotations": ["changed": "\($0)"]]] }

  /// `/status`, where changes go there.
  var subresource = ""
}

extension LoadedKind {
  /// A cluster of 5,000 Nodes and 150,000 pods, as a node without gateways sees it: every Node says every five minutes
  /// that it lives, a pod of its own changes twice a minute, the rest changes as people work.
  static var all: [LoadedKind] {
    [
      LoadedKind(
        name: "Node", count: 5000, changes: 5000.0 / 300, collection: "/api/v1/nodes", object: node,
        change: { ["status": ["conditions": conditions(at: $0)]] }, subresource: "/status"),
      LoadedKind(
        name: "pod of its own", count: 30, changes: 2.0 / 60, collection: "/api/v1/namespaces/load/pods", object: pod),
      LoadedKind(
        name: "ServiceAccount", count: 3000, changes: 0.1, collection: "/api/v1/namespaces/load/serviceaccounts",
        object: { named("account-\($0)") }),
      LoadedKind(
        name: "Namespace", count: 500, changes: 0.01, collection: "/api/v1/namespaces",
        object: { named("team-\($0)") }),
      LoadedKind(
        name: "Service", count: 5000, changes: 0.1, collection: "/api/v1/namespaces/load/services", object: service),
      LoadedKind(
        name: "ExternalService", count: 500, changes: 0.01,
        collection: "/apis/networking.gloo.solo.io/v2/namespaces/load/externalservices", object: externalService),
      LoadedKind(
        name: "AccessPolicy", count: 500, changes: 0.01,
        collection: "/apis/security.policy.gloo.solo.io/v2/namespaces/load/accesspolicies", object: accessPolicy),
    ]
  }

  /// The node that listens.
  static let own = "worker-0"
}

private func named(_ name: String, _ labels: [String: String] = ["team": "a", "app.kubernetes.io/part-of": "shop"])
  -> [String: Any]
{ ["metadata": ["name": name, "labels": labels]] }

/// With fifty images, as a kubelet reports them.
private func node(_ number: Int) -> [String: Any] {
  let digest = String(repeating: "0123456789abcdef", count: 4)
  let images = (0..<50).map { image in
    let name = "registry.example.com/team/application-\(image)"
    return ["names": ["\(name)@sha256:\(digest)", "\(name):v1.\(image).0"], "sizeBytes": 123_456_789] as [String: Any]
  }
  var object = named(
    "worker-\(number)", ["kubernetes.io/hostname": "worker-\(number)", "topology.kubernetes.io/zone": "zone-a"])
  object["spec"] = ["podCIDRs": ["10.\(number / 250 + 1).\(number % 250).0/24"]]
  object["status"] = [
    "addresses": [["type": "InternalIP", "address": "172.18.\(number / 250).\(number % 250 + 1)"]],
    "images": images, "conditions": conditions(at: 0),
    "capacity": ["cpu": "16", "memory": "65536Ki", "pods": "110"],
    "allocatable": ["cpu": "15", "memory": "61440Ki", "pods": "110"],
    "nodeInfo": [
      "machineID": digest, "systemUUID": digest, "bootID": digest, "kernelVersion": "6.8.0", "osImage": "Debian 12",
      "containerRuntimeVersion": "containerd://1.7.0", "kubeletVersion": "v1.30.0", "kubeProxyVersion": "v1.30.0",
      "operatingSystem": "linux", "architecture": "amd64",
    ],
  ]
  return object
}

private func conditions(at moment: Int) -> [[String: Any]] {
  ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map { type in
    [
      "type": type, "status": "False", "reason": "KubeletHasSufficient", "message": "kubelet has sufficient resources",
      "lastHeartbeatTime": "2026-01-01T00:\(10 + moment % 50):00Z", "lastTransitionTime": "2026-01-01T00:00:00Z",
    ]
  }
}

/// With an application's container and a sidecar's.
private func pod(_ number: Int) -> [String: Any] {
  let variables = (0..<12).map { ["name": "VARIABLE_\($0)", "value": "a value of about thirty bytes"] }
  let containers = ["application", "istio-proxy"].map { name in
    [
      "name": name, "image": "registry.example.com/team/\(name):v1.2.3", "env": variables,
      "resources": ["requests": ["cpu": "100m", "memory": "128Mi"], "limits": ["memory": "256Mi"]],
      "ports": [["name": "http-\(name.count)", "containerPort": 8000 + name.count]],
      "readinessProbe": ["httpGet": ["path": "/ready", "port": 8000 + name.count], "periodSeconds": 10],
    ] as [String: Any]
  }
  var object = named("application-6c5d8f7b9-\(number)", ["app": "application", "version": "v1", "team": "a"])
  object["spec"] = ["nodeName": LoadedKind.own, "serviceAccountName": "account-1", "containers": containers]
  return object
}

private func service(_ number: Int) -> [String: Any] {
  var object = named("service-\(number)")
  object["spec"] = [
    "selector": ["app": "service-\(number)"], "ports": [["name": "http", "port": 80, "targetPort": 8080]],
  ]
  return object
}

private func externalService(_ number: Int) -> [String: Any] {
  let gateways = [["name": "egress-vg", "namespace": "istio-egress", "cluster": "cluster-1"]]
  let port: [String: Any] = [
    "name": "https", "number": 443, "protocol": "HTTPS", "clientsideTls": [String: String](),
    "egressGatewayRoutes": ["portMatch": 80, "virtualGatewayRefs": gateways],
  ]
  var object = named("service-\(number).example.com")
  object["apiVersion"] = "networking.gloo.solo.io/v2"
  object["kind"] = "ExternalService"
  object["spec"] = ["hosts": ["service-\(number).example.com"], "ports": [port]]
  return object
}

private func accessPolicy(_ number: Int) -> [String: Any] {
  let client = ["serviceAccountSelector": ["cluster": "cluster-1", "namespace": "load", "labels": ["team": "a"]]]
  let destination: [String: Any] = [
    "kind": "EXTERNAL_SERVICE", "port": ["number": 443], "selector": ["name": "service-\(number).example.com"],
  ]
  var object = named("policy-\(number)")
  object["apiVersion"] = "security.policy.gloo.solo.io/v2"
  object["kind"] = "AccessPolicy"
  object["spec"] = [
    "applyToDestinations": [destination], "config": ["authz": ["allowedClients": [client]]],
  ]
  return object
}
