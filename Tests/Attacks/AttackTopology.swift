import NamespaceLab
import NetworkValues

extension LabTopology {
  /// The main scenario's nodes, and one whose pods sit on a bridge. Nobody lives outside but who is heard there.
  static func attacks() throws -> LabTopology {
    let node = { (name: String, number: Int) in
      Node(
        name, addresses: try addresses("172.18.0.1\(number)", "fd00:172:18::1\(number)"),
        podNetworks: [try Prefix(parsing: "10.1.\(number).0/24"), try Prefix(parsing: "fd00:10:1:\(number)::/64")],
        localAddresses: try addresses("169.254.20.10"))
    }
    var bridged = try node("bridge-1", 3)
    bridged.bridge = Bridge(
      addresses: try addresses("10.1.3.254", "fd00:10:1:3::fe"), lengths: [.v4: 24, .v6: 64])
    let pod = { (host: LabHost, place: String, number: Int, end: Int) in
      Pod(host.podName, on: place, addresses: try addresses("10.1.\(number).\(end)", "fd00:10:1:\(number)::\(end)"))
    }
    return LabTopology(
      nodes: [try node("worker-1", 1), try node("egress-1", 2), bridged],
      pods: [
        try pod(productpage, "worker-1", 1, 10), try pod(reviews, "worker-1", 1, 11),
        try pod(ratings, "worker-1", 1, 12), try pod(coredns, "worker-1", 1, 2),
        try pod(gateway, "egress-1", 2, 10), try pod(details, "egress-1", 2, 20), try pod(newcomer, "egress-1", 2, 99),
        try pod(mallory, "bridge-1", 3, 11), try pod(alice, "bridge-1", 3, 12),
      ],
      translations: try services(), inboundNode: "egress-1")
  }

  /// The gateway's Service with all its doors, and Services whose endpoint is outside.
  private static func services() throws -> [Translation] {
    let door = { (match: String, port: UInt16, target: String, targetPort: UInt16, masquerades: Bool) in
      Translation(
        match == "node" ? .nodePort : .address(try IPAddress(parsing: match)), .tcp, port,
        to: try IPAddress(parsing: target), targetPort, masquerades: masquerades)
    }
    return [
      try door("10.96.0.100", 443, "10.1.2.10", 8443, false),
      try door("fd00:10:96::100", 443, "fd00:10:1:2::10", 8443, false),
      try door("198.51.100.200", 443, "10.1.2.10", 8443, true),
      try door("198.51.100.201", 443, "10.1.2.10", 8443, false),
      try door("node", 30_443, "10.1.2.10", 8443, true),
      try door("10.96.0.66", 80, "203.0.113.66", 80, false), try door("node", 30_066, "203.0.113.66", 80, true),
      try door("node", 9066, "203.0.113.66", 80, false),
    ]
  }
}

extension LabHost {
  var podName: String { if case .pod(let name) = self { name } else { "\(self)" } }

  /// The node that a host is, or is on; nil outside.
  var node: String? {
    switch self {
    case .node(let name): name
    case .outside: nil
    case details, gateway, newcomer: "egress-1"
    case mallory, alice: "bridge-1"
    case .pod: "worker-1"
    }
  }
}

private func addresses(_ texts: String...) throws -> [IPAddress] { try texts.map { try IPAddress(parsing: $0) } }
