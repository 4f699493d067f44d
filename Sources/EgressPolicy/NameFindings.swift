import ClusterModel

/// Why a host name gives no address; `nil` where that is not known yet.
///
/// - Parameters:
///   - object: `nil` where the configuration names the host.
///   - consequence: what follows, as a sentence part.
func nameFinding(
  _ host: String, _ object: ObjectReference?, path: String, _ answer: NameAnswers.Answer, consequence: String
) -> Finding? {
  switch answer {
  case .unasked:
    Finding(
      .nameNotAsked, object, path: path, "\(host) has no fixed address, and DNS was not asked for it here",
      advice: "nothing: moat run asks; --names dns asks now")
  case .pending: nil
  case .unanswered(let reason):
    Finding(
      .nameUnresolved, object, path: path,
      "DNS gave no answer for \(host) (\(shown(reason, limit: 200))), so \(consequence)",
      advice: "look at the resolvers (names.resolvers), or add the name to names.hosts")
  case .fixed, .resolved:
    Finding(
      .nameUnresolved, object, path: path, "\(host) has no address, so \(consequence)",
      advice: "correct the name, or add it to names.hosts")
  }
}

/// Hosts that a client takes for names of the cluster, or of its search domains.
func insideLookingHosts(of service: ExternalService) -> [Finding] {
  service.hosts.enumerated().compactMap { index, part in
    guard let host = part.value, let what = insideLook(of: host) else { return nil }
    return Finding(
      .hostLooksInside, service.reference, path: "spec.hosts[\(index)]",
      "\(host) \(what); clients may take it for a Service, and moat opens no address inside",
      advice: "write the whole name of the outside host, or list its ExternalEndpoints")
  }
}

private func insideLook(of host: String) -> String? {
  if !host.contains(".") { return "has a single label" }
  let isInside = host.hasSuffix(".svc") || host.hasSuffix(".cluster.local")
  return isInside ? "is a name of the cluster's own" : nil
}
