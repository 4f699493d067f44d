import NetworkValues

/// One of a container's `ports`.
package struct ContainerPort: Hashable, Sendable {
  /// Its name, where it has one: what `targetPort` may name.
  package var name: String?

  /// Its number.
  package var number: UInt16

  /// Its protocol.
  package var transport: TransportProtocol

  package init(name: String?, number: UInt16, transport: TransportProtocol) {
    self.name = name
    self.number = number
    self.transport = transport
  }
}

/// A Node: its networks and its labels.
package struct Node: Hashable, Sendable {
  /// Name and labels.
  package var metadata: Metadata

  /// `spec.podCIDRs`, or `spec.podCIDR`.
  package var podCIDRs: [Prefix]

  /// `status.addresses` of type InternalIP. A node writes these itself.
  package var internalIPs: [IPAddress]

  package init(metadata: Metadata, podCIDRs: [Prefix], internalIPs: [IPAddress]) {
    self.metadata = metadata
    self.podCIDRs = podCIDRs
    self.internalIPs = internalIPs
  }

  /// The name by which pods and `--node` call it.
  package var name: NodeName { NodeName(rawValue: metadata.name) }

  /// Kind and name, for messages.
  package var reference: ObjectReference { ObjectReference(kind: "Node", namespace: nil, name: metadata.name) }
}

/// A Service: what selects its pods, and how its ports become theirs.
package struct Service: Hashable, Sendable {
  /// Name, namespace and labels.
  package var metadata: Metadata

  /// `spec.type`; ClusterIP where absent.
  package var type: String

  /// `spec.clusterIPs` or `spec.clusterIP`; headless has none.
  package var clusterIPs: [IPAddress]

  /// `spec.externalIPs` and `status.loadBalancer.ingress[].ip`.
  package var externalAddresses: [IPAddress]

  /// `spec.selector`; empty selects nothing.
  package var selector: [String: String]

  /// What it listens on.
  package var ports: [ServicePort]

  /// `spec.externalTrafficPolicy` is `Local`.
  package var externalTrafficIsLocal: Bool

  package init(
    metadata: Metadata, type: String = "ClusterIP", clusterIPs: [IPAddress] = [], externalAddresses: [IPAddress] = [],
    selector: [String: String] = [:], ports: [ServicePort] = [], externalTrafficIsLocal: Bool = false
  ) {
    self.metadata = metadata
    self.type = type
    self.clusterIPs = clusterIPs
    self.externalAddresses = externalAddresses
    self.selector = selector
    self.ports = ports
    self.externalTrafficIsLocal = externalTrafficIsLocal
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(kind: "Service", namespace: metadata.namespace, name: metadata.name)
  }
}

/// One of a Service's ports.
package struct ServicePort: Hashable, Sendable {
  /// Its name, where it has one.
  package var name: String?

  /// The port on the Service's own addresses.
  package var number: UInt16

  /// Its protocol.
  package var transport: TransportProtocol

  /// Absent: the same number.
  package var targetPort: PortReference?

  /// The port on every node's addresses, where it has one.
  package var nodePort: UInt16?

  package init(
    name: String?, number: UInt16, transport: TransportProtocol, targetPort: PortReference?, nodePort: UInt16? = nil
  ) {
    self.name = name
    self.number = number
    self.transport = transport
    self.targetPort = targetPort
    self.nodePort = nodePort
  }
}

/// A Namespace or a ServiceAccount: metadata is all moat reads of them.
package struct NamedObject: Hashable, Sendable {
  /// Name, namespace and labels.
  package var metadata: Metadata
  package init(metadata: Metadata) { self.metadata = metadata }
}

/// `networking.k8s.io ServiceCIDR`: networks of Service addresses.
package struct ServiceCIDR: Hashable, Sendable {
  /// Its name.
  package var metadata: Metadata

  /// Its ranges; all of them are inside.
  package var cidrs: [Prefix]

  package init(metadata: Metadata, cidrs: [Prefix]) {
    self.metadata = metadata
    self.cidrs = cidrs
  }
}

/// Address and port of one API server, from the Endpoints or EndpointSlices of Service default/kubernetes, or from
/// `cluster.apiServer`. Always TCP.
package struct APIServerEndpoint: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Its address.
  package var address: IPAddress

  /// Its port, TCP.
  package var port: UInt16

  package init(address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  package static func < (left: APIServerEndpoint, right: APIServerEndpoint) -> Bool {
    left.address == right.address ? left.port < right.port : left.address < right.address
  }

  package var description: String { address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
