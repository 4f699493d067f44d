import ClusterModel

/// What ServiceEntries open wider than they look.
func entryTraps(_ entry: Named<ServiceEntry>) -> [Finding] {
  entry.content.portsOfAnyAddress.map { port in
    Finding(
      .anyAddressOnPort, entry.reference, path: port.path,
      "\(port.protocolName) without addresses and with resolution NONE: the hosts do not count, and proxies pass every "
        + "address on port \(port.number)",
      advice: "list addresses, or set a resolution; moat opens what an ExternalService names, and no more")
  } + exportedToAll(entry.reference, entry.content.exportTo)
}

extension ServiceEntry {
  /// Ports on which a proxy has no host name to go by: it passes whatever address a client asks for.
  fileprivate var portsOfAnyAddress: [Port] {
    guard resolution == Resolution.none, !hasAddresses else { return [] }
    return ports.filter { ["TCP", "MONGO", "MYSQL", "REDIS"].contains($0.protocolName) }
  }
}

/// An empty list of namespaces, which reads like none and means all.
func exportedToAll(_ object: ObjectReference, _ exportTo: [String]?) -> [Finding] {
  guard exportTo == [] else { return [] }
  return [
    Finding(
      .exportedToAll, object, path: "spec.exportTo",
      "an empty list is no list: the object is exported to every namespace",
      advice: "write \".\" for its own namespace, or \"*\" where every one is meant")
  ]
}

/// What DestinationRules lead elsewhere.
func ruleTraps(_ rule: Named<DestinationRule>) -> [Finding] {
  rule.content.tunnels.map { target in
    Finding(
      .tunnelsThroughProxy, rule.reference, path: target.path,
      "connections to \(target.text) leave to the forward proxy \(rule.content.host), which decides what they reach",
      advice: "name the proxy, not what is behind it, in the ExternalService that may leave")
  } + exportedToAll(rule.reference, rule.content.exportTo)
}

/// A Sidecar that lets pass what the mesh does not know.
func passingSidecar(_ sidecar: Named<Sidecar>) -> Finding? {
  sidecar.content.passingMode.map { mode in
    Finding(
      .sidecarPasses, sidecar.reference, path: "spec.outboundTrafficPolicy.mode",
      "\(mode) lets proxies pass what the mesh does not know; it is no firewall either way, and moat refuses it",
      advice: "set REGISTRY_ONLY, so that clients are told at once")
  }
}
