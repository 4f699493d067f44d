import Glibc
import NetworkValues
import Synchronization

/// Test hosts in network namespaces, built from a topology.
///
/// The namespaces have no names and hold on to nothing of the machine's own: they vanish with this value, and with the
/// process however it ends. Needs root.
package final class Lab: Sendable {
  package let topology: LabTopology

  let postOffice: PostOffice
  let identities = Mutex(ProbeIdentities())
  private let namespaces: Mutex<[Place: NetworkNamespace]>
  private let witnesses = Mutex<[Place: Witness]>([:])

  /// Builds the topology; everything is ready for packets when this returns.
  package init(_ topology: LabTopology) throws(LabError) {
    self.topology = topology
    let wiring = Wiring(topology: topology)
    if let fault = wiring.fault() { throw .topology(fault) }
    var made: [Place: NetworkNamespace] = [:]
    for place in wiring.places {
      let namespace = try NetworkNamespace(named: place.description)
      try namespace.set(place.kernelSettings)
      made[place] = namespace
    }
    try wire(made, as: wiring)
    namespaces = Mutex(made)
    postOffice = try PostOffice()
  }

  deinit { tearDown() }

  /// Removes everything. The lab's connections and captures keep their own namespace until they are closed.
  package func tearDown() {
    postOffice.close()
    witnesses.withLock { $0 = [:] }
    namespaces.withLock { $0 = [:] }
  }

  /// Runs `body` on the calling thread, moved into the host's network namespace for that time.
  ///
  /// A socket opened in `body` stays in the namespace and can be used from anywhere afterwards. `body` must not start
  /// threads or tasks: they would stay in the namespace as well.
  package func inside<Result>(_ host: LabHost, _ body: () throws -> Result) throws -> Result {
    try namespace(of: host.place).inside(body).get()
  }

  /// Runs a program in the host's network namespace and returns what it printed.
  ///
  /// - Throws: `LabError` if it cannot be started or does not end within `patience`; not for its exit status.
  package func run(
    in host: LabHost, _ arguments: [String], input: String = "", patience: Duration = .seconds(60)
  ) throws(LabError) -> ProgramOutput {
    try namespace(of: host.place).run(arguments, input: input, patience: patience)
  }

  /// Starts a program in the host's network namespace and goes on. It is ended when the returned value is gone, but
  /// not when this process is killed.
  package func start(
    in host: LabHost, _ arguments: [String], input: String = ""
  ) throws(LabError) -> RunningProgram {
    try namespace(of: host.place).start(arguments, input: input)
  }

  /// A path for `nsenter --net=PATH`, valid while this process and the lab live.
  package func namespacePath(of host: LabHost) throws(LabError) -> String { try namespace(of: host.place).path }

  /// Removes a pod's link to its node; the pod's processes and sockets live on.
  package func unplug(pod name: String) throws(LabError) {
    guard let pod = topology.pods.first(where: { $0.name == name }), let link = topology.interface(ofPod: name) else {
      throw .unknownHost("pod \(name)")
    }
    try namespace(of: .node(pod.node)).runChecked(["ip", "link", "del", link])
  }

  /// Gives an unplugged pod a new link, by the name of the old one, with its addresses and routes.
  ///
  /// - Parameter isRouted: whether the node has routes to the pod.
  package func plug(pod name: String, isRouted: Bool = true) throws(LabError) {
    let paths = namespaces.withLock { $0.mapValues(\.path) }
    let wiring = Wiring(topology: topology)
    guard let pod = topology.pods.first(where: { $0.name == name }),
      let lines = wiring.replacement(ofPod: name, path: { paths[$0] ?? "missing" })
    else { throw .unknownHost("pod \(name)") }
    let inside = try namespace(of: .pod(name))
    try namespace(of: .lan).runChecked(["ip", "-batch", "-"], input: lines.link)
    try inside.runChecked(["ip", "-batch", "-"], input: wiring.configuration(of: .pod(name)))
    if isRouted { try namespace(of: .node(pod.node)).runChecked(["ip", "-batch", "-"], input: lines.routes) }
    try inside.awaitReadiness(routing: true)
    try namespace(of: .node(pod.node)).awaitReadiness(routing: true)
  }

  func namespace(of place: Place) throws(LabError) -> NetworkNamespace {
    guard let namespace = namespaces.withLock({ $0[place] }) else { throw .unknownHost("\(place)") }
    return namespace
  }

  /// What was seen on the wire at a place, opened at its first use.
  func witness(at place: Place) throws(LabError) -> Witness {
    if let known = witnesses.withLock({ $0[place] }) { return known }
    let namespace = try namespace(of: place)
    let new = try Witness(in: namespace)
    return witnesses.withLock {
      let first = $0[place] ?? new
      $0[place] = first
      return first
    }
  }
}

/// Links the namespaces and configures each.
private func wire(_ made: [Place: NetworkNamespace], as wiring: Wiring) throws(LabError) {
  guard let lan = made[.lan] else { return }
  let links = wiring.links { place in made[place]?.path ?? "missing" }
  try lan.runChecked(["ip", "-batch", "-"], input: links)
  for place in wiring.places {
    try made[place]?.runChecked(["ip", "-batch", "-"], input: wiring.configuration(of: place))
  }
  for node in wiring.topology.nodes {
    try made[.node(node.name)]?.runChecked(["nft", "-f", "-"], input: wiring.kubeTable(of: node))
  }
  for place in wiring.places { try made[place]?.awaitReadiness(routing: place != .lan) }
}
