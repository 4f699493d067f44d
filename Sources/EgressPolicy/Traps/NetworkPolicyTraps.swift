import ClusterModel

/// What NetworkPolicies leave open, or close by mistake. The CNI enforces them beside moat; both must allow.
func networkPolicyTraps(_ policies: [Named<NetworkPolicy>]) -> [Finding] {
  let ofNamespace = Dictionary(grouping: policies, by: \.namespace)
  return policies.flatMap { policy in
    let rules = policy.content.egress.filter(\.isUnderstood)
    let additions = (ofNamespace[policy.namespace] ?? []).filter { $0.content.addsTo(policy.content) }
    return rules.flatMap(\.peersThatAreEveryPod).map { everyPodOpen(policy.reference, $0) }
      + rules.filter { rule in
        rule.opens("UDP", 53) && !additions.flatMap(\.content.egress).contains { $0.opensStreams(where: rule) }
      }.map { dnsByDatagramsAlone(policy.reference, $0) }
  }
}

private func everyPodOpen(_ policy: ObjectReference, _ peer: NetworkPolicy.Peer) -> Finding {
  Finding(
    .everyPodOpen, policy, path: peer.path,
    "it is every pod of every namespace: the outside is closed, and any pod of the cluster that relays is open",
    advice: "name the namespaces that are needed; moat holds a relay to what the model grants it, for whomever it asks")
}

private func dnsByDatagramsAlone(_ policy: ObjectReference, _ rule: NetworkPolicy.Rule) -> Finding {
  Finding(
    .dnsByDatagramsAlone, policy, path: rule.path,
    "UDP 53 is allowed and TCP 53 is not: answers too long for a datagram fail",
    advice: "allow port 53 by TCP, too")
}

extension NetworkPolicy {
  /// Whether what it allows counts for the pods of `other`, in the same namespace: it is for the same, or for all.
  fileprivate func addsTo(_ other: NetworkPolicy) -> Bool { pods == nil || pods == other.pods }
}

extension NetworkPolicy.Rule {
  /// Empty where nothing but DNS is open to them.
  fileprivate var peersThatAreEveryPod: [NetworkPolicy.Peer] {
    let isDNS = !ports.isEmpty && ports.allSatisfy { $0.port == .number(53) && $0.last == nil }
    return isDNS ? [] : peers.filter(\.isEveryPod)
  }

  /// Whether a port is named in `ports`: a rule for every port is no rule for DNS.
  fileprivate func opens(_ protocolName: String, _ number: UInt16) -> Bool {
    ports.contains { $0.protocolName == protocolName && $0.port != nil && $0.has(number) }
  }

  /// Whether this rule opens TCP 53 to every peer of `other`. A port by name may be it, and a rule that was not
  /// understood, too: then nothing is said.
  fileprivate func opensStreams(where other: Self) -> Bool {
    if !isUnderstood { return true }
    let opensPort = ports.isEmpty || ports.contains { $0.protocolName == "TCP" && $0.has(53) }
    return opensPort && (peers.isEmpty || !other.peers.isEmpty && other.peers.allSatisfy(covers))
  }
}

extension NetworkPolicy.Rule {
  /// Whether the peers of this rule include another, pods outside of the cluster's excepted.
  private func covers(_ other: NetworkPolicy.Peer) -> Bool {
    peers.contains { $0.written == other.written || $0.isEveryPod && other.written["ipBlock"] == nil }
  }
}

extension NetworkPolicy.Port {
  /// Whether a number is, or by its name may be, the port.
  fileprivate func has(_ number: UInt16) -> Bool {
    switch port {
    case nil: true
    case .number(let first): first <= number && number <= max(first, last ?? first)
    case .name: protocolName == "TCP"
    }
  }
}
