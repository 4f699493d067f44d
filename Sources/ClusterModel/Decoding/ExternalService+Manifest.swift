extension ExternalService {
  /// Reads an ExternalService, strictly (S11).
  ///
  /// See: Gloo Mesh API reference, networking.gloo.solo.io/v2
  init(_ manifest: Manifest) {
    var faults = FaultList()
    let spec = faults.spec(
      of: manifest, fields: ["hosts", "addresses", "ports", "selector", "subjectAltNames"])
    self.init(metadata: manifest.metadata, approval: Approval(of: manifest))
    faults.setParts(&hosts, from: spec["hosts"], ManifestReader.externalHost)
    faults.setParts(&addresses, from: spec["addresses"], ManifestReader.prefix)
    faults.setParts(&ports, from: spec["ports"], ManifestReader.externalPort)
    faults.set(&selector, from: spec["selector"], ManifestReader.labels)
    _ = faults.read(spec["subjectAltNames"], ManifestReader.elements)
    misunderstandings = faults.misunderstandings
  }
}

extension ManifestReader {
  /// A host, or `*.` and a host. The wildcard alone would be everything.
  fileprivate func externalHost() throws(ManifestFault) -> String {
    let host = try host(allowingWildcard: true)
    if host == "*" { throw fault("stands for every host; give the wildcard a domain") }
    return host
  }

  /// One of `spec.ports`.
  fileprivate func externalPort() throws(ManifestFault) -> ExternalPort {
    let fields = try object(of: [
      "number", "name", "targetPort", "protocol", "clientsideTls", "egressGatewayRoutes",
    ])
    try fields["protocol"]?.checkProtocol(among: ["HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS"])
    try fields.accept(objects: ["clientsideTls"])
    return ExternalPort(
      number: try fields.required("number").port(), name: try fields["name"]?.text(),
      targetPort: try fields["targetPort"]?.portSelector(),
      routes: try fields["egressGatewayRoutes"]?.egressGatewayRoutes())
  }

  /// `ports[].egressGatewayRoutes`.
  private func egressGatewayRoutes() throws(ManifestFault) -> EgressGatewayRoutes {
    let fields = try object(of: ["portMatch", "virtualGatewayRefs"])
    return EgressGatewayRoutes(
      portMatch: try fields["portMatch"]?.port(),
      gateways: try fields["virtualGatewayRefs"]?.parts(ManifestReader.gatewayReference) ?? [])
  }

  private func gatewayReference() throws(ManifestFault) -> GatewayReference {
    let fields = try object(of: ["name", "namespace", "cluster"])
    return GatewayReference(
      name: try fields.required("name").text(), namespace: try fields["namespace"]?.text(),
      cluster: try fields["cluster"]?.text())
  }

  /// Checks a protocol name in capitals or not.
  func checkProtocol(among names: [String]) throws(ManifestFault) {
    guard names.contains(try text().uppercased()) else { throw fault("is none of \(names.joined(separator: ", "))") }
  }
}
