import ClusterModel

/// What VirtualServices lead astray: to hosts that nobody declares, or out of the cluster from the client itself.
func virtualServiceTraps(_ mesh: MeshObjects) -> [Finding] {
  mesh.virtualServices.flatMap { service in
    let routes = OutwardRoutes(service, mesh)
    return routes.undeclared() + routes.fromClients() + exportedToAll(service.reference, service.content.exportTo)
  }
}

/// Where one VirtualService leads out of the mesh.
private struct OutwardRoutes {
  let service: Named<VirtualService>
  let hosts: DeclaredHosts

  /// Destinations beside the cluster's Services, with the gateways whose traffic goes there.
  let destinations: [(host: PlacedText, gateways: Set<String>)]

  /// Hosts of the VirtualService itself beside the cluster's Services. Of one that leads nowhere outside they may be
  /// names for what is inside.
  let own: [PlacedText]

  init(_ service: Named<VirtualService>, _ mesh: MeshObjects) {
    self.service = service
    hosts = mesh.hosts
    let isBeside = { mesh.services.areBeside($0, from: service.namespace) }
    destinations = service.content.routes.flatMap { route in
      route.destinations.filter { isBeside($0.text) }.map { ($0, route.gateways) }
    }
    let leadsOut = !destinations.isEmpty && service.content.gateways.contains("mesh")
    own = leadsOut ? service.content.hosts.filter { isBeside($0.text) } : []
  }

  /// Each host once, where it first stands.
  func undeclared() -> [Finding] {
    var seen: Set<String> = []
    return (destinations.map(\.host) + own).filter { seen.insert($0.text).inserted }.compactMap(undeclared)
  }

  private func undeclared(_ host: PlacedText) -> Finding? {
    let declarers = hosts.declarers(of: host.text)
    if declarers.contains(where: { $0.isVisible(from: service.namespace) }) { return nil }
    let path = host.path
    if let hidden = declarers.first?.reference {
      return Finding(
        .virtualHostUndeclared, service.reference, path: path,
        "\(host.text) is declared by \(hidden), whose exportTo leaves this namespace out",
        advice: "export it to \(service.namespace), or route from a namespace that sees it")
    }
    let near = hosts.nearMiss(of: host.text)
    return Finding(
      .virtualHostUndeclared, service.reference, path: path,
      "no ServiceEntry or ExternalService declares \(host.text)"
        + (near.map { "; \($0.declarer) declares \($0.name)" } ?? ""),
      advice: near == nil ? "declare the host, or correct it" : "write the same host in both")
  }

  /// Destinations to which sidecars connect themselves, past every gateway. A waypoint before them is a gateway.
  func fromClients() -> [Finding] {
    var seen: Set<String> = []
    return destinations.filter { $0.gateways.contains("mesh") && seen.insert($0.host.text).inserted }.compactMap {
      let host = $0.host
      if hosts.declarers(of: host.text).contains(where: \.usesWaypoint) { return nil }
      return Finding(
        .leavesFromClient, service.reference, path: host.path,
        "the route of the mesh ends at \(host.text), so that clients connect to the outside themselves; moat refuses it",
        advice: "lead the mesh to the egress gateway's Service, and only the gateway to the host")
    }
  }
}
