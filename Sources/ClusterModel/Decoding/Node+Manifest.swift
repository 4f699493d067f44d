import NetworkValues

extension Node {
  /// Reads a Node. A network or an address that does not parse is noted and left out.
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(manifest.root[present: "spec"])
    let status = faults.section(manifest.root[present: "status"])
    var networks = faults.each(spec[present: "podCIDRs"], ManifestReader.prefix)
    if spec[present: "podCIDRs"] == nil, let single = faults.read(spec[present: "podCIDR"], ManifestReader.prefix) {
      networks = [single]
    }
    let addresses = faults.each(status[present: "addresses"], ManifestReader.internalIP)
    self.init(metadata: manifest.metadata, podCIDRs: unique(networks), internalIPs: unique(addresses.compactMap { $0 }))
  }
}

extension ManifestReader {
  /// The address of one of `status.addresses`, if its type is InternalIP.
  fileprivate func internalIP() throws(ManifestFault) -> IPAddress? {
    let fields = try object()
    guard try fields.required("type").text() == "InternalIP" else { return nil }
    return try fields.required("address").address()
  }
}
