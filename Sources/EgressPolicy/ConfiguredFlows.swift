import ClusterModel
import NetworkValues

/// Flows from the configuration, with what is to be said about them.
struct ConfiguredFlows {
  var flows: [Flow] = []

  /// By cgroup, sorted by path.
  var units: [HostUnit] = []
  var findings: [Finding] = []
}

extension EgressModel {
  /// S7: exceptions for pods of this node.
  func exceptionFlows(on node: NodeName) -> ConfiguredFlows {
    var result = ConfiguredFlows()
    for (index, exception) in configuration.exceptions.enumerated() {
      let path = "exceptions[\(index)]"
      let pods = ownership.pods { exception.from.selects($0) }
      let destinations = resolve(exception.to, path, &result.findings)
      if pods.isEmpty || exception.to.isEmpty || exception.ports.isEmpty {
        result.findings.append(allowsNothing(exception, path, hasPods: !pods.isEmpty))
      }
      if exception.ports.contains(where: { $0.range.contains(53) && $0.transport != .icmp }), !pods.isEmpty {
        result.findings.append(resolverIsDataPath(exception, path))
      }
      for pod in pods where pod.pod.node == node {
        for owned in pod.grantable {
          for destination in destinations where destination.prefix.family == owned.address.family {
            for port in exception.ports {
              result.flows.append(
                Flow(
                  from: owned, target: destination.name, destination: destination.prefix,
                  transport: port.transport(for: owned.address.family), ports: port.range,
                  reasons: [destination.reason(path, exception.name)], isResolved: destination.isResolved))
            }
          }
        }
      }
    }
    return result
  }

  /// S6: what the host's own processes may reach outside, DHCP included, and moat's resolvers where names are asked for.
  func hostFlows(on node: NodeName) -> ConfiguredFlows {
    var result = ConfiguredFlows()
    result.flows += dhcpFlows
    var units: [String: [Flow]] = [:]
    for (index, allowance) in configuration.host.allow.enumerated() {
      let flows = flows(of: allowance, "host.allow[\(index)]", &result.findings)
      if let cgroup = allowance.cgroup { units[cgroup, default: []] += flows } else { result.flows += flows }
    }
    result.units = units.sorted { $0.key < $1.key }.map { HostUnit(cgroup: cgroup($0.key), flows: $0.value) }
    result.findings += cgroupFindings()
    for (index, preset) in configuration.host.presets.enumerated() {
      result.flows += presetFlows(preset, path: "host.presets[\(index)]", resolvers: snapshot.hostResolvers)
      if preset == .ntp || preset == .bgp { result.findings.append(reachesAnyAddress(preset, index)) }
    }
    if !neededNames(on: node).isEmpty {
      result.flows += resolverFlows(ownResolvers, isListed: !configuration.names.resolvers.isEmpty)
    }
    return result
  }

  private func flows(
    of allowance: Configuration.HostAllowance, _ path: String, _ findings: inout [Finding]
  ) -> [Flow] {
    if allowance.to.isEmpty || allowance.ports.isEmpty { findings.append(allowsNothing(allowance, path)) }
    return resolve(allowance.to, path, &findings).flatMap { destination in
      allowance.ports.map { port in
        Flow(
          from: nil, target: destination.name, destination: destination.prefix,
          transport: port.transport(for: destination.prefix.family), ports: port.range,
          reasons: [destination.reason(path, allowance.name)], isResolved: destination.isResolved)
      }
    }
  }

  /// S16: the API server, for the host and by setting for pods.
  func apiServerFlows() -> [Flow] {
    let isConfigured = !configuration.cluster.apiServer.isEmpty
    let endpoints = isConfigured ? configuration.cluster.apiServer : snapshot.apiServerEndpoints
    let reason =
      isConfigured
      ? Reason(nil, path: "cluster.apiServer")
      : Reason(ObjectReference(kind: "Endpoints", namespace: "default", name: "kubernetes"), path: "subsets")
    return Set(endpoints).sorted().map {
      Flow(
        from: nil, target: "kubernetes", destination: Prefix($0.address), transport: .tcp, ports: PortRange($0.port),
        reasons: [reason])
    }
  }

  private struct ConfiguredDestination {
    var name: String
    var prefix: Prefix

    /// Whether DNS gave the address.
    var isResolved = false

    /// Who gave it, where somebody wants to know.
    var source = ""

    /// Why an entry of the configuration allows it.
    func reason(_ path: String, _ entry: String) -> Reason {
      Reason(nil, path: path, detail: source.isEmpty ? entry : "\(entry), \(source)")
    }
  }

  /// CIDRs as they are, hosts by their fixed answers. What the cluster has inside stays inside: an address there is
  /// judged by S3 and S5 before any exception.
  private func resolve(
    _ destinations: [Configuration.Destination], _ path: String, _ findings: inout [Finding]
  ) -> [ConfiguredDestination] {
    var result: [ConfiguredDestination] = []
    for (index, destination) in destinations.enumerated() {
      switch destination {
      case .cidr(let prefix): result.append(ConfiguredDestination(name: "\(prefix)", prefix: prefix))
      case .host(let host):
        result += resolve(host, path: "\(path).to[\(index)]", &findings)
      }
    }
    return result
  }

  private func resolve(_ host: String, path: String, _ findings: inout [Finding]) -> [ConfiguredDestination] {
    let answer = names.answer(for: host)
    let (addresses, isResolved, source) =
      switch answer {
      case .fixed(let addresses): (addresses, false, "")
      case .resolved(let addresses, let source): (addresses, true, source)
      case .unanswered, .pending, .unasked: ([IPAddress](), false, "")
      }
    if addresses.isEmpty {
      findings += [nameFinding(host, nil, path: path, answer, consequence: "nothing is allowed for it")].compactMap {
        $0
      }
    }
    let refused = PrefixSet(addresses.map { Prefix($0) }).intersection(context.forbidden)
    if !refused.isEmpty { findings.append(notExternal(host, refused, path)) }
    return addresses.sortedUnique().filter { !context.forbidden.contains($0) }.map {
      ConfiguredDestination(name: host, prefix: Prefix($0), isResolved: isResolved, source: source)
    }
  }
}

extension Configuration.PodSelector {
  /// Needs a namespace, and labels or a ServiceAccount; without either it selects nothing.
  fileprivate func selects(_ pod: Pod) -> Bool {
    guard let namespace, namespace == pod.metadata.namespace else { return false }
    if podSelector == nil, serviceAccount == nil { return false }
    if let podSelector, podSelector.matchLabels.isEmpty { return false }
    return pod.metadata.labels.satisfy(podSelector?.matchLabels ?? [:])
      && serviceAccount.map { $0 == pod.serviceAccount } ?? true
  }
}

extension Configuration.PortAllowance {
  /// ICMP is the family's own.
  func transport(for family: IPFamily) -> TransportProtocol {
    switch transport {
    case .tcp: .tcp
    case .udp: .udp
    case .sctp: .sctp
    case .icmp: .icmp(of: family)
    }
  }
}

// MARK: - Findings

private func allowsNothing(_ exception: Configuration.Exception, _ path: String, hasPods: Bool) -> Finding {
  let missing = exception.to.isEmpty ? "to" : exception.ports.isEmpty ? "ports" : "from"
  return Finding(
    .allowsNothing, path: path,
    "exception \(exception.name) allows nothing: "
      + (missing == "from" && !hasPods ? "from selects no live pod" : "\(missing) is empty"),
    advice: "name a namespace with pod labels or a ServiceAccount, destinations and ports")
}

private func allowsNothing(_ allowance: Configuration.HostAllowance, _ path: String) -> Finding {
  Finding(
    .allowsNothing, path: path,
    "\(allowance.name) allows nothing: \(allowance.to.isEmpty ? "to" : "ports") is empty",
    advice: "name destinations and ports")
}

private func resolverIsDataPath(_ exception: Configuration.Exception, _ path: String) -> Finding {
  Finding(
    .resolverIsDataPath, path: path,
    "exception \(exception.name) lets pods speak DNS to the outside; whoever may query them can tunnel through names",
    advice: "restrict which names the resolver forwards")
}

private func reachesAnyAddress(_ preset: Configuration.HostPreset, _ index: Int) -> Finding {
  Finding(
    .presetReachesAnyAddress, path: "host.presets[\(index)]",
    "preset \(preset.rawValue) lets host processes reach any address on its port",
    advice: "list the servers in host.allow instead")
}

private func notExternal(_ host: String, _ refused: PrefixSet, _ path: String) -> Finding {
  Finding(
    .notAnExternalAddress, path: path, "\(host) (\(refused)) is inside the cluster or special, and is left out",
    advice: "use a cidr if it is meant")
}
