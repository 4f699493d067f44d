import NetworkValues

/// Gloo `networking.gloo.solo.io/v2 ExternalService`: something outside that workloads may be allowed to reach.
package struct ExternalService: Hashable, Sendable {
  /// Name, namespace and labels.
  package var metadata: Metadata

  /// What the management plane says of it (S12).
  package var approval: Approval

  /// Lower case, without a final dot; at most one wildcard, as the first label. XOR `addresses` (E1).
  package var hosts: [Part<String>]

  /// Addresses and networks.
  package var addresses: [Part<Prefix>]

  /// Labels of ExternalEndpoints; empty picks none (E2).
  package var selector: [String: String]

  /// Its ports, those not understood included.
  package var ports: [Part<ExternalPort>]

  /// What was not understood outside the parts above; if there is any, the object grants nothing.
  package var misunderstandings: [Misunderstanding]

  package init(
    metadata: Metadata, approval: Approval = .absent, hosts: [Part<String>] = [], addresses: [Part<Prefix>] = [],
    selector: [String: String] = [:], ports: [Part<ExternalPort>] = [], misunderstandings: [Misunderstanding] = []
  ) {
    self.metadata = metadata
    self.approval = approval
    self.hosts = hosts
    self.addresses = addresses
    self.selector = selector
    self.ports = ports
    self.misunderstandings = misunderstandings
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(kind: "ExternalService", namespace: metadata.namespace, name: metadata.name)
  }
}

/// One of an ExternalService's ports.
package struct ExternalPort: Hashable, Sendable {
  /// The port that AccessPolicies name.
  package var number: UInt16

  /// Its name, where it has one: what policies and endpoints may call it by.
  package var name: String?

  /// The far port; absent: `number`. A name is looked up in the ExternalEndpoints' ports.
  package var targetPort: PortReference?

  /// Absent: the client itself would leave the cluster (E3).
  package var routes: EgressGatewayRoutes?

  package init(number: UInt16, name: String? = nil, targetPort: PortReference? = nil, routes: EgressGatewayRoutes?) {
    self.number = number
    self.name = name
    self.targetPort = targetPort
    self.routes = routes
  }
}

/// `egressGatewayRoutes`: the gateways a port goes through.
package struct EgressGatewayRoutes: Hashable, Sendable {
  /// What the application dials; never on the wire outside the pod.
  package var portMatch: UInt16?

  /// The gateways, those not understood included.
  package var gateways: [Part<GatewayReference>]

  package init(portMatch: UInt16? = nil, gateways: [Part<GatewayReference>]) {
    self.portMatch = portMatch
    self.gateways = gateways
  }
}

/// Names a VirtualGateway; namespace and cluster default to the referring object's own.
package struct GatewayReference: Hashable, Sendable {
  /// Its name.
  package var name: String

  /// Its namespace; absent: the ExternalService's own.
  package var namespace: String?

  /// Its cluster; absent: this one.
  package var cluster: String?

  package init(name: String, namespace: String? = nil, cluster: String? = nil) {
    self.name = name
    self.namespace = namespace
    self.cluster = cluster
  }
}

/// Gloo `ExternalEndpoint`: an address behind an ExternalService that selects it by labels.
package struct ExternalEndpoint: Hashable, Sendable {
  /// An address, or a DNS name to be resolved.
  package enum Target: Hashable, Sendable {
    case address(IPAddress)
    case host(String)
  }

  /// Name, namespace and labels: by these ExternalServices select it (E2).
  package var metadata: Metadata

  /// What the management plane says of it (S12).
  package var approval: Approval

  /// Where it is.
  package var target: Part<Target>

  /// Its ports, those not understood included.
  package var ports: [Part<EndpointPort>]

  /// What else of it was not understood; then it grants nothing (S11).
  package var misunderstandings: [Misunderstanding]

  package init(
    metadata: Metadata, approval: Approval = .absent, target: Part<Target>, ports: [Part<EndpointPort>] = [],
    misunderstandings: [Misunderstanding] = []
  ) {
    self.metadata = metadata
    self.approval = approval
    self.target = target
    self.ports = ports
    self.misunderstandings = misunderstandings
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(kind: "ExternalEndpoint", namespace: metadata.namespace, name: metadata.name)
  }
}

/// One of an ExternalEndpoint's ports.
package struct EndpointPort: Hashable, Sendable {
  /// Its number, TCP.
  package var number: UInt16

  /// Its name, where it has one.
  package var name: String?

  package init(number: UInt16, name: String? = nil) {
    self.number = number
    self.name = name
  }
}
