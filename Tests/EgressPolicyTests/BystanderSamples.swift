import Testing

/// A manifest of what stands beside the model.
struct Sample: Sendable, CustomTestStringConvertible {
  var name: String
  var manifest: String

  /// How the finding of it begins; empty where it has none.
  var beginning: String

  init(_ name: String, _ manifest: String, _ beginning: String = "") {
    self.name = name
    self.manifest = manifest
    self.beginning = beginning
  }

  var testDescription: String { name }
}

/// Mistakes, each with its finding.
let traps: [Sample] = [
  Sample(
    "a host that is declared with another ending", egressRoute("httpbin.net", declared: "httpbin.com"),
    "warning M075 VirtualService exampleegressgw/out spec.http[1].route[0].destination.host: no ServiceEntry or "
      + "ExternalService declares httpbin.net; ServiceEntry exampleegressgw/ext declares httpbin.com. Write the same host"
  ),
  Sample(
    "a host with a slip", egressRoute("edtion.cnn.com", declared: "edition.cnn.com"),
    "warning M075 VirtualService exampleegressgw/out spec.http[1].route[0].destination.host: no ServiceEntry or "
      + "ExternalService declares edtion.cnn.com; ServiceEntry exampleegressgw/ext declares edition.cnn.com"
  ),
  Sample(
    "a host of which nobody knows", egressRoute("api.example", declared: "httpbin.com"),
    "warning M075 VirtualService exampleegressgw/out spec.http[1].route[0].destination.host: no ServiceEntry or "
      + "ExternalService declares api.example. Declare the host"
  ),
  Sample(
    "a host that is kept to its own namespace",
    egressRoute("httpbin.com", declared: "httpbin.com", "exportTo: [\".\"]", in: "elsewhere"),
    "warning M075 VirtualService exampleegressgw/out spec.http[1].route[0].destination.host: httpbin.com is declared by "
      + "ServiceEntry elsewhere/ext, whose exportTo leaves this namespace out"
  ),
  Sample(
    "clients that leave themselves", entry("www.googleapis.com") + route("www.googleapis.com", "tls"),
    "warning M082 VirtualService seexamples/routing spec.tls[0].route[0].destination.host: the route of the mesh ends at "
      + "www.googleapis.com, so that clients connect to the outside themselves; moat refuses it"
  ),
  Sample(
    "a Gateway that selects nothing", gateway("{ istio: egress }"),
    "warning M076 Gateway istio-egress/out spec.selector: no pod and no template of pods given has istio=egress"
  ),
  Sample(
    "a Gateway that takes one label for another",
    gateway("{ istio: asm-egressgateway }") + deployment("{ app: asm-egressgateway }"),
    "warning M076 Gateway istio-egress/out spec.selector: no pod and no template of pods given has "
      + "istio=asm-egressgateway; Deployment asm/out has app=asm-egressgateway"
  ),
  Sample(
    "a Service that takes one label for another",
    gateway("{ istio: asm-egressgateway }") + deployment("{ app: asm-egressgateway }")
      + kubernetesService("{ asm: asm-egressgateway }"),
    "warning M076 Service asm/out spec.selector: no pod and no template of pods given in asm has asm=asm-egressgateway"
  ),
  Sample(
    "a Gateway whose pods no Service selects",
    gateway("{ app: asm-egressgateway }") + deployment("{ app: asm-egressgateway }")
      + kubernetesService("{ asm: asm-egressgateway }"),
    "warning M076 Gateway istio-egress/out spec.selector: it selects Deployment asm/out, which no Service selects; "
      + "Service asm/out selects asm=asm-egressgateway"
  ),
  Sample(
    "a Gateway with other pods than the Service on the way to it",
    gateway("{ istio: egressgateway }", in: "exampleegressgw", name: "istio-egressgateway")
      + deployment("{ app: asm-egressgateway }") + kubernetesService("{ app: asm-egressgateway }")
      + egressRoute("httpbin.com", declared: "httpbin.com", by: "out.asm.svc.cluster.local"),
    "warning M076 Gateway exampleegressgw/istio-egressgateway spec.selector: the mesh is led to Service asm/out, which "
      + "selects Deployment asm/out, and the Gateway selects other pods"
  ),
  Sample(
    "a Gateway without selector", gateway("{}"),
    "warning M084 Gateway istio-egress/out spec.selector: it is empty, so that every gateway pod of the mesh listens"
  ),
  Sample(
    "DNS by UDP alone", networkPolicy(dns("UDP") + "\n" + toSystem),
    "warning M077 NetworkPolicy bookinfo/n spec.egress[0]: UDP 53 is allowed and TCP 53 is not"
  ),
  Sample(
    "DNS by UDP alone, and by TCP for other pods",
    networkPolicy(dns("UDP")) + networkPolicy(dns("TCP"), name: "other", pods: "{ matchLabels: { app: a } }"),
    "warning M077 NetworkPolicy bookinfo/n spec.egress[0]: UDP 53 is allowed and TCP 53 is not"
  ),
  Sample(
    "every pod of the cluster", networkPolicy("  - to: [{ namespaceSelector: {} }]"),
    "warning M078 NetworkPolicy bookinfo/n spec.egress[0].to[0]: it is every pod of every namespace"
  ),
  Sample(
    "every pod of the cluster, in other words",
    networkPolicy(
      "  - to: [{ ipBlock: { cidr: 10.0.0.0/8 } }, { namespaceSelector: { matchLabels: {} }, podSelector: {} }]"),
    "warning M078 NetworkPolicy bookinfo/n spec.egress[0].to[1]: it is every pod of every namespace"
  ),
  Sample(
    "an export to nobody that is one to all", entry("a.example", "exportTo: []"),
    "warning M079 ServiceEntry seexamples/ext spec.exportTo: an empty list is no list: the object is exported to every"
  ),
  Sample(
    "every address of a port", entry("*.bar.com", "resolution: NONE", port: "TCP"),
    "warning M080 ServiceEntry seexamples/ext spec.ports[0]: TCP without addresses and with resolution NONE: the hosts do "
      + "not count, and proxies pass every address on port 443"
  ),
  Sample(
    "every address of a port, by leaving out", entry("*.bar.com", "location: MESH_EXTERNAL", port: "TCP"),
    "warning M080 ServiceEntry seexamples/ext spec.ports[0]: TCP without addresses and with resolution NONE"
  ),
  Sample(
    "a forward proxy",
    """
    ---
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: { name: tunnel }
    spec:
      host: proxy.example
      subsets: [{ name: t, trafficPolicy: { tunnel: { protocol: CONNECT, targetHost: www.wikipedia.org, targetPort: 443 } } }]
    """,
    "warning M083 DestinationRule default/tunnel spec.subsets[0].trafficPolicy.tunnel.targetHost: connections to "
      + "www.wikipedia.org leave to the forward proxy proxy.example"
  ),
  Sample(
    "a Sidecar that is no firewall", sidecar("ALLOW_ANY"),
    "note M085 Sidecar seexamples/default spec.outboundTrafficPolicy.mode: ALLOW_ANY lets proxies pass"
  ),
  Sample(
    "service isolation",
    """
    ---
    apiVersion: admin.gloo.solo.io/v2
    kind: WorkspaceSettings
    metadata: { name: w, namespace: bookinfo }
    spec: { options: { serviceIsolation: { enabled: true, trimProxyConfig: true } } }
    """,
    "note M081 WorkspaceSettings bookinfo/w spec.options.serviceIsolation: isolation is the proxies' alone and decides "
      + "nothing on the node"
  ),
  Sample(
    "a variable in an address", entry("a.example", "addresses: [\"${EXTERNAL_IP}\"]"),
    "warning M074 ServiceEntry seexamples/ext spec.addresses[0]: \"${EXTERNAL_IP}\" has a variable that was not filled in"
  ),
  Sample(
    "a variable in a network", networkPolicy("  - to: [{ ipBlock: { cidr: \"$(kubectl get svc)/32\" } }]"),
    "warning M074 NetworkPolicy bookinfo/n spec.egress[0].to[0].ipBlock.cidr: \"$(kubectl get svc)/32\" has a variable"
  ),
  Sample(
    "an unknown field", gateway("{ istio: egressgateway }\n  selectors: {}"),
    "warning M074 Gateway istio-egress/out spec.selectors: \"{}\" is an unknown field"
  ),
]

/// What has no finding of what stands beside the model.
let rightSamples: [Sample] = [
  Sample("Istio's egress gateway", egressRoute("edition.cnn.com", declared: "edition.cnn.com")),
  Sample("the same with a wildcard", egressRoute("en.wikipedia.org", declared: "*.wikipedia.org")),
  Sample("a host that Gloo's model declares", egressRoute("httpbin.org", declared: "other.example")),
  Sample(
    "an export to the route's namespace",
    egressRoute("a.example", declared: "a.example", "exportTo: [exampleegressgw]")
  ),
  Sample("a way in", ingressRoute),
  Sample("routes inside, by short and long names", route("reviews", "http") + route("istiod.istio-system.svc", "tls")),
  Sample(
    "clients before a waypoint",
    entry("www.googleapis.com", metadata: ", labels: { istio.io/use-waypoint: egress }")
      + route("www.googleapis.com", "tls")
  ),
  Sample("a Gateway with its pods and Service", gateway("{ istio: egressgateway }")),
  Sample(
    "a Gateway whose pods are still to come",
    gateway("{ asm: egress }") + deployment("{ asm: egress, app: egress }") + kubernetesService("{ app: egress }")
  ),
  Sample("DNS by both", networkPolicy(dns("UDP, port: 53 }, { protocol: TCP") + "\n" + toSystem)),
  Sample("DNS by both, in two rules", networkPolicy(dns("UDP") + "\n" + dns("TCP"))),
  Sample("DNS by both, in two policies", networkPolicy(dns("UDP")) + networkPolicy(dns("TCP"), name: "other")),
  Sample("all ports of the resolver", networkPolicy(dns("UDP") + "\n" + toResolver)),
  Sample("a policy for what comes in", networkPolicy(dns("UDP"), types: "Ingress")),
  Sample(
    "every resolver",
    networkPolicy(
      """
        - to: [{ namespaceSelector: {} }]
          ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
      """)
  ),
  Sample(
    "chosen pods of every namespace",
    networkPolicy(
      """
        - to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: a } } }]
      """)
  ),
  Sample("a wildcard told by its host header", entry("*.bar.com", "resolution: NONE", port: "HTTP")),
  Sample("a wildcard with addresses", entry("*.bar.com", "addresses: [203.0.113.0/24]", port: "TCP")),
  Sample("TCP by DNS", entry("db.example", "resolution: DNS", port: "TCP")),
  Sample("a Sidecar that knows its hosts alone", sidecar("REGISTRY_ONLY")),
  Sample(
    "the Gateway API's Gateway",
    """
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata: { name: g, namespace: istio-egress }
    spec: { gatewayClassName: istio, selector: 1 }
    """
  ),
  Sample(
    "a version of later",
    """
    ---
    apiVersion: networking.istio.io/v7
    kind: Sidecar
    metadata: { name: g, namespace: istio-egress }
    spec: 7
    """
  ),
]
