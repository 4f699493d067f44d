import NetworkValues

/// The API servers that Endpoints of Service default/kubernetes name; none from any other Endpoints.
func endpointsOfAPIServer(_ manifest: Manifest, noting faults: inout FaultList) -> [APIServerEndpoint] {
  guard manifest.metadata.namespace == "default", manifest.metadata.name == "kubernetes" else { return [] }
  var result: [APIServerEndpoint] = []
  for subset in faults.each(manifest.root[present: "subsets"], ManifestReader.object) {
    let ports = faults.each(subset[present: "ports"], ManifestReader.apiServerPort)
    for name in ["addresses", "notReadyAddresses"] {
      let addresses = faults.each(subset[present: name], ManifestReader.addressOfIP)
      result += endpoints(addresses, ports)
    }
  }
  return result
}

/// The API servers that the EndpointSlice of Service default/kubernetes names, which the API server itself writes and
/// calls `kubernetes`; none from any other, whatever its label says.
func endpointSliceOfAPIServer(_ manifest: Manifest, noting faults: inout FaultList) -> [APIServerEndpoint] {
  guard manifest.metadata.namespace == "default", manifest.metadata.name == "kubernetes",
    manifest.metadata.labels["kubernetes.io/service-name"] == "kubernetes",
    manifest.root["addressType"]?.value.content != .string("FQDN")
  else { return [] }
  let ports = faults.each(manifest.root[present: "ports"], ManifestReader.apiServerPort)
  var addresses: [IPAddress] = []
  for endpoint in faults.each(manifest.root[present: "endpoints"], ManifestReader.object) {
    addresses += faults.each(endpoint[present: "addresses"], ManifestReader.address)
  }
  return endpoints(addresses, ports)
}

/// Every address with every port.
private func endpoints(_ addresses: [IPAddress], _ ports: [UInt16?]) -> [APIServerEndpoint] {
  addresses.flatMap { address in
    ports.compactMap { $0 }.map { APIServerEndpoint(address: address, port: $0) }
  }
}

extension ManifestReader {
  /// The number of a port, if it is TCP and called `https` or nothing.
  fileprivate func apiServerPort() throws(ManifestFault) -> UInt16? {
    let fields = try object()
    guard try fields[present: "protocol"]?.transport() ?? .tcp == .tcp else { return nil }
    if let name = fields["name"]?.value.scalarText, !name.isEmpty, name != "https" { return nil }
    return try fields.required("port").port()
  }
}
