import NetworkValues

extension ManifestReader {
  /// A port number from 1 to 65535.
  func port() throws(ManifestFault) -> UInt16 { UInt16(try integer(in: 1...65535)) }

  /// Gloo's PortSelector: an object of `number` or `name`. A number may be written as a decimal string.
  func portSelector() throws(ManifestFault) -> PortReference {
    let fields = try object(of: ["number", "name"])
    switch (fields["number"], fields["name"]) {
    case (let number?, nil): return .number(try number.portOrDecimal())
    case (nil, let name?): return .name(try name.text())
    case (nil, nil): throw fault("has neither number nor name")
    default: throw fault("has both number and name")
    }
  }

  /// A port number, or the same in decimal digits.
  private func portOrDecimal() throws(ManifestFault) -> UInt16 {
    guard case .string(let text) = value.content else { return try port() }
    guard let number = UInt16(text), number > 0, String(number) == text else {
      throw fault("is not a port number from 1 to 65535")
    }
    return number
  }

  func address() throws(ManifestFault) -> IPAddress {
    let text = try text()
    do { return try IPAddress(parsing: text) } catch { throw fault(error.reason) }
  }

  /// The address of an object's `ip`.
  func addressOfIP() throws(ManifestFault) -> IPAddress { try object().required("ip").address() }

  /// A network, or an address alone as its /32 or /128.
  func prefix() throws(ManifestFault) -> Prefix {
    let text = try text()
    do { return try Prefix(parsing: text) } catch { throw fault(error.reason) }
  }

  /// A host name in lower case.
  func host(allowingWildcard: Bool) throws(ManifestFault) -> String {
    let text = try text()
    do { return try hostName(parsing: text, allowingWildcard: allowingWildcard) } catch { throw fault(error.reason) }
  }

  /// Gloo's ObjectSelector.
  func objectSelector() throws(ManifestFault) -> ObjectSelector {
    let fields = try object(of: ["labels", "name", "namespace", "cluster", "workspace"])
    return ObjectSelector(
      labels: try fields["labels"]?.labels() ?? [:], name: try fields["name"]?.text(),
      namespace: try fields["namespace"]?.text(),
      cluster: try fields["cluster"]?.text(), workspace: try fields["workspace"]?.text())
  }
}
