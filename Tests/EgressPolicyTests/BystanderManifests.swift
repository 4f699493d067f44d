/// Manifests of what stands beside the model, each a document or several, in the shapes of published samples.

/// Istio's task "Egress Gateways": the mesh to the gateway's Service, the gateway to the host.
///
/// - Parameters:
///   - fields: further ones of the ServiceEntry.
///   - hop: the host of the gateway's Service.
func egressRoute(
  _ host: String, declared: String, _ fields: String = "", in namespace: String = "exampleegressgw",
  by hop: String = "istio-egressgateway.istio-egress.svc.cluster.local"
) -> String {
  entry(declared, fields + "\n  resolution: DNS", in: namespace, port: "HTTP") + """

    ---
    apiVersion: networking.istio.io/v1alpha3
    kind: VirtualService
    metadata: { name: out, namespace: exampleegressgw }
    spec:
      hosts: [\(host)]
      gateways: [istio-egressgateway, mesh]
      http:
      - match: [{ gateways: [mesh], port: 80 }]
        route: [{ destination: { host: \(hop), port: { number: 80 } } }]
      - match: [{ gateways: [istio-egressgateway], port: 80 }]
        route: [{ destination: { host: \(host), port: { number: 80 } }, weight: 100 }]

    """
}

/// A VirtualService of the mesh alone, with one route.
func route(_ host: String, _ kind: String) -> String {
  """

  ---
  apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: { name: routing\(kind == "tls" ? "" : "-\(kind)"), namespace: seexamples }
  spec:
    hosts: [\(host)]
    \(kind): [{ match: [{ port: 443 }], route: [{ destination: { host: \(host) } }] }]

  """
}

/// From the outside to Services: the host is the cluster's own, and no ServiceEntry's.
let ingressRoute = """
  ---
  apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: { name: bookinfo, namespace: bookinfo }
  spec:
    hosts: [bookinfo.example.com, "*.bookinfo.example.com"]
    gateways: [ingress, mesh]
    http: [{ route: [{ destination: { host: productpage } }, { destination: { host: productpage.bookinfo.svc.cluster.local } }] }]

  """

func entry(
  _ host: String, _ fields: String = "resolution: DNS", in namespace: String = "seexamples", metadata: String = "",
  port protocolName: String = "TLS"
) -> String {
  """

  ---
  apiVersion: networking.istio.io/v1
  kind: ServiceEntry
  metadata: { name: ext, namespace: \(namespace)\(metadata) }
  spec:
    hosts: ["\(host)"]
    ports: [{ number: 443, name: port, protocol: \(protocolName) }]
    \(fields)

  """
}

func gateway(_ selector: String, in namespace: String = "istio-egress", name: String = "out") -> String {
  """

  ---
  apiVersion: networking.istio.io/v1
  kind: Gateway
  metadata: { name: \(name), namespace: \(namespace) }
  spec:
    servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
    selector: \(selector)

  """
}

func deployment(_ labels: String) -> String {
  """

  ---
  apiVersion: apps/v1
  kind: Deployment
  metadata: { name: out, namespace: asm, labels: { istio: egress } }
  spec: { replicas: 0, template: { metadata: { labels: \(labels) }, spec: { containers: [{ name: istio-proxy, image: auto }] } } }

  """
}

func kubernetesService(_ selector: String) -> String {
  """

  ---
  apiVersion: v1
  kind: Service
  metadata: { name: out, namespace: asm }
  spec: { selector: \(selector), ports: [{ port: 80, name: http }] }

  """
}

func sidecar(_ mode: String) -> String {
  """

  ---
  apiVersion: networking.istio.io/v1
  kind: Sidecar
  metadata: { name: default, namespace: seexamples }
  spec: { egress: [{ hosts: ["seexamples/*"] }], outboundTrafficPolicy: { mode: \(mode) } }

  """
}

/// - Parameter rules: of `egress`, each a line that begins with two spaces and a hyphen.
func networkPolicy(
  _ rules: String, name: String = "n", pods: String = "{}", types: String = "Egress"
) -> String {
  """

  ---
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: { name: \(name), namespace: bookinfo }
  spec:
    podSelector: \(pods)
    policyTypes: [\(types)]
    egress:
  \(rules)

  """
}

/// A rule for the resolver's port.
func dns(_ protocolName: String) -> String {
  "  - { to: \(resolver), ports: [{ protocol: \(protocolName), port: 53 }] }"
}

/// A rule for everything of the resolver's namespace.
let toResolver = "  - { to: \(resolver) }"

/// A rule for another namespace.
let toSystem = "  - { to: [{ namespaceSelector: { matchLabels: { istio: system } } }] }"

private let resolver = "[{ namespaceSelector: { matchLabels: { kube-system: \"true\" } } }]"
