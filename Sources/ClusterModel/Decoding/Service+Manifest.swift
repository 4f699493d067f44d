import NetworkValues

extension Service {
  /// Reads a Service. A port or an address that is wrong is noted and left out.
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(manifest.root[present: "spec"])
    let status = faults.section(manifest.root[present: "status"])
    let balancer = faults.section(status[present: "loadBalancer"])
    self.init(metadata: manifest.metadata)
    faults.set(&type, from: spec[present: "type"], ManifestReader.text)
    let listed = faults.each(spec[present: "clusterIPs"], ManifestReader.clusterIP)
    let single = faults.read(spec[present: "clusterIP"], ManifestReader.clusterIP) ?? nil
    clusterIPs = unique((listed + [single]).compactMap { $0 })
    let external = faults.each(spec[present: "externalIPs"], ManifestReader.address)
    let balanced = faults.each(balancer[present: "ingress"], ManifestReader.balancedAddress)
    externalAddresses = unique(external + balanced.compactMap { $0 })
    faults.set(&selector, from: spec[present: "selector"], ManifestReader.labels)
    ports = faults.each(spec[present: "ports"], ManifestReader.servicePort)
    externalTrafficIsLocal = spec["externalTrafficPolicy"]?.value.content == .string("Local")
  }
}

extension ServiceCIDR {
  /// Reads a ServiceCIDR. A network that does not parse is noted and left out.
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(manifest.root[present: "spec"])
    self.init(metadata: manifest.metadata, cidrs: faults.each(spec[present: "cidrs"], ManifestReader.prefix))
  }
}

extension ManifestReader {
  /// A Service's address; `nil` for a headless Service and for one that has none yet.
  fileprivate func clusterIP() throws(ManifestFault) -> IPAddress? {
    if value.content == .string("None") || value.content == .string("") { return nil }
    return try address()
  }

  /// The address of one of `status.loadBalancer.ingress`, which may be a host name instead.
  fileprivate func balancedAddress() throws(ManifestFault) -> IPAddress? {
    try object()[present: "ip"]?.address()
  }

  /// One of a Service's `ports`.
  fileprivate func servicePort() throws(ManifestFault) -> ServicePort {
    let fields = try object()
    return ServicePort(
      name: try fields[present: "name"]?.text(), number: try fields.required("port").port(),
      transport: try fields[present: "protocol"]?.transport() ?? .tcp,
      targetPort: try fields[present: "targetPort"]?.targetPort(),
      nodePort: try fields[present: "nodePort"]?.portOrZero())
  }

  /// Kubernetes' IntOrString of a target port; `nil` for 0, which means the same number.
  private func targetPort() throws(ManifestFault) -> PortReference? {
    if case .integer = value.content { return try portOrZero().map(PortReference.number) }
    return .name(try text())
  }

  /// A port number; `nil` for 0.
  private func portOrZero() throws(ManifestFault) -> UInt16? {
    value.content == .integer(0) ? nil : try port()
  }
}
