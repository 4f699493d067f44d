import SeededRandom

/// The cluster that every measurement is made with, as manifests.
///
/// All gateway pods run on one gateway node, so that it holds `shape.allowances` in all: hop A from every other pod of
/// the cluster to the pods of the one gateway that its team uses, and hop B from every gateway pod to the addresses of
/// the services behind it. Every other node holds `podsPerNode × podsPerGateway` allowances of hop A.
///
/// Equal seeds give equal clusters. What the seed decides: names, which pod runs under which ServiceAccount, who else
/// is granted a service, and the order of the objects.
package struct ReferenceCluster: Sendable {
  /// How large the cluster is.
  package struct Shape: Sendable {
    package var nodes = 40
    package var podsPerNode = 250
    package var namespaces = 50
    package var accountsPerNamespace = 20
    package var gateways = 4
    package var podsPerGateway = 4
    package var services = 500

    /// What the gateway node holds.
    package var allowances = 100_000

    package init() {}

    package var pods: Int { nodes * podsPerNode }
    package var accounts: Int { namespaces * accountsPerNamespace }
    package var gatewayPods: Int { gateways * podsPerGateway }

    /// Addresses of all external services together: each is reached from every pod of one gateway.
    var externalAddresses: Int {
      (allowances - (pods - gatewayPods) * podsPerGateway) / podsPerGateway
    }
  }

  /// What the cluster is called in selectors and references.
  package static let name = "cluster-1"

  /// The node of all gateway pods, and one of the others.
  package static let gatewayNode = nodeName(0)
  package static let ordinaryNode = nodeName(1)

  package let shape: Shape

  /// Every object, in an order that means nothing.
  package let objects: [Tree]

  /// moat's configuration: the cluster's networks, and what every host name resolves to.
  package let configuration: Tree

  package init(_ shape: Shape = Shape(), seed: UInt64) {
    self.shape = shape
    var generator = Seeded(seed)
    var objects = namespaces(shape) + nodes(shape) + serviceAccounts(shape) + gatewayObjects(shape)
    objects += pods(shape, &generator) + externalServices(shape) + accessPolicies(shape, &generator)
    objects.append(apiServerEndpoints)
    objects.shuffle(using: &generator)
    self.objects = objects
    configuration = moatConfiguration(shape)
  }

  /// One List, an object a line.
  package var json: String {
    "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n" + objects.map(\.json).joined(separator: ",\n") + "\n]}\n"
  }

  /// A document an object.
  package var yaml: String { objects.map(\.yaml).joined(separator: "---\n") }
}

/// Whole numbers with leading zeros, so that names sort as they are counted.
func padded(_ number: Int, to width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

func nodeName(_ number: Int) -> String { number == 0 ? "gateway-1" : "worker-\(padded(number, to: 2))" }

func namespaceName(_ number: Int) -> String { "team-\(padded(number, to: 2))" }

func accountName(_ number: Int) -> String { "app-\(padded(number, to: 2))" }

func gatewayName(_ number: Int) -> String { "egress-\(number)" }

func serviceName(_ number: Int) -> String { "vendor-\(padded(number, to: 3))" }

/// Where the gateways live, and where external services and policies do.
let gatewayNamespace = "istio-egress"
let externalNamespace = "global"

extension ReferenceCluster.Shape {
  /// The gateway that a namespace's pods use.
  func gateway(ofNamespace namespace: Int) -> Int { namespace % gateways }

  /// The gateway that an external service is reached through.
  func gateway(ofService service: Int) -> Int { service % gateways }

  /// The two hosts of an external service.
  func hosts(ofService service: Int) -> [String] {
    let zone = "zone-\(gateway(ofService: service)).example"
    return ["api", "cdn"].map { "\($0).\(serviceName(service)).\(zone)" }
  }

  /// The addresses of an external service, numbered through all services.
  func addresses(ofService service: Int) -> Range<Int> {
    externalAddresses * service / services..<externalAddresses * (service + 1) / services
  }
}

/// An address of 198.18.0.0/15, which is set aside for benchmarks (RFC 2544). Numbers beside each other give addresses
/// far apart: neighbours would be joined to networks, and a network is another kind of element.
func externalAddress(_ number: Int) -> String {
  let place = number * 40_503 & 0x1_ffff
  return "198.\(18 + place >> 16).\(place >> 8 & 255).\(place & 255)"
}

/// An address of a node's pod network, 10.64.N.0/24.
package func podAddress(node: Int, index: Int) -> String { "10.64.\(node).\(index + 2)" }
