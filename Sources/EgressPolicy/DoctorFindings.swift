import ClusterModel
import NetworkValues

extension EgressModel {
  /// What is to be said of a node as it is: what enforcement lacks there, what goes round it, who disturbs it. Pure;
  /// sorted. What could not be read is a finding of its own.
  package func doctorFindings(_ facts: NodeFacts, on node: NodeName) -> [Finding] {
    let judgements: [[Finding]] = [
      judged(facts.missing, missingFeatures), judged(facts.sysctls) { settings($0, facts.interfaces.known) },
      judged(facts.nftablesFlushes) { $0 ? [nftablesFlushes] : [] },
      judged(facts.firewalldFlushes) { $0 ? [firewalldFlushes] : [] },
      judged(facts.interfaces) { ways($0) + tunnels($0) }, judged(facts.programs, programs),
      judged(facts.virtualFunctions) { $0.map { pastTheHost("interface \($0)", "has virtual functions (SR-IOV)") } },
      judged(facts.masquerading, masquerading), clusterWays(on: node),
      flows(on: node).findings.filter { [.nodeAddressNotInside, .hostNetworkUnconfined].contains($0.code) },
    ]
    return Set(judgements.flatMap { $0 }).sorted()
  }

  private func judged<Value>(_ reading: NodeReading<Value>, _ judge: (Value) -> [Finding]) -> [Finding] {
    switch reading {
    case .value(let value): judge(value)
    case .unreadable(let why):
      [
        Finding(
          .nodeUnreadable, path: "node", "\(why); it was not judged",
          advice: "run moat doctor as root in the node's own namespaces")
      ]
    }
  }

  /// Data planes and interfaces that the manifests tell of.
  private func clusterWays(on node: NodeName) -> [Finding] {
    let planes = snapshot.pods.filter { $0.isLive && $0.node == node }.compactMap { pod -> Finding? in
      let name = pod.metadata.name
      let plane = ["cilium", "calico-node"].first { name == $0 || name.hasPrefix("\($0)-") }
      let isCilium = plane == "cilium" && !name.hasPrefix("cilium-operator") && !name.hasPrefix("cilium-envoy")
      switch plane {
      case "cilium" where isCilium:
        return bypassing(pod, "eBPF host routing", "set bpf.hostLegacyRouting and keep kube-proxy")
      case "calico-node":
        return bypassing(pod, "Calico's eBPF data plane, if it is on,", "keep linuxDataplane Iptables or Nftables")
      default: return nil
      }
    }
    let attachments = snapshot.ignoredKinds.filter { $0.key.hasSuffix(" NetworkAttachmentDefinition") }
      .values.reduce(0, +)
    return planes
      + (attachments == 0
        ? []
        : [pastTheHost("cluster", "has \(attachments) NetworkAttachmentDefinitions: pods may have other interfaces")])
  }

  /// Tunnels' own addresses that do not count as inside.
  private func tunnels(_ interfaces: HostInterfaces) -> [Finding] {
    let tunnels = classify(interfaces, under: configuration.cluster.interfaces).filter { $0.interfaceClass == .tunnel }
    return tunnels.flatMap { tunnel in
      interfaces.addresses.filter { $0.index == tunnel.index && !context.inside.contains($0.address) }
        .filter { !specialNetworks.contains($0.address) }.map {
          Finding(
            .tunnelAddressNotInside, path: "interface \(tunnel.name)",
            "its address \($0.address) does not count as inside, so what it sends is judged as from the outside",
            advice: "add the tunnel's network to cluster.nodeNetworks")
        }
    }
  }
}

private func missingFeatures(_ missing: [NodeFacts.Feature: String]) -> [Finding] {
  missing.sorted { $0.key.rawValue < $1.key.rawValue }.map { feature, why in
    let effect =
      switch feature {
      case .ownership: "others can change moat's tables, which moat run then watches and repairs"
      case .sockets: "cgroups of host.allow and host.cgroups cannot be judged, and such a ruleset is refused"
      case .bridge: "pods on one bridge cannot be told apart"
      case .sets, .matches, .refusals: "moat cannot enforce anything here"
      }
    return Finding(
      feature == .ownership ? .kernelWithoutOwnership : .kernelLacks, path: "kernel",
      "there are no \(feature.rawValue) (\(why)): \(effect)",
      advice: "use a kernel with nf_tables and its modules nft_socket, nft_fib_inet, nft_reject_inet, nf_log")
  }
}

/// What kernel settings mean for enforcement.
private func settings(_ sysctls: [String: String], _ interfaces: HostInterfaces?) -> [Finding] {
  var findings: [Finding] = []
  let setting = { (path: String, message: String, advice: String) in
    findings.append(Finding(.kernelSetting, path: "net/" + path, message, advice: advice))
  }
  if sysctls["ipv4/ip_forward"] == "0" {
    setting("ipv4/ip_forward", "this node forwards no IPv4, so its pods reach nothing", "set it to 1")
  }
  if sysctls["ipv4/conf/all/rp_filter"] == "0", sysctls["ipv4/conf/default/rp_filter"] == "0" {
    setting(
      "ipv4/conf/all/rp_filter", "sources are not checked by route; S9 alone catches forged ones",
      "leave it unless you want a second check; 2 suits most CNIs")
  }
  return findings + sourceRoutes(sysctls) + bridges(sysctls, interfaces ?? HostInterfaces())
}

/// Where the kernel follows source routes: moat drops them, but only while its tables stand, and not in audit mode.
private func sourceRoutes(_ sysctls: [String: String]) -> [Finding] {
  ["ipv4/conf/all/accept_source_route", "ipv6/conf/all/seg6_enabled"]
    .filter { sysctls[$0].map { $0 != "0" } ?? false }.map { path in
      Finding(
        .sourceRoutes, path: "net/" + path,
        "it is \(sysctls[path] ?? ""): the kernel sends packets with a source route on to another address after they were "
          + "judged; moat drops them all at raw, except in audit mode",
        advice: "set it to 0; where segment routing carries the cluster's own traffic, moat cannot be used")
    }
}

/// Same-bridge traffic: with bridge-nf-call-*=0 no inet hook sees it, and the bridge table judges without connections.
private func bridges(_ sysctls: [String: String], _ interfaces: HostInterfaces) -> [Finding] {
  let names = Set(interfaces.links.filter { $0.kind == "veth" && $0.peerNamespace != nil }.compactMap(\.master))
    .compactMap { interfaces.link($0) }.filter { $0.kind == "bridge" }.map(\.name).sorted()
  guard !names.isEmpty else { return [] }
  return ["bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"].filter { sysctls[$0] != "1" }.map {
    path in
    Finding(
      .bridgeUnseen, path: "net/" + path,
      "it is \(sysctls[path] ?? "absent (br_netfilter is not loaded)"): what pods on bridge \(names.joined(separator: ", ")) "
        + "send each other is judged by the bridge table alone, packet by packet: no connections, so a gateway pod there may "
        + "get stray answers, and a revoked connection ends only as its packets are refused",
      advice: "load br_netfilter and set it to 1")
  }
}

private let nftablesFlushes = Finding(
  .neighbourFlushes, path: "/etc/nftables.conf",
  "nftables.service is enabled and its file flushes the whole ruleset: at boot and on reload moat's lock goes with it",
  advice: "let the file delete its own tables only, or disable nftables.service")

private let firewalldFlushes = Finding(
  .neighbourFlushes, path: "/etc/firewalld/firewalld.conf",
  "firewalld is enabled with FlushAllOnReload: a reload may flush tables that have no owner",
  advice: "set FlushAllOnReload=no")

/// Interfaces by which packets of pods go past the host's IP stack.
private func ways(_ interfaces: HostInterfaces) -> [Finding] {
  interfaces.links.filter { ["macvlan", "macvtap", "ipvlan", "ipvtap"].contains($0.kind ?? "") }.map {
    pastTheHost("interface \($0.name)", "is a \($0.kind ?? "")")
  }
}

private func programs(_ programs: [String: String]) -> [Finding] {
  programs.sorted { $0.key < $1.key }.map { name, kind in
    Finding(
      .programMayBypass, path: "interface \(name)",
      "has \(kind == "XDP" ? "an XDP program" : "a \(kind) hook"), whose programs may move packets past netfilter",
      advice: "see which programs these are (bpftool net), and keep them from redirecting packets of pods")
  }
}

private func masquerading(_ tables: [String]) -> [Finding] {
  tables.map {
    Finding(
      .masquerading, path: "table \($0)",
      "has a rule that masquerades; if it hides clients on their way to a gateway, hop A is refused (S2)",
      advice: "leave the cluster's own networks out of masquerading")
  }
}

private func pastTheHost(_ path: String, _ what: String) -> Finding {
  Finding(
    .interfaceBypasses, path: path, "\(what); a pod that has one sends past the host's IP stack and is not judged",
    advice: "give such interfaces to trusted pods only, and filter them on the network")
}

private func bypassing(_ pod: Pod, _ what: String, _ advice: String) -> Finding {
  Finding(
    .dataPlaneMayBypass, pod.reference, path: "metadata.name",
    "\(what) moves packets of pods past netfilter, which then are not judged", advice: advice)
}
