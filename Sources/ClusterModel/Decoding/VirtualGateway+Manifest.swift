extension VirtualGateway {
  /// Reads a VirtualGateway, strictly (S11).
  ///
  /// See: Gloo Mesh API reference, networking.gloo.solo.io/v2
  init(_ manifest: Manifest) {
    var faults = FaultList()
    let spec = faults.spec(of: manifest, fields: ["workloads", "listeners"])
    self.init(metadata: manifest.metadata, approval: Approval(of: manifest), workloads: nil, listeners: [])
    workloads = faults.parts(spec["workloads"], ManifestReader.workloadSelector)
    faults.setParts(&listeners, from: spec["listeners"], ManifestReader.listener)
    misunderstandings = faults.misunderstandings
  }
}

extension ManifestReader {
  /// One of `spec.workloads`.
  fileprivate func workloadSelector() throws(ManifestFault) -> WorkloadSelector {
    let fields = try object(of: ["selector", "kind", "port"])
    _ = try fields["port"]?.portSelector()
    return WorkloadSelector(
      selector: try fields[present: "selector"]?.objectSelector(),
      isVirtualMachine: try fields["kind"]?.word(of: ["KUBE", "VM"]) == "VM")
  }

  /// One of `spec.listeners`.
  fileprivate func listener() throws(ManifestFault) -> Listener {
    let fields = try object(of: [
      "port", "tls", "httpsRedirect", "http", "tcp", "appProtocol", "allowedRouteTables", "exposedExternalServices",
    ])
    try fields.accept(objects: ["http", "tcp"])
    try fields.accept(lists: ["allowedRouteTables"])
    _ = try fields["httpsRedirect"]?.boolean()
    try fields["appProtocol"]?.checkProtocol(among: [
      "GRPC", "GRPC-WEB", "HTTP", "HTTP_PROXY", "HTTP2", "HTTPS", "TCP", "TLS", "MONGO", "REDIS", "MYSQL",
    ])
    return Listener(
      port: try fields.required("port").portSelector(), tls: try fields["tls"]?.tlsMode(),
      exposed: try fields["exposedExternalServices"]?.parts(ManifestReader.exposedExternalService) ?? [])
  }

  /// `listeners[].tls`; without a mode it is PASSTHROUGH, proto3's default.
  private func tlsMode() throws(ManifestFault) -> Listener.TLSMode {
    let fields = try object(of: ["mode", "secretName", "files", "verifySubjectAltName", "parameters"])
    _ = try fields["secretName"]?.text()
    try fields.accept(objects: ["files", "parameters"])
    try fields.accept(lists: ["verifySubjectAltName"])
    return try fields["mode"]?.word(Listener.TLSMode.self) ?? .passthrough
  }

  /// One of `listeners[].exposedExternalServices`. Gloo's selector has more fields than labels; moat compares labels.
  private func exposedExternalService() throws(ManifestFault) -> ExposedExternalService {
    let fields = try object(of: ["host", "selector"])
    let selector = try fields["selector"]?.objectSelector() ?? ObjectSelector()
    guard ObjectSelector(labels: selector.labels) == selector else {
      throw try fields.required("selector").fault("names more than labels, which moat does not compare here")
    }
    return ExposedExternalService(
      host: try fields.required("host").exposedHost(), selector: selector.labels)
  }

  /// `[namespace/]dnsName`.
  private func exposedHost() throws(ManifestFault) -> ExposedHost {
    let parts = try text().split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.last else { throw fault("is not [namespace/]host") }
    let host = try ManifestReader(ManifestValue(.string(String(name)), line: Int(value.line)), path: path)
      .host(allowingWildcard: true)
    guard parts.count == 2, parts[0] != "*" else { return ExposedHost(name: host) }
    if parts[0] == "." { return ExposedHost(namespace: ".", name: host) }
    let namespace = ManifestReader(ManifestValue(.string(String(parts[0])), line: Int(value.line)), path: path)
    return ExposedHost(namespace: try namespace.objectName(), name: host)
  }
}
