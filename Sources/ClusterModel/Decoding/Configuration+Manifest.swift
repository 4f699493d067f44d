import NetworkValues

extension Configuration {
  /// What reading a configuration came to.
  package struct Reading: Sendable {
    /// Absent where anything is wrong.
    package var configuration: Configuration?

    /// Everything that is wrong, in order of the sections.
    package var faults: [ManifestFault]
  }

  /// The API that a configuration names.
  package static let apiVersion = "moat.dev/v1alpha1"

  /// The `kind` of the configuration's document.
  package static let kind = "MoatConfiguration"

  /// Reads a configuration. Unknown keys are faults; every fault is told, not only the first.
  ///
  /// See: README.md, Configuration
  package static func read(_ value: ManifestValue) -> Reading {
    var faults = FaultList()
    let top = faults.section(
      ManifestReader(value),
      of: [
        "apiVersion", "kind", "mode", "cluster", "inbound", "inboundSources", "apiServer", "gatewayNodes", "gateways",
        "host", "exceptions", "names", "log", "kubernetes", "listen",
      ])
    faults.check(top["apiVersion"], is: Self.apiVersion, in: top, name: "apiVersion")
    faults.check(top["kind"], is: Self.kind, in: top, name: "kind")
    var configuration = Configuration()
    faults.set(&configuration.mode, from: top["mode"], ManifestReader.keyword)
    configuration.cluster = Cluster(top["cluster"], noting: &faults)
    faults.set(&configuration.inbound, from: top["inbound"], ManifestReader.keyword)
    faults.setEach(&configuration.inboundSources, from: top["inboundSources"], ManifestReader.prefix)
    let apiServer = faults.section(top["apiServer"], of: ["fromPods"])
    faults.set(&configuration.apiServerFromPods, from: apiServer["fromPods"], ManifestReader.boolean)
    let gatewayNodes = faults.section(top["gatewayNodes"], of: ["selector"])
    faults.set(&configuration.gatewayNodeSelector, from: gatewayNodes["selector"], ManifestReader.labelSelector)
    configuration.gateways = Gateways(top["gateways"], noting: &faults)
    configuration.host = Host(top["host"], noting: &faults)
    configuration.exceptions = faults.exceptions(top["exceptions"])
    faults.checkUnique(configuration.exceptions.map(\.name), in: top["exceptions"])
    configuration.names = Names(top["names"], noting: &faults)
    configuration.log = Log(top["log"], noting: &faults)
    configuration.kubernetes = Kubernetes(top["kubernetes"], noting: &faults)
    faults.set(&configuration.listen, from: top["listen"], ManifestReader.listenAddress)
    return Reading(configuration: faults.faults.isEmpty ? configuration : nil, faults: faults.faults)
  }
}

extension FaultList {
  /// Notes where a required string is missing or another.
  fileprivate mutating func check(_ reader: ManifestReader?, is expected: String, in top: ObjectReader, name: String) {
    guard let reader else {
      note(top.reader.fault("has no \(name); expected \(expected)"))
      return
    }
    if reader.value.content != .string(expected) { note(reader.fault("is not \(expected)")) }
  }

  /// Notes names that stand twice.
  mutating func checkUnique(_ names: [String], in list: ManifestReader?) {
    guard let list, unique(names).count != names.count else { return }
    var seen: Set<String> = []
    let repeated = unique(names.filter { !seen.insert($0).inserted })
    note(list.fault("has these names more than once: \(repeated.map { shown($0, limit: 60) }.joined(separator: ", "))"))
  }
}

extension Configuration.Cluster {
  fileprivate init(_ reader: ManifestReader?, noting faults: inout FaultList) {
    self.init()
    let fields = faults.section(
      reader, of: ["name", "networks", "nodeNetworks", "localAddresses", "apiServer", "interfaces"])
    name = faults.read(fields["name"], ManifestReader.text)
    networks = faults.each(fields["networks"], ManifestReader.prefix)
    nodeNetworks = faults.each(fields["nodeNetworks"], ManifestReader.prefix)
    localAddresses = faults.each(fields["localAddresses"], ManifestReader.address)
    apiServer = faults.each(fields["apiServer"], ManifestReader.endpoint)
    let globs = faults.section(fields["interfaces"], of: ["uplinks", "tunnels", "pods", "wireguardPort"])
    interfaces.uplinks = faults.each(globs["uplinks"], ManifestReader.interfaceGlob)
    interfaces.tunnels = faults.each(globs["tunnels"], ManifestReader.interfaceGlob)
    interfaces.pods = faults.each(globs["pods"], ManifestReader.interfaceGlob)
    faults.set(&interfaces.wireguardPort, from: globs["wireguardPort"], ManifestReader.port)
  }
}

extension Configuration.Gateways {
  fileprivate init(_ reader: ManifestReader?, noting faults: inout FaultList) {
    self.init()
    let fields = faults.section(reader, of: ["admission", "unpoliced", "managementPorts"])
    faults.set(&admission, from: fields["admission"], ManifestReader.keyword)
    faults.set(&unpoliced, from: fields["unpoliced"], ManifestReader.keyword)
    faults.setEach(&managementPorts, from: fields["managementPorts"], ManifestReader.port)
  }
}

extension Configuration.Host {
  fileprivate init(_ reader: ManifestReader?, noting faults: inout FaultList) {
    self.init()
    let fields = faults.section(reader, of: ["mode", "presets", "cgroups", "allow"])
    faults.set(&mode, from: fields["mode"], ManifestReader.keyword)
    faults.setEach(&presets, from: fields["presets"], ManifestReader.keyword)
    faults.setEach(&cgroups, from: fields["cgroups"], ManifestReader.cgroup)
    allow = faults.hostAllowances(fields["allow"])
    faults.checkUnique(allow.map(\.name), in: fields["allow"])
  }
}

extension Configuration.Names {
  fileprivate init(_ reader: ManifestReader?, noting faults: inout FaultList) {
    self.init()
    let fields = faults.section(
      reader, of: ["hosts", "resolvers", "grace", "backstop", "maxAddressesPerHost", "wildcards"])
    for member in faults.section(fields["hosts"]).all {
      guard let host = faults.read(member, ManifestReader.nameAsHost) else { continue }
      if hosts[host] != nil { faults.note(member.fault("is given twice, as \(host)")) }
      hosts[host] = faults.each(member, ManifestReader.address)
    }
    resolvers = faults.each(fields["resolvers"], ManifestReader.address)
    faults.set(&grace, from: fields["grace"], ManifestReader.duration)
    faults.set(&backstop, from: fields["backstop"], ManifestReader.duration)
    if let place = fields["backstop"] ?? fields["grace"], backstop < 2 * grace {
      faults.note(place.fault("names.backstop (\(backstop) s) must be at least twice names.grace (\(grace) s)"))
    }
    faults.set(&maxAddressesPerHost, from: fields["maxAddressesPerHost"], ManifestReader.addressCount)
    faults.set(&wildcards, from: fields["wildcards"], ManifestReader.keyword)
  }
}

extension Configuration.Kubernetes {
  fileprivate init(_ reader: ManifestReader?, noting faults: inout FaultList) {
    self.init()
    let fields = faults.section(reader, of: ["events", "refusals", "nodeCondition", "removeTaint"])
    faults.set(&events, from: fields["events"], ManifestReader.boolean)
    faults.set(&refusals, from: fields["refusals"], ManifestReader.boolean)
    faults.set(&nodeCondition, from: fields["nodeCondition"], ManifestReader.boolean)
    faults.set(&removeTaint, from: fields["removeTaint"], ManifestReader.boolean)
  }
}

extension Configuration.Log {
  fileprivate init(_ reader: ManifestReader?, noting faults: inout FaultList) {
    self.init()
    let fields = faults.section(reader, of: ["level", "denied"])
    faults.set(&level, from: fields["level"], ManifestReader.logLevel)
    let denied = faults.section(fields["denied"], of: ["enabled", "rate", "burst"])
    faults.set(&deniedEnabled, from: denied["enabled"], ManifestReader.boolean)
    if let rate = faults.read(denied["rate"], ManifestReader.recordCount) { deniedRate = UInt64(rate) }
    if let burst = faults.read(denied["burst"], ManifestReader.recordCount) { deniedBurst = UInt32(burst) }
  }
}
