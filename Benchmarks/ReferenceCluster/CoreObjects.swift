import SeededRandom

func namespaces(_ shape: ReferenceCluster.Shape) -> [Tree] {
  let names = (0..<shape.namespaces).map(namespaceName) + [gatewayNamespace, externalNamespace]
  return names.map { name in
    [
      "apiVersion": "v1", "kind": "Namespace",
      "metadata": ["name": .text(name), "labels": ["kubernetes.io/metadata.name": .text(name)]],
    ]
  }
}

func nodes(_ shape: ReferenceCluster.Shape) -> [Tree] {
  (0..<shape.nodes).map { number in
    let name = nodeName(number)
    var labels: [(name: String, value: Tree)] = [("kubernetes.io/hostname", .text(name))]
    if number == 0 { labels.append(("node-restriction.kubernetes.io/egress-gateway", "true")) }
    return [
      "apiVersion": "v1", "kind": "Node", "metadata": ["name": .text(name), "labels": .object(labels)],
      "spec": ["podCIDR": "10.64.\(number).0/24", "podCIDRs": ["10.64.\(number).0/24"]],
      "status": ["addresses": [["type": "InternalIP", "address": "172.18.0.\(number + 10)"]]],
    ]
  }
}

/// The ServiceAccounts of the teams, and one for each gateway.
func serviceAccounts(_ shape: ReferenceCluster.Shape) -> [Tree] {
  let own = (0..<shape.gateways).map { serviceAccount(gatewayName($0), in: gatewayNamespace) }
  return own
    + (0..<shape.namespaces).flatMap { namespace in
      (0..<shape.accountsPerNamespace).map { serviceAccount(accountName($0), in: namespaceName(namespace)) }
    }
}

private func serviceAccount(_ name: String, in namespace: String) -> Tree {
  [
    "apiVersion": "v1", "kind": "ServiceAccount",
    "metadata": [
      "name": .text(name), "namespace": .text(namespace),
      "labels": ["account": .text(name), "team": .text(namespace)],
    ],
  ]
}

/// Every pod: the gateways' on the first node, and behind and beside them the teams', each under a ServiceAccount
/// drawn by lot, every ServiceAccount about as often.
func pods(_ shape: ReferenceCluster.Shape, _ generator: inout Seeded) -> [Tree] {
  var accounts = (0..<shape.pods).map { $0 % shape.accounts }
  accounts.shuffle(using: &generator)
  return (0..<shape.pods).map { number in
    let (node, index) = (number / shape.podsPerNode, number % shape.podsPerNode)
    if number < shape.gatewayPods {
      let gateway = gatewayName(number % shape.gateways)
      return pod(gateway, account: gateway, in: gatewayNamespace, node: node, index: index, &generator)
    }
    let account = accounts[number]
    let name = accountName(account % shape.accountsPerNamespace)
    let namespace = namespaceName(account / shape.accountsPerNamespace)
    return pod(name, account: name, in: namespace, node: node, index: index, &generator)
  }
}

/// A pod of about 0.7 KB: what moat reads, with a little of what else there is.
private func pod(
  _ app: String, account: String, in namespace: String, node: Int, index: Int, _ generator: inout Seeded
) -> Tree {
  let address = podAddress(node: node, index: index)
  let hash = generator.suffix(9)
  return [
    "apiVersion": "v1", "kind": "Pod",
    "metadata": [
      "name": "\(app)-\(hash)-\(generator.suffix(5))", "namespace": .text(namespace), "uid": .text(generator.uid()),
      "labels": ["app": .text(app), "pod-template-hash": .text(hash), "version": "v1"],
    ],
    "spec": [
      "nodeName": .text(nodeName(node)), "serviceAccountName": .text(account), "restartPolicy": "Always",
      "containers": [
        [
          "name": "main", "image": "registry.example/\(namespace)/\(app):1.4.2",
          "ports": [["name": "http", "containerPort": 8443, "protocol": "TCP"]],
        ]
      ],
    ],
    "status": [
      "phase": "Running", "hostIP": "172.18.0.\(node + 10)", "podIP": .text(address),
      "podIPs": [["ip": .text(address)]],
      "startTime": "2026-01-02T03:04:05Z",
      "conditions": [
        ["type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T03:04:09Z"]
      ],
    ],
  ]
}

/// What the default Service of the API server leads to.
let apiServerEndpoints: Tree = [
  "apiVersion": "v1", "kind": "Endpoints", "metadata": ["name": "kubernetes", "namespace": "default"],
  "subsets": [["addresses": [["ip": "203.0.113.6"]], "ports": [["name": "https", "port": 6443, "protocol": "TCP"]]]],
]
