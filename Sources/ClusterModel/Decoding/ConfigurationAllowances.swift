import NetworkValues

extension ManifestReader {
  /// One of `host.allow`.
  func hostAllowance() throws(ManifestFault) -> Configuration.HostAllowance {
    let fields = try object(of: ["name", "to", "ports", "cgroup"])
    return Configuration.HostAllowance(
      name: try fields.required("name").text(), to: try fields.required("to").list(ManifestReader.destination),
      ports: try fields.required("ports").list(ManifestReader.portAllowance),
      cgroup: try fields["cgroup"]?.cgroup())
  }

  /// One of `exceptions`.
  func exception() throws(ManifestFault) -> Configuration.Exception {
    let fields = try object(of: ["name", "from", "to", "ports"])
    return Configuration.Exception(
      name: try fields.required("name").text(), from: try fields.required("from").podSelector(),
      to: try fields.required("to").list(ManifestReader.destination),
      ports: try fields.required("ports").list(ManifestReader.portAllowance))
  }

  /// `from` of an exception.
  private func podSelector() throws(ManifestFault) -> Configuration.PodSelector {
    let fields = try object(of: ["namespace", "podSelector", "serviceAccount"])
    if fields["podSelector"] != nil, fields["serviceAccount"] != nil {
      throw fault("has both podSelector and serviceAccount; make two exceptions of it")
    }
    return Configuration.PodSelector(
      namespace: try fields["namespace"]?.objectName(), podSelector: try fields["podSelector"]?.labelSelector(),
      serviceAccount: try fields["serviceAccount"]?.objectName())
  }

  /// `matchLabels`, the only part of Kubernetes' LabelSelector that is known here.
  func labelSelector() throws(ManifestFault) -> LabelSelector {
    LabelSelector(matchLabels: try object(of: ["matchLabels"])["matchLabels"]?.labels() ?? [:])
  }

  /// One of `to`: `cidr` or `host`.
  private func destination() throws(ManifestFault) -> Configuration.Destination {
    let fields = try object(of: ["cidr", "host"])
    switch (fields["cidr"], fields["host"]) {
    case (let cidr?, nil): return .cidr(try cidr.prefix())
    case (nil, let host?): return .host(try host.host(allowingWildcard: false))
    default: throw fault("must have either cidr or host")
    }
  }

  /// One of `ports`: `protocol`, `port` and `endPort`, both included.
  private func portAllowance() throws(ManifestFault) -> Configuration.PortAllowance {
    let fields = try object(of: ["protocol", "port", "endPort"])
    let transport: Configuration.PortAllowance.Transport = try fields["protocol"]?.keyword() ?? .tcp
    if transport == .icmp {
      let port = fields["port"] ?? fields["endPort"]
      if let port { throw port.fault("cannot stand with ICMP, which has no ports") }
      return Configuration.PortAllowance(transport: .icmp, range: .all)
    }
    guard let first = fields["port"] else {
      throw fault("has no port; for all of them write port: 1 and endPort: 65535")
    }
    let port = try first.port()
    guard let last = fields["endPort"] else {
      return Configuration.PortAllowance(transport: transport, range: PortRange(port))
    }
    let end = try last.port()
    guard end >= port else { throw last.fault("is below port \(port)") }
    return Configuration.PortAllowance(transport: transport, range: PortRange(first: port, last: end))
  }

  /// A cgroup below the root: `system.slice/containerd.service`.
  func cgroup() throws(ManifestFault) -> String {
    let text = try text()
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
      text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") }), text.utf8.count <= 4096,
      parts.count <= 255
    else { throw fault("is no cgroup below the root, like system.slice/containerd.service") }
    return text
  }
}
