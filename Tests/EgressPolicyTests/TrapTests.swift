import EgressPolicy
import Foundation
import ManifestSource
import Testing

/// Mistakes that real samples of Gloo Mesh and Istio contain, and what `moat check` says of them.
@Suite struct TrapTests {
  /// Each with the beginning of its finding.
  @Test(arguments: [
    (
      "an AccessPolicy of the wrong group",
      """
      apiVersion: security.gloo.solo.io/v2
      kind: AccessPolicy
      metadata: { name: p, namespace: istio-egress }
      spec: {}
      """,
      "warning M003 AccessPolicy istio-egress/p apiVersion: \"security.gloo.solo.io/v2\" is not the API of AccessPolicy"
    ),
    (
      "a name in the spec", policy("name: p"),
      "warning M001 AccessPolicy istio-egress/p spec.name: \"p\" is an unknown field; the object grants nothing"
    ),
    (
      "serviceIsolation where it does not belong", policy("serviceIsolation: true"),
      "warning M001 AccessPolicy istio-egress/p spec.serviceIsolation: \"true\" is an unknown field; the object grants nothing"
    ),
    (
      "serviceIsolation as a boolean, where it belongs",
      """
      apiVersion: admin.gloo.solo.io/v2
      kind: WorkspaceSettings
      metadata: { name: w, namespace: bookinfo }
      spec: { options: { serviceIsolation: true } }
      """,
      "warning M001 WorkspaceSettings bookinfo/w spec.options.serviceIsolation: \"true\" is a boolean, not an object"
    ),
    (
      "allowedClients as an object",
      policy("config: { authz: { allowedClients: { serviceAccountSelector: { name: a } } } }"),
      "warning M001 AccessPolicy istio-egress/p spec.config.authz.allowedClients"
    ),
    (
      "a variable in an address",
      """
      apiVersion: networking.gloo.solo.io/v2
      kind: ExternalEndpoint
      metadata: { name: e, namespace: global }
      spec: { address: "${IP}", ports: [{ number: 443 }] }
      """,
      "warning M001 ExternalEndpoint global/e spec.address: \"${IP}\" has a variable that was not filled in"
    ),
    (
      "a command in a host", service("hosts: [\"$(kubectl get svc)\"]"),
      "warning M001 ExternalService global/s spec.hosts[0]: \"$(kubectl get svc)\" has a variable that was not filled in"
    ),
    (
      "a network with a variable", service("addresses: [\"${NET}/24\"]"),
      "warning M001 ExternalService global/s spec.addresses[0]: \"${NET}/24\" has a variable that was not filled in"
    ),
    (
      "a host with a single label", service("hosts: [keycloak]"),
      "warning M054 ExternalService global/s spec.hosts[0]: keycloak has a single label"
    ),
    (
      "a host that is a Service", service("hosts: [keycloak.keycloak.svc.cluster.local]"),
      "warning M054 ExternalService global/s spec.hosts[0]: keycloak.keycloak.svc.cluster.local is a name of the cluster's own"
    ),
    (
      "a host that is a Service, in short", service("hosts: [keycloak.keycloak.svc]"),
      "warning M054 ExternalService global/s spec.hosts[0]: keycloak.keycloak.svc is a name of the cluster's own"
    ),
    (
      "Gloo Mesh 1's Destination",
      """
      apiVersion: discovery.mesh.gloo.solo.io/v1
      kind: Destination
      metadata: { name: d, namespace: gloo-mesh }
      spec: {}
      """,
      "warning M055 discovery.mesh.gloo.solo.io/v1 Destination: 1 object of kind"
    ),
    (
      "Gloo Mesh 1's AccessPolicy",
      """
      apiVersion: networking.mesh.gloo.solo.io/v1
      kind: TrafficPolicy
      metadata: { name: t, namespace: gloo-mesh }
      spec: {}
      """,
      "warning M055 networking.mesh.gloo.solo.io/v1 TrafficPolicy: 1 object of kind"
    ),
    (
      "a gateway whose labels select nothing",
      """
      apiVersion: networking.gloo.solo.io/v2
      kind: VirtualGateway
      metadata: { name: g, namespace: istio-egress }
      spec:
        workloads: [{ selector: { labels: { asm: egressgateway } } }]
        listeners: [{ port: { number: 443 }, tls: { mode: ISTIO_MUTUAL } }]
      ---
      """ + "\n" + service("hosts: [a.example]", gateway: "g"),
      "warning M024 VirtualGateway istio-egress/g spec.workloads: no live pod is selected"
    ),
    (
      "an Istio object",
      """
      apiVersion: networking.istio.io/v1
      kind: ServiceEntry
      metadata: { name: s, namespace: default }
      spec: { hosts: ["*.com"], exportTo: [], resolution: NONE, ports: [{ number: 443, name: t, protocol: TCP }] }
      """,
      "note M036 networking.istio.io/v1 ServiceEntry: 1 object of kind networking.istio.io/v1 ServiceEntry allows nothing here. "
        + "Nothing where Gloo Mesh wrote it; else say what may leave by ExternalService"
    ),
    (
      "a NetworkPolicy that allows DNS by UDP alone",
      """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: { name: n, namespace: bookinfo }
      spec: { podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ protocol: UDP, port: 53 }] }] }
      """,
      "note M036 networking.k8s.io/v1 NetworkPolicy: 1 object of kind networking.k8s.io/v1 NetworkPolicy allows nothing here. "
        + "Nothing; the CNI enforces it beside moat, and a connection, as DNS by UDP and by TCP"
    ),
  ])
  func `Each is told by its name, and allows nothing`(trap: String, manifest: String, beginning: String) throws {
    let whole = try inputs(of: "01-httpbin")
    var collector = ManifestCollector()
    collector.add(Array(manifest.utf8), file: "trap.yaml")
    for name in ["cluster", "egress"] {
      let file = scenarios.appendingPathComponent("01-httpbin/\(name).yaml")
      collector.add(Array(try Data(contentsOf: file)), file: "\(name).yaml")
    }
    let read = collector.finish()
    #expect(read.errors.isEmpty, "\(read.errors)")
    let found = EgressModel(read.snapshot, under: whole.configuration)
    for node in found.nodeNames {
      let flows = found.flows(on: node)
      #expect(flows.findings.contains { "\($0)".hasPrefix(beginning) }, "\(trap): \(flows.findings)")
      #expect(
        flows.lines == EgressModel(whole.snapshot, under: whole.configuration).flows(on: node).lines, "\(trap)")
    }
  }
}

private func policy(_ field: String) -> String {
  """
  apiVersion: security.policy.gloo.solo.io/v2
  kind: AccessPolicy
  metadata: { name: p, namespace: istio-egress }
  spec: { \(field) }
  """
}

private func service(_ field: String, gateway: String = "egress-vg") -> String {
  """
  apiVersion: networking.gloo.solo.io/v2
  kind: ExternalService
  metadata: { name: s, namespace: global }
  spec:
    \(field)
    ports:
    - number: 443
      protocol: HTTPS
      egressGatewayRoutes: { virtualGatewayRefs: [{ name: \(gateway), namespace: istio-egress }] }
  """
}
