import NetworkValues

extension Pod {
  /// Reads a Pod. What is wrong is noted and left out; a ServiceAccount that is wrong leaves a pod nobody can name.
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(manifest.root[present: "spec"])
    let hasIdentity = faults.faults.isEmpty
    let status = faults.section(manifest.root[present: "status"])
    let account = spec[present: "serviceAccountName"] ?? spec[present: "serviceAccount"]
    let hostNetwork = spec[present: "hostNetwork"]
    self.init(metadata: manifest.metadata, node: nil)
    node = faults.read(spec[present: "nodeName"], ManifestReader.objectName).map(NodeName.init(rawValue:))
    serviceAccount = faults.read(account, ManifestReader.objectName) ?? (account == nil && hasIdentity ? "default" : "")
    self.hostNetwork = hostNetwork == nil ? false : faults.read(hostNetwork, ManifestReader.boolean) ?? true
    let phase = status[present: "phase"]
    self.phase = phase == nil ? .unknown : faults.read(phase, ManifestReader.podPhase) ?? .notUnderstood
    addresses = podAddresses(status, noting: &faults)
    let containers = allContainers(spec, noting: &faults)
    containerPorts = containers.filter(\.keepsRunning).flatMap { container in
      faults.each(container.fields[present: "ports"], ManifestReader.containerPort)
    }
    networkPrivileges = self.hostNetwork ? privileges(of: containers, noting: &faults) : []
  }
}

/// `status.podIPs` and `status.podIP` without duplicates.
private func podAddresses(_ status: ObjectReader, noting faults: inout FaultList) -> [IPAddress] {
  let listed = faults.each(status[present: "podIPs"], ManifestReader.addressOfIP)
  let single = faults.read(status[present: "podIP"], ManifestReader.address)
  return unique(listed + (single.map { [$0] } ?? []))
}

/// The elements without repetitions, in order of appearance.
func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
  var seen: Set<Element> = []
  return elements.filter { seen.insert($0).inserted }
}

/// A container of any sort.
private struct Container {
  var fields: ObjectReader

  /// Not an init container that ends before the pod starts.
  var keepsRunning: Bool
}

private func allContainers(_ spec: ObjectReader, noting faults: inout FaultList) -> [Container] {
  var result: [Container] = []
  for name in ["initContainers", "containers", "ephemeralContainers"] {
    for fields in faults.each(spec[present: name], ManifestReader.object) {
      let restarts = fields["restartPolicy"]?.value.content == .string("Always")
      result.append(Container(fields: fields, keepsRunning: name != "initContainers" || restarts))
    }
  }
  return result
}

extension ManifestReader {
  /// `status.phase`, in whatever case it is written.
  fileprivate func podPhase() throws(ManifestFault) -> Pod.Phase {
    switch try text().lowercased() {
    case "pending": .pending
    case "running": .running
    case "succeeded": .succeeded
    case "failed": .failed
    case "unknown": .unknown
    default: throw fault("is none of Pending, Running, Succeeded, Failed, Unknown")
    }
  }

  /// One of a container's `ports`.
  fileprivate func containerPort() throws(ManifestFault) -> ContainerPort {
    let fields = try object()
    return ContainerPort(
      name: try fields[present: "name"]?.text(), number: try fields.required("containerPort").port(),
      transport: try fields[present: "protocol"]?.transport() ?? .tcp)
  }

  /// TCP, UDP or SCTP.
  func transport() throws(ManifestFault) -> TransportProtocol {
    switch try text() {
    case "TCP": .tcp
    case "UDP": .udp
    case "SCTP": .sctp
    default: throw fault("is none of TCP, UDP, SCTP")
    }
  }
}

/// What containers may do below the network hooks, sorted.
private func privileges(of containers: [Container], noting faults: inout FaultList) -> [String] {
  var result: Set<String> = []
  for container in containers {
    let context = faults.section(container.fields[present: "securityContext"])
    if faults.read(context[present: "privileged"], ManifestReader.boolean) == true { result.insert("privileged") }
    let capabilities = faults.section(context[present: "capabilities"])
    let dropped = capabilityNames(capabilities[present: "drop"], noting: &faults)
    let added = capabilityNames(capabilities[present: "add"], noting: &faults)
    for capability in ["NET_RAW", "NET_ADMIN", "BPF", "SYS_ADMIN"] {
      let byDefault = capability == "NET_RAW" && !dropped.contains("ALL") && !dropped.contains(capability)
      if byDefault || added.contains("ALL") || added.contains(capability) { result.insert(capability) }
    }
  }
  return result.sorted()
}

/// Capabilities in capitals, without `CAP_`.
private func capabilityNames(_ reader: ManifestReader?, noting faults: inout FaultList) -> Set<String> {
  let names = faults.each(reader, ManifestReader.text).map { $0.uppercased() }
  return Set(names.map { $0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0 })
}
