import NetworkValues

extension CNIResult {
  /// Reads one file of `/var/lib/cni/results`, as parsed from JSON. Fields that moat does not use are ignored: a runtime
  /// writes them, and they allow nothing.
  ///
  /// - Returns: `nil` for an attachment of something else than a Kubernetes pod.
  /// - Throws: `ManifestFault` where a field that is used cannot be understood.
  package static func read(_ value: ManifestValue) throws(ManifestFault) -> CNIResult? {
    let file = try ManifestReader(value).object()
    let arguments = try file[present: "cniArgs"]?.argumentPairs() ?? [:]
    guard let namespace = arguments["K8S_POD_NAMESPACE"], let name = arguments["K8S_POD_NAME"],
      let result = try file[present: "result"]?.object()
    else { return nil }
    var interfaces: [Interface] = []
    for element in try result[present: "interfaces"]?.elements() ?? [] { interfaces.append(try element.interface()) }
    var addresses: [IPAddress] = []
    for element in try result[present: "ips"]?.elements() ?? [] {
      addresses.append(try element.object().required("address").addressOfNetwork())
    }
    return CNIResult(
      podUID: arguments["K8S_POD_UID"], podNamespace: namespace, podName: name, interfaces: interfaces,
      addresses: addresses.sorted())
  }
}

extension ManifestReader {
  /// A list of `[name, value]`. Empty values are left out.
  fileprivate func argumentPairs() throws(ManifestFault) -> [String: String] {
    var result: [String: String] = [:]
    for pair in try elements() {
      let parts = try pair.elements()
      guard parts.count == 2 else { throw pair.fault("is no pair of a name and a value") }
      guard case .string(let name) = parts[0].value.content, case .string(let text) = parts[1].value.content else {
        throw pair.fault("is no pair of strings")
      }
      if !text.isEmpty { result[name] = text }
    }
    return result
  }

  fileprivate func interface() throws(ManifestFault) -> CNIResult.Interface {
    let fields = try object()
    var isInSandbox = false
    if case .string(let sandbox)? = fields[present: "sandbox"]?.value.content { isInSandbox = !sandbox.isEmpty }
    var hardware: [UInt8] = []
    if case .string(let text)? = fields[present: "mac"]?.value.content { hardware = hardwareAddress(text) }
    return CNIResult.Interface(
      name: try fields.required("name").text(), hardwareAddress: hardware, isInSandbox: isInSandbox)
  }

  /// The address of `10.244.0.5/24`, host bits and all.
  fileprivate func addressOfNetwork() throws(ManifestFault) -> IPAddress {
    let text = try text()
    do { return try IPAddress(parsing: text.prefix { $0 != "/" }) } catch { throw fault(error.reason) }
  }
}

/// The bytes of `0a:58:0a:f4:00:05`; none where it is something else.
private func hardwareAddress(_ text: String) -> [UInt8] {
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  let bytes = parts.compactMap { $0.count == 2 ? UInt8($0, radix: 16) : nil }
  return bytes.count == parts.count ? bytes : []
}
