extension ServiceEntry {
  /// See: istio.io/latest/docs/reference/config/networking/service-entry
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(
      manifest.root[present: "spec"],
      of: [
        "hosts", "addresses", "ports", "location", "resolution", "endpoints", "workloadSelector", "exportTo",
        "subjectAltNames",
      ])
    self.init()
    hosts = faults.hosts(spec[present: "hosts"])
    // An address that is wrong is one all the same: it was not meant to be every address.
    hasAddresses = spec[present: "addresses"].map { $0.value.content != .array([]) } ?? false
    _ = faults.each(spec[present: "addresses"], ManifestReader.text)
    for endpoint in faults.each(spec[present: "endpoints"], ManifestReader.object) {
      _ = faults.read(endpoint[present: "address"], ManifestReader.text)
    }
    ports = faults.each(spec[present: "ports"], ManifestReader.serviceEntryPort)
    if let written = spec[present: "resolution"] { resolution = faults.read(written, ManifestReader.resolution) }
    exportTo = faults.exportTo(of: spec)
    let metadata = manifest.root[present: "metadata"]?.value
    let waypoint = metadata?["labels"]?["istio.io/use-waypoint"]?.scalarText
    usesWaypoint = waypoint.map { $0 != "none" } ?? false
  }
}

extension VirtualService {
  /// See: istio.io/latest/docs/reference/config/networking/virtual-service
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(
      manifest.root[present: "spec"], of: ["hosts", "gateways", "http", "tls", "tcp", "exportTo"])
    self.init()
    hosts = faults.hosts(spec[present: "hosts"])
    gateways = faults.gateways(of: spec) ?? ["mesh"]
    for protocolName in ["http", "tls", "tcp"] {
      for route in faults.each(spec[present: protocolName], ManifestReader.object) {
        routes.append(Route(route, of: gateways, noting: &faults))
      }
    }
    exportTo = faults.exportTo(of: spec)
  }
}

extension VirtualService.Route {
  fileprivate init(_ fields: ObjectReader, of all: Set<String>, noting faults: inout FaultList) {
    gateways = []
    destinations = []
    for match in faults.each(fields[present: "match"], ManifestReader.object) {
      gateways.formUnion(faults.gateways(of: match) ?? all)
    }
    if gateways.isEmpty { gateways = all }
    let mirrors = faults.each(fields[present: "mirrors"], ManifestReader.object)
    for target in faults.each(fields[present: "route"], ManifestReader.object) + mirrors {
      destinations += faults.destination(target[present: "destination"])
    }
    destinations += faults.destination(fields[present: "mirror"])
  }
}

extension IstioGateway {
  /// See: istio.io/latest/docs/reference/config/networking/gateway
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(manifest.root[present: "spec"], of: ["selector", "servers"])
    self.init()
    if let written = spec[present: "selector"] { selector = faults.read(written, ManifestReader.labels) }
    _ = faults.read(spec[present: "servers"], ManifestReader.elements)
  }
}

extension DestinationRule {
  /// See: istio.io/latest/docs/reference/config/networking/destination-rule
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(
      manifest.root[present: "spec"], of: ["host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"])
    self.init()
    host = faults.read(spec[present: "host"], ManifestReader.placedHost)?.text ?? ""
    let subsets = faults.each(spec[present: "subsets"], ManifestReader.object)
    for fields in [spec] + subsets {
      let tunnel = faults.section(faults.section(fields[present: "trafficPolicy"])[present: "tunnel"])
      if let target = faults.read(tunnel[present: "targetHost"], ManifestReader.placedHost) { tunnels.append(target) }
    }
    exportTo = faults.exportTo(of: spec)
  }
}

extension Sidecar {
  /// See: istio.io/latest/docs/reference/config/networking/sidecar
  init(_ manifest: Manifest, noting faults: inout FaultList) {
    let spec = faults.section(
      manifest.root[present: "spec"],
      of: ["workloadSelector", "ingress", "inboundConnectionPool", "egress", "outboundTrafficPolicy"])
    let policy = faults.section(spec[present: "outboundTrafficPolicy"])
    let mode = faults.read(policy[present: "mode"], ManifestReader.outboundMode)
    self.init(passingMode: mode == "REGISTRY_ONLY" ? nil : mode)
  }
}

extension FaultList {
  /// `exportTo` of a `spec`; an element that is wrong is kept out, and the list is no empty one for it.
  fileprivate mutating func exportTo(of spec: ObjectReader) -> [String]? {
    guard let written = spec[present: "exportTo"] else { return nil }
    guard written.value.content != .array([]) else { return [] }
    let namespaces = each(written, ManifestReader.text)
    return namespaces.isEmpty ? nil : namespaces
  }

  /// `gateways` of a VirtualService or a match; `nil` where there are none.
  fileprivate mutating func gateways(of fields: ObjectReader) -> Set<String>? {
    let names = each(fields[present: "gateways"], ManifestReader.text)
    return names.isEmpty ? nil : Set(names)
  }

  /// The host of a `destination`.
  fileprivate mutating func destination(_ reader: ManifestReader?) -> [PlacedText] {
    let fields = section(reader)
    return read(fields[present: "host"], ManifestReader.placedHost).map { [$0] } ?? []
  }
}

extension ManifestReader {
  /// A ServiceEntry's `resolution`.
  fileprivate func resolution() throws(ManifestFault) -> ServiceEntry.Resolution {
    try word(ServiceEntry.Resolution.self)
  }

  /// `mode` of an `outboundTrafficPolicy`.
  fileprivate func outboundMode() throws(ManifestFault) -> String {
    try word(of: ["REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS"])
  }

  /// One of a ServiceEntry's `ports`.
  fileprivate func serviceEntryPort() throws(ManifestFault) -> ServiceEntry.Port {
    let fields = try object()
    return ServiceEntry.Port(
      number: try fields.required("number").port(),
      protocolName: try fields[present: "protocol"]?.text().uppercased() ?? "", path: path.description)
  }
}
