import NetworkValues

extension NetworkPolicy {
  /// Reads what a NetworkPolicy lets pods reach.
  ///
  /// See: kubernetes.io/docs/concepts/services-networking/network-policies
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(
      manifest.root[present: "spec"], of: ["podSelector", "policyTypes", "ingress", "egress"])
    self.init()
    let selector = spec[present: "podSelector"]
    if let selector, !selector.selectsEverything { pods = selector.value }
    let types = spec[present: "policyTypes"].map { faults.each($0, ManifestReader.text) } ?? ["Egress"]
    let rules = faults.each(spec[present: "egress"], ManifestReader.object)
    if types.contains("Egress") { egress = rules.map { Rule($0, noting: &faults) } }
  }
}

extension NetworkPolicy.Rule {
  fileprivate init(_ fields: ObjectReader, noting faults: inout FaultList) {
    let before = faults.faults.count
    self.init(
      path: fields.reader.path.description, peers: faults.each(fields[present: "to"], ManifestReader.policyPeer),
      ports: faults.each(fields[present: "ports"], ManifestReader.policyPort), isUnderstood: true)
    faults.noteUnknown(in: fields, besides: ["to", "ports"])
    isUnderstood = faults.faults.count == before
  }
}

extension ManifestReader {
  /// Whether a label selector is empty, which selects everything.
  fileprivate var selectsEverything: Bool {
    guard case .object(let members) = value.content else { return false }
    return members.allSatisfy { [.object([]), .array([]), .null].contains($0.value.content) }
  }

  /// One of a rule's `to`.
  fileprivate func policyPeer() throws(ManifestFault) -> NetworkPolicy.Peer {
    let fields = try object(of: ["namespaceSelector", "podSelector", "ipBlock"])
    for name in ["namespaceSelector", "podSelector"] { _ = try fields[present: name]?.object() }
    _ = try fields[present: "ipBlock"]?.object().required("cidr").prefix()
    let takesEveryPod = fields[present: "podSelector"]?.selectsEverything ?? true
    let takesEveryNamespace = fields[present: "namespaceSelector"]?.selectsEverything ?? false
    return NetworkPolicy.Peer(
      isEveryPod: takesEveryNamespace && takesEveryPod, written: value, path: path.description)
  }

  /// One of a rule's `ports`.
  fileprivate func policyPort() throws(ManifestFault) -> NetworkPolicy.Port {
    let fields = try object(of: ["protocol", "port", "endPort"])
    return NetworkPolicy.Port(
      protocolName: try fields[present: "protocol"]?.text() ?? "TCP", port: try fields[present: "port"]?.numberOrName(),
      last: try fields[present: "endPort"]?.port())
  }

  /// Kubernetes' IntOrString of a port.
  private func numberOrName() throws(ManifestFault) -> PortReference {
    if case .integer = value.content { return .number(try port()) }
    return .name(try text())
  }
}
