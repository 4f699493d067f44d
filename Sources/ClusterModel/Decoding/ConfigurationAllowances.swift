import NetworkValues

extension FaultList {
  /// `host.allow`. An entry with faults is left out, after all of them were noted.
  mutating func hostAllowances(_ list: ManifestReader?) -> [Configuration.HostAllowance] {
    entries(of: list, with: ["name", "to", "ports", "cgroup"]) { faults, fields in
      let name = faults.required("name", of: fields, ManifestReader.text)
      let (to, ports) = faults.reach(of: fields)
      let cgroup = faults.read(fields["cgroup"], ManifestReader.cgroup)
      return Configuration.HostAllowance(name: name ?? "", to: to, ports: ports, cgroup: cgroup)
    }
  }

  /// `exceptions`, in the same way.
  mutating func exceptions(_ list: ManifestReader?) -> [Configuration.Exception] {
    entries(of: list, with: ["name", "from", "to", "ports"]) { faults, fields in
      let name = faults.required("name", of: fields, ManifestReader.text)
      let from = faults.required("from", of: fields, ManifestReader.object).map { faults.podSelector($0) }
      let (to, ports) = faults.reach(of: fields)
      return Configuration.Exception(
        name: name ?? "", from: from ?? Configuration.PodSelector(namespace: nil), to: to, ports: ports)
    }
  }

  /// Objects of a list with these members, read on after a fault; those without any.
  private mutating func entries<Entry>(
    of list: ManifestReader?, with known: [String], _ make: (inout FaultList, ObjectReader) -> Entry
  ) -> [Entry] {
    let elements = read(list, ManifestReader.elements) ?? []
    return elements.compactMap { element in
      let before = faults.count
      guard let fields = object(element, of: known) else { return nil }
      let entry = make(&self, fields)
      return faults.count == before ? entry : nil
    }
  }

  /// `to` and `ports`.
  private mutating func reach(
    of fields: ObjectReader
  ) -> ([Configuration.Destination], [Configuration.PortAllowance]) {
    let to = required("to", of: fields, ManifestReader.elements) ?? []
    let ports = required("ports", of: fields, ManifestReader.elements) ?? []
    return (to.compactMap { read($0, ManifestReader.destination) }, ports.compactMap { portAllowance($0) })
  }

  /// `from` of an exception.
  private mutating func podSelector(_ fields: ObjectReader) -> Configuration.PodSelector {
    noteUnknown(in: fields, besides: ["namespace", "podSelector", "serviceAccount"])
    if fields["podSelector"] != nil, fields["serviceAccount"] != nil {
      note(fields.reader.fault("has both podSelector and serviceAccount; make two exceptions of it"))
    }
    return Configuration.PodSelector(
      namespace: read(fields["namespace"], ManifestReader.objectName),
      podSelector: read(fields["podSelector"], ManifestReader.labelSelector),
      serviceAccount: read(fields["serviceAccount"], ManifestReader.objectName))
  }

  /// One of `ports`: `protocol`, `port` and `endPort`, both included.
  private mutating func portAllowance(_ reader: ManifestReader) -> Configuration.PortAllowance? {
    guard let fields = object(reader, of: ["protocol", "port", "endPort"]) else { return nil }
    var transport = Configuration.PortAllowance.Transport.tcp
    set(&transport, from: fields["protocol"], ManifestReader.keyword)
    if transport == .icmp {
      for port in [fields["port"], fields["endPort"]].compactMap({ $0 }) {
        note(port.fault("cannot stand with ICMP, which has no ports"))
      }
      return Configuration.PortAllowance(transport: .icmp, range: .all)
    }
    if fields["port"] == nil { note(reader.fault("has no port; for all of them write port: 1 and endPort: 65535")) }
    let (first, last) = (read(fields["port"], ManifestReader.port), read(fields["endPort"], ManifestReader.port))
    guard let first else { return nil }
    if let last, last < first { note((fields["endPort"] ?? reader).fault("is below port \(first)")) }
    return Configuration.PortAllowance(
      transport: transport, range: PortRange(first: first, last: max(first, last ?? first)))
  }
}

extension ManifestReader {
  /// `matchLabels`, the only part of Kubernetes' LabelSelector that is known here.
  func labelSelector() throws(ManifestFault) -> LabelSelector {
    LabelSelector(matchLabels: try object(of: ["matchLabels"])["matchLabels"]?.labels() ?? [:])
  }

  /// One of `to`: `cidr` or `host`.
  fileprivate func destination() throws(ManifestFault) -> Configuration.Destination {
    let fields = try object(of: ["cidr", "host"])
    switch (fields["cidr"], fields["host"]) {
    case (let cidr?, nil): return .cidr(try cidr.prefix())
    case (nil, let host?): return .host(try host.host(allowingWildcard: false))
    default: throw fault("must have either cidr or host")
    }
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
