extension ExternalEndpoint {
  /// Reads an ExternalEndpoint, strictly (S11).
  ///
  /// See: Gloo Mesh API reference, networking.gloo.solo.io/v2
  init(_ manifest: Manifest) {
    var faults = FaultList()
    let spec = faults.spec(of: manifest, fields: ["address", "ports", "locality"])
    let missing = Misunderstanding(path: "spec.address", value: "", reason: "is missing")
    self.init(
      metadata: manifest.metadata, approval: Approval(of: manifest),
      target: spec["address"]?.part(ManifestReader.endpointTarget) ?? .notUnderstood(missing))
    faults.setParts(&ports, from: spec["ports"], ManifestReader.endpointPort)
    _ = faults.read(spec["locality"], ManifestReader.object)
    misunderstandings = faults.misunderstandings
  }
}

extension ManifestReader {
  /// An address, or a host name without wildcard.
  fileprivate func endpointTarget() throws(ManifestFault) -> ExternalEndpoint.Target {
    let text = try text()
    if text.hasPrefix("unix:") { throw fault("is a socket on the node, not a place outside") }
    let last = text.utf8.last ?? 0
    return text.contains(":") || (48...57).contains(last)
      ? .address(try address()) : .host(try host(allowingWildcard: false))
  }

  /// One of `spec.ports`.
  fileprivate func endpointPort() throws(ManifestFault) -> EndpointPort {
    let fields = try object(of: ["number", "name"])
    return EndpointPort(number: try fields.required("number").port(), name: try fields["name"]?.text())
  }
}
