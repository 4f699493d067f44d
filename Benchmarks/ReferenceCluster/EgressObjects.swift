import SeededRandom

/// For each gateway its Service and its VirtualGateway. Every other gateway lists the hosts it exposes one by one; the
/// rest expose them by a wildcard.
func gatewayObjects(_ shape: ReferenceCluster.Shape) -> [Tree] {
  (0..<shape.gateways).flatMap { gateway -> [Tree] in
    let name = gatewayName(gateway)
    let hosts = (0..<shape.services).filter { shape.gateway(ofService: $0) == gateway }
      .flatMap { shape.hosts(ofService: $0) }
    let exposed = gateway.isMultiple(of: 2) ? hosts : ["*.zone-\(gateway).example"]
    return [gatewayService(name, number: gateway), virtualGateway(name, exposing: exposed)]
  }
}

private func gatewayService(_ name: String, number: Int) -> Tree {
  [
    "apiVersion": "v1", "kind": "Service",
    "metadata": ["name": .text(name), "namespace": .text(gatewayNamespace), "labels": ["app": .text(name)]],
    "spec": [
      "type": "ClusterIP", "clusterIP": "10.96.0.\(100 + number)", "clusterIPs": ["10.96.0.\(100 + number)"],
      "selector": ["app": .text(name)],
      "ports": [["name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443]],
    ],
  ]
}

private func virtualGateway(_ name: String, exposing hosts: [String]) -> Tree {
  [
    "apiVersion": "networking.gloo.solo.io/v2", "kind": "VirtualGateway",
    "metadata": ["name": .text(name), "namespace": .text(gatewayNamespace)],
    "spec": [
      "workloads": [
        [
          "selector": [
            "labels": ["app": .text(name)], "namespace": .text(gatewayNamespace),
            "cluster": .text(ReferenceCluster.name),
          ]
        ]
      ],
      "listeners": [
        [
          "port": ["number": 443], "appProtocol": "HTTPS", "http": .object([]), "tls": ["mode": "ISTIO_MUTUAL"],
          "exposedExternalServices": .list(hosts.map { ["host": .text($0)] }),
        ]
      ],
    ],
  ]
}

func externalServices(_ shape: ReferenceCluster.Shape) -> [Tree] {
  (0..<shape.services).map { number in
    let name = serviceName(number)
    let gateway: Tree = [
      "cluster": .text(ReferenceCluster.name), "name": .text(gatewayName(shape.gateway(ofService: number))),
      "namespace": .text(gatewayNamespace),
    ]
    return [
      "apiVersion": "networking.gloo.solo.io/v2", "kind": "ExternalService",
      "metadata": ["name": .text(name), "namespace": .text(externalNamespace), "labels": ["vendor": .text(name)]],
      "spec": [
        "hosts": .list(shape.hosts(ofService: number).map { .text($0) }),
        "ports": [
          [
            "name": "https", "number": 443, "protocol": "HTTPS", "clientsideTls": .object([]),
            "egressGatewayRoutes": ["portMatch": 80, "virtualGatewayRefs": [gateway]],
          ]
        ],
      ],
    ]
  }
}

/// A policy for each external service, by its name or by its label. It grants the ServiceAccounts that fall to it, so
/// that everybody is granted something behind his team's gateway, and up to three others by lot.
func accessPolicies(_ shape: ReferenceCluster.Shape, _ generator: inout Seeded) -> [Tree] {
  let policiesOfGateway = shape.services / shape.gateways
  return (0..<shape.services).map { number in
    let gateway = shape.gateway(ofService: number)
    let candidates = (0..<shape.accounts).filter {
      shape.gateway(ofNamespace: $0 / shape.accountsPerNamespace) == gateway
    }
    var clients = candidates.indices.filter { $0 % policiesOfGateway == number / shape.gateways }.map { candidates[$0] }
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      if let other = candidates.randomElement(using: &generator), !clients.contains(other) { clients.append(other) }
    }
    return accessPolicy(number, clients: clients.map { client($0, shape) })
  }
}

/// By namespace and name, or by namespace and label.
private func client(_ account: Int, _ shape: ReferenceCluster.Shape) -> Tree {
  let name = Tree.text(accountName(account % shape.accountsPerNamespace))
  let namespace = Tree.text(namespaceName(account / shape.accountsPerNamespace))
  let selector: Tree =
    account.isMultiple(of: 2)
    ? ["namespace": namespace, "name": name] : ["namespace": namespace, "labels": ["account": name]]
  return ["serviceAccountSelector": selector]
}

private func accessPolicy(_ number: Int, clients: [Tree]) -> Tree {
  let name = Tree.text(serviceName(number))
  let namespace = Tree.text(externalNamespace)
  let selector: Tree =
    number.isMultiple(of: 2)
    ? ["namespace": namespace, "name": name] : ["namespace": namespace, "labels": ["vendor": name]]
  return [
    "apiVersion": "security.policy.gloo.solo.io/v2", "kind": "AccessPolicy",
    "metadata": ["name": "\(serviceName(number))-clients", "namespace": namespace],
    "spec": [
      "applyToDestinations": [["kind": "EXTERNAL_SERVICE", "port": ["number": 443], "selector": selector]],
      "config": ["authz": ["allowedClients": .list(clients)]],
    ],
  ]
}

/// The cluster's networks, and what every host resolves to: half of a service's addresses are its first host's.
func moatConfiguration(_ shape: ReferenceCluster.Shape) -> Tree {
  let hosts = (0..<shape.services).flatMap { service -> [(name: String, value: Tree)] in
    let numbers = Array(shape.addresses(ofService: service))
    let halves = [numbers.prefix(numbers.count / 2), numbers.dropFirst(numbers.count / 2)]
    return zip(shape.hosts(ofService: service), halves).map { host, half in
      (host, .list(half.map { .text(externalAddress($0)) }))
    }
  }
  return [
    "apiVersion": "moat.dev/v1alpha1", "kind": "MoatConfiguration",
    "cluster": [
      "name": .text(ReferenceCluster.name), "networks": ["10.96.0.0/12"],
      "interfaces": ["uplinks": ["eth0", "uplink"]],
    ],
    "names": ["hosts": .object(hosts)],
  ]
}
