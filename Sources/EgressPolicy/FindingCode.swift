/// The catalogue of findings. A code never changes its meaning; new ones go at the end.
package enum FindingCode: String, Hashable, Sendable, CaseIterable {
  case notUnderstood = "M001"
  case notInForce = "M002"
  case identityNotUnderstood = "M003"
  case nodeAddressNotInside = "M004"
  case networksTooWide = "M005"
  case addressClaimedTwice = "M006"
  case podAddressNotInside = "M007"
  case hostsOrAddresses = "M008"
  case leavesWithoutGateway = "M009"
  case gatewayUnknown = "M010"
  case gatewayInOtherCluster = "M011"
  case notExposed = "M012"
  case addressesThroughOpenListener = "M013"
  case notAnExternalAddress = "M014"
  case nameUnresolved = "M015"
  case endpointWithoutPort = "M016"
  case unpoliced = "M017"
  case emptyAuthorization = "M018"
  case pending = "M019"
  case coarserThanPolicy = "M020"
  case networkLayerExcluded = "M021"
  case policySelectsNothing = "M022"
  case noClientSelected = "M023"
  case gatewayWithoutWorkloads = "M024"
  case gatewayPodUnfit = "M025"
  case listenerWithoutPort = "M026"
  case gatewayCannotSeeClients = "M027"
  case sharedListener = "M028"
  case allowsNothing = "M029"
  case resolverIsDataPath = "M030"
  case hostNetworkUnconfined = "M031"
  case exposedToOutside = "M032"
  case cgroupUnavailable = "M033"
  case presetReachesAnyAddress = "M034"
  case workspaceUnclear = "M035"
  case kindIgnored = "M036"
  case podNetworksUnknown = "M037"
  case noGatewayNode = "M038"
  case apiServerUnknown = "M039"
  case policyOnWorkloads = "M040"
  case wildcardNotResolvable = "M041"
  case everyIdentity = "M042"
  case interfaceUnknown = "M043"
  case podInterfaceLeadsOutside = "M044"
  case podWithoutInterface = "M045"
  case interfaceContested = "M046"
  case addressClaimedLater = "M047"
  case interfaceWithoutPod = "M048"
  case gatewayAcrossNamespaces = "M049"
  case tooLarge = "M050"
  case clusterUnclear = "M051"
  case cniResultUnusable = "M052"
  case nameNotAsked = "M053"
  case hostLooksInside = "M054"
  case olderGeneration = "M055"
  case nodeUnreadable = "M061"
  case kernelLacks = "M062"
  case kernelWithoutOwnership = "M063"
  case kernelSetting = "M064"
  case bridgeUnseen = "M065"
  case neighbourFlushes = "M066"
  case interfaceBypasses = "M067"
  case programMayBypass = "M068"
  case dataPlaneMayBypass = "M069"
  case tunnelAddressNotInside = "M070"
  case masquerading = "M071"
  case connectionWouldBeCut = "M072"
  case sourceRoutes = "M073"
  case bystanderNotUnderstood = "M074"
  case virtualHostUndeclared = "M075"
  case selectsNoGatewayPod = "M076"
  case dnsByDatagramsAlone = "M077"
  case everyPodOpen = "M078"
  case exportedToAll = "M079"
  case anyAddressOnPort = "M080"
  case isolationOfServices = "M081"
  case leavesFromClient = "M082"
  case tunnelsThroughProxy = "M083"
  case gatewayWithoutSelector = "M084"
  case sidecarPasses = "M085"

  /// Severity and one line that says what the code means.
  package var entry: (severity: Severity, meaning: String) {
    switch self {
    case .notUnderstood: (.warning, "part of an object that allows is not understood and grants nothing (S11)")
    case .notInForce: (.warning, "an object's status says it is not in force; it grants nothing (S12)")
    case .identityNotUnderstood: (.warning, "a field that identifies is not understood and left out (S11)")
    case .nodeAddressNotInside: (.warning, "a Node's InternalIP does not count as inside")
    case .networksTooWide: (.warning, "a network that counts as inside is very wide or globally routable")
    case .addressClaimedTwice: (.warning, "two live pods claim one address; it belongs to neither (S9)")
    case .podAddressNotInside: (.warning, "a pod's address lies outside the cluster's networks and is granted nothing")
    case .hostsOrAddresses: (.warning, "an ExternalService needs either hosts or addresses (E1)")
    case .leavesWithoutGateway: (.warning, "a port without egressGatewayRoutes grants nothing (E3)")
    case .gatewayUnknown: (.warning, "a virtualGatewayRef names no VirtualGateway that moat sees (E4)")
    case .gatewayInOtherCluster: (.warning, "a virtualGatewayRef names another cluster (E4)")
    case .notExposed: (.warning, "no listener of the gateway exposes the host (E4)")
    case .addressesThroughOpenListener: (.note, "a destination by addresses is told apart by no exposed host (E4)")
    case .notAnExternalAddress: (.warning, "an address is no external address and is left out of hop B (E5)")
    case .nameUnresolved: (.warning, "a host name has no address; hop B stays closed for it")
    case .endpointWithoutPort: (.warning, "an ExternalEndpoint has no port that fits (E2)")
    case .unpoliced: (.warning, "no AccessPolicy selects the external destination (A2)")
    case .emptyAuthorization: (.warning, "an empty authorization grants nothing (A5)")
    case .pending: (.note, "an entry with dryRun grants nothing (A6)")
    case .coarserThanPolicy: (.note, "layer-7 conditions are judged by the gateway alone (A7)")
    case .networkLayerExcluded: (.note, "enforcementLayers leave the network layer out; moat counts the allowance (A8)")
    case .policySelectsNothing: (.warning, "an AccessPolicy's destination selector selects nothing (A4)")
    case .noClientSelected: (.warning, "a client selector selects no ServiceAccount (A3)")
    case .gatewayWithoutWorkloads: (.warning, "an egress gateway selects no workload (G1)")
    case .gatewayPodUnfit: (.warning, "a gateway pod is protected but granted nothing (G2)")
    case .listenerWithoutPort: (.warning, "a listener's port cannot be found on the gateway's Service or pod (G1)")
    case .gatewayCannotSeeClients: (.note, "a listener without mutual TLS cannot see who its client is (G3)")
    case .sharedListener: (.note, "several destinations share a listener and differ in clients (E6)")
    case .allowsNothing: (.warning, "an entry of the configuration allows nothing (S7)")
    case .resolverIsDataPath: (.note, "an exception for DNS is a data path for every pod that may query it (S7)")
    case .hostNetworkUnconfined: (.note, "a hostNetwork pod with raw sockets is not confined (S6)")
    case .exposedToOutside: (.note, "pods that the outside may connect to can answer it (S15)")
    case .cgroupUnavailable: (.warning, "an allowance by cgroup grants nothing: the cgroup is absent or unfit (S6)")
    case .presetReachesAnyAddress: (.note, "a host preset reaches any address on its port (S6)")
    case .workspaceUnclear: (.warning, "an object or namespace belongs to no workspace, or to several (A3)")
    case .kindIgnored: (.note, "objects of a kind by which nothing is allowed (S11)")
    case .podNetworksUnknown: (.warning, "no network of pods is known")
    case .noGatewayNode: (.warning, "no node is a gateway node, but there are egress gateways (S4)")
    case .apiServerUnknown: (.note, "the API server's address is not known (S16)")
    case .policyOnWorkloads: (.note, "a policy on workloads selects no external destination (A4)")
    case .wildcardNotResolvable:
      (.note, "a wildcard host reaches names with fixed answers, and those that gateway pods are told")
    case .everyIdentity: (.note, "an empty selector grants every identity in scope (A3)")
    case .interfaceUnknown: (.warning, "an interface of no known class reaches inside only (S14)")
    case .podInterfaceLeadsOutside: (.warning, "the default route leaves by an interface that counts as a pod's (S14)")
    case .podWithoutInterface: (.warning, "a local pod's address lives behind no known interface (S9)")
    case .interfaceContested: (.warning, "evidence of who is behind an interface contradicts itself; nobody is (S9)")
    case .addressClaimedLater: (.warning, "a pod's namespace has an address that is not its own; it gains nothing (S9)")
    case .gatewayAcrossNamespaces: (.warning, "a gateway's pods live in other namespaces than its VirtualGateway (G1)")
    case .tooLarge: (.warning, "an object names more than moat takes from one object; it grants nothing")
    case .clusterUnclear: (.warning, "several cluster names are used and cluster.name is not set; none is this cluster")
    case .cniResultUnusable: (.warning, "what a CNI plugin wrote down cannot be used and binds no pod (S9)")
    case .nameNotAsked: (.note, "a host name has no fixed address; the daemon asks DNS for it")
    case .hostLooksInside:
      (.warning, "a host of an ExternalService has one label, or is a name of the cluster's own (E5)")
    case .olderGeneration:
      (.warning, "objects of an older generation of Gloo Mesh were ignored and allow nothing (S11)")
    case .nodeUnreadable: (.warning, "something of the node could not be read and was not judged")
    case .kernelLacks: (.warning, "the kernel lacks what a ruleset of moat's needs")
    case .kernelWithoutOwnership: (.note, "others can change moat's tables, which moat run watches and repairs")
    case .kernelSetting: (.note, "a kernel setting that matters to pods' packets")
    case .bridgeUnseen: (.warning, "pods on one bridge are judged packet by packet, without connections (S2, S3, S8)")
    case .neighbourFlushes: (.warning, "another service of the node flushes rulesets that are not its own")
    case .interfaceBypasses: (.warning, "interfaces of pods that go past the host's IP stack are not judged")
    case .programMayBypass: (.warning, "programs on an interface may move packets past netfilter")
    case .dataPlaneMayBypass: (.warning, "a data plane may move packets of pods past netfilter")
    case .tunnelAddressNotInside: (.warning, "a tunnel's own address does not count as inside")
    case .masquerading: (.note, "a neighbour masquerades; clients whose address it hides are refused (S2)")
    case .connectionWouldBeCut: (.warning, "a connection is open now that enforcement cuts")
    case .sourceRoutes: (.note, "the kernel follows source routes, which moat drops, but not in audit mode (S14)")
    case .bystanderNotUnderstood: (.warning, "part of an object that allows nothing is not understood, nor looked into")
    case .virtualHostUndeclared: (.warning, "a VirtualService names an outside host that no ServiceEntry declares")
    case .selectsNoGatewayPod: (.warning, "an Istio Gateway, or the Service before it, selects no pod, or other pods")
    case .dnsByDatagramsAlone: (.warning, "a NetworkPolicy allows DNS by UDP and not by TCP")
    case .everyPodOpen: (.warning, "a NetworkPolicy leaves every pod of the cluster open, and so every relay")
    case .exportedToAll: (.warning, "an empty exportTo exports to every namespace")
    case .anyAddressOnPort: (.warning, "a ServiceEntry stands for every address on a port")
    case .isolationOfServices: (.note, "serviceIsolation decides nothing on the node (A2)")
    case .leavesFromClient: (.warning, "a VirtualService leads clients to the outside past every gateway")
    case .tunnelsThroughProxy: (.warning, "a DestinationRule leads connections to a forward proxy")
    case .gatewayWithoutSelector: (.warning, "an Istio Gateway without selector is every gateway pod's")
    case .sidecarPasses: (.note, "a Sidecar lets proxies pass what the mesh does not know")
    case .interfaceWithoutPod: (.note, "no live pod is known behind a pod interface; it reaches inside only (S9)")
    }
  }

  /// How much it matters.
  package var severity: Severity { entry.severity }
}
