import ClusterModel
import NetworkValues
import Testing

@Suite struct CoreObjectTests {
  @Test func pod() throws {
    let reading = read(
      """
      apiVersion: v1
      kind: Pod
      metadata: { name: a, uid: u1, labels: { a: b, n: 1, t: true, v: 1.10 }, annotations: { x: y } }
      spec:
        nodeName: worker-1
        serviceAccountName: sa
        unknown: 1
        initContainers:
        - { name: i, ports: [{ containerPort: 1 }] }
        - { name: s, restartPolicy: Always, ports: [{ containerPort: 2, protocol: UDP }] }
        containers:
        - name: c
          ports: [{ name: http, containerPort: 80 }, { containerPort: 70000 }, { containerPort: 9, protocol: DCCP }]
      status: { phase: Running, podIP: 10.0.0.1, podIPs: [{ ip: 10.0.0.1 }, { ip: "fd00::1" }, { ip: 10.0.0.256 }] }
      """)
    let pod = try #require(reading.snapshot.pods.first)
    #expect(
      pod.metadata
        == Metadata(
          name: "a", namespace: "default", uid: "u1", labels: ["a": "b", "n": "1", "t": "true", "v": "1.10"]))
    #expect(pod.node == NodeName(rawValue: "worker-1"))
    #expect(pod.serviceAccount == "sa")
    #expect(pod.phase == .running)
    #expect(pod.addresses.map(\.description) == ["10.0.0.1", "fd00::1"])
    #expect(
      pod.containerPorts == [
        ContainerPort(name: nil, number: 2, transport: .udp), ContainerPort(name: "http", number: 80, transport: .tcp),
      ])
    #expect(
      reading.snapshot.problems.map(\.misunderstanding.path) == [
        "status.podIPs[2].ip", "spec.containers[0].ports[1].containerPort", "spec.containers[0].ports[2].protocol",
      ])
    #expect(reading.snapshot.problems.first?.object == pod.reference)
  }

  @Test func podThatIsWrong() throws {
    let reading = read(
      "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {serviceAccountName: [], hostNetwork: x, nodeName: 'A B'},"
        + " status: {phase: Odd, podIPs: null}}")
    let pod = try #require(reading.snapshot.pods.first)
    #expect(pod.serviceAccount == "")
    #expect(pod.hostNetwork)
    #expect(pod.node == nil)
    #expect(pod.phase == .notUnderstood)
    #expect(reading.snapshot.problems.count == 4)
    let noSpec = read("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: []}")
    #expect(noSpec.snapshot.pods.first?.serviceAccount == "")
    #expect(noSpec.snapshot.problems.map(\.misunderstanding.path) == ["spec"])
  }

  @Test(arguments: [
    ("", ["NET_RAW"]), ("securityContext: { capabilities: { drop: [ALL] } }", []),
    ("securityContext: { capabilities: { drop: [NET_RAW], add: [CAP_BPF, net_admin] } }", ["BPF", "NET_ADMIN"]),
    (
      "securityContext: { privileged: true, capabilities: { drop: [all], add: [ALL] } }",
      ["BPF", "NET_ADMIN", "NET_RAW", "SYS_ADMIN", "privileged"]
    ),
  ])
  func privileges(_ context: String, expected: [String]) {
    for isHost in [true, false] {
      let reading = read(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: \(isHost), containers: [{name: c"
          + (context.isEmpty ? "" : ", \(context)") + "}]}}")
      #expect(reading.snapshot.pods.first?.networkPrivileges == (isHost ? expected : []))
    }
  }

  @Test func node() throws {
    let reading = read(
      "{apiVersion: v1, kind: Node, metadata: {name: n, namespace: odd}, spec: {podCIDR: 10.0.0.0/24,"
        + " podCIDRs: [10.0.0.0/24, 10.0.1.1/24]}, status: {addresses: [{type: InternalIP, address: 1.2.3.4},"
        + " {type: InternalIP, address: x}, {type: Hostname, address: n}]}}")
    let node = try #require(reading.snapshot.nodes.first)
    #expect(node.metadata.namespace == "")
    #expect(node.podCIDRs.map(\.description) == ["10.0.0.0/24"])
    #expect(node.internalIPs.map(\.description) == ["1.2.3.4"])
    #expect(reading.snapshot.problems.count == 2)
    #expect(reading.snapshot.problems.first?.misunderstanding.reason.contains("10.0.1.0/24") == true)
  }

  @Test func service() throws {
    let reading = read(
      """
      apiVersion: v1
      kind: Service
      metadata: { name: s, namespace: ns }
      spec:
        type: LoadBalancer
        clusterIP: 10.96.0.1
        clusterIPs: [10.96.0.1, "fd00::1"]
        externalIPs: [198.51.100.1]
        externalTrafficPolicy: Local
        selector: { app: x }
        ports:
        - { name: http, port: 80, targetPort: 8080, nodePort: 30080 }
        - { port: 443, targetPort: https, protocol: UDP }
        - { port: 9, targetPort: 0 }
        - { port: x }
      status: { loadBalancer: { ingress: [{ ip: 198.51.100.2 }, { hostname: a.example }] } }
      ---
      { apiVersion: v1, kind: Service, metadata: { name: headless }, spec: { clusterIP: None, clusterIPs: [None] } }
      """)
    let service = try #require(reading.snapshot.services.first)
    #expect(service.type == "LoadBalancer" && service.externalTrafficIsLocal)
    #expect(service.clusterIPs.map(\.description) == ["10.96.0.1", "fd00::1"])
    #expect(service.externalAddresses.map(\.description) == ["198.51.100.1", "198.51.100.2"])
    #expect(
      service.ports == [
        ServicePort(name: "http", number: 80, transport: .tcp, targetPort: .number(8080), nodePort: 30080),
        ServicePort(name: nil, number: 443, transport: .udp, targetPort: .name("https")),
        ServicePort(name: nil, number: 9, transport: .tcp, targetPort: nil),
      ])
    #expect(reading.snapshot.problems.map(\.misunderstanding.path) == ["spec.ports[3].port"])
    #expect(reading.snapshot.services.last?.clusterIPs == [])
  }

  @Test func apiServers() {
    let reading = read(
      """
      apiVersion: v1
      kind: Endpoints
      metadata: { name: kubernetes }
      subsets:
      - { addresses: [{ ip: 10.0.0.2 }], notReadyAddresses: [{ ip: 10.0.0.1 }],
          ports: [{ name: https, port: 6443 }, { name: metrics, port: 1 }] }
      ---
      apiVersion: discovery.k8s.io/v1beta1
      kind: EndpointSlice
      metadata: { name: kubernetes, labels: { kubernetes.io/service-name: kubernetes } }
      addressType: IPv6
      endpoints: [{ addresses: ["fd00::1"], conditions: { ready: false } }, { addresses: [x] }]
      ports: [{ name: https, port: 6443, protocol: TCP }, { name: https, port: 6443, protocol: UDP }]
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: { name: kubernetes, namespace: other, labels: { kubernetes.io/service-name: kubernetes } }
      endpoints: [{ addresses: [10.0.0.9] }]
      ports: [{ port: 1 }]
      ---
      { apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: { name: k }, spec: { cidrs: [10.96.0.0/12, x] } }
      """)
    #expect(
      reading.snapshot.apiServerEndpoints.map(\.description) == ["10.0.0.1:6443", "10.0.0.2:6443", "[fd00::1]:6443"])
    #expect(reading.snapshot.serviceCIDRs.first?.cidrs.map(\.description) == ["10.96.0.0/12"])
    #expect(reading.snapshot.problems.count == 2)
  }

  @Test(arguments: [
    ("security.gloo.solo.io/v2", "AccessPolicy", true), ("networking.gloo.solo.io/v1", "ExternalService", true),
    ("apps/v1", "Service", true), ("v2", "Pod", true), ("networking.k8s.io/v1alpha1", "ServiceCIDR", true),
    ("serving.knative.dev/v1", "Service", false), ("longhorn.io/v1", "Node", false),
    ("networking.istio.io/v1", "ServiceEntry", false),
  ])
  func otherAPIs(_ apiVersion: String, kind: String, isMistake: Bool) {
    let snapshot = read(manifest(apiVersion, kind, "a: b")).snapshot
    #expect(snapshot.ignoredKinds == (isMistake ? [:] : ["\(apiVersion) \(kind)": 1]))
    #expect(snapshot.problems.map(\.misunderstanding.path) == (isMistake ? ["apiVersion"] : []))
    #expect(snapshot.accessPolicies.isEmpty && snapshot.services.isEmpty && snapshot.pods.isEmpty)
  }

  @Test(arguments: [
    ("apiVersion: v1\nkind: Pod\nmetadata: {}", "test.yaml:3 (document 1): metadata.name: is missing"),
    ("apiVersion: v1\nkind: Pod", "test.yaml:1 (document 1): metadata: is missing"),
    ("kind: Pod\nmetadata: { name: a }", "test.yaml:1 (document 1): apiVersion: is missing"),
    ("a: b", "test.yaml:1 (document 1): kind: is missing"),
    ("# x\n\njust text", "test.yaml:3 (document 1): \"just text\" is a string, not an object"),
    (
      "apiVersion: v1\nkind: Pod\nmetadata: { name: A/b }",
      "test.yaml:3 (document 1): metadata.name: \"A/b\" is no name: lower-case letters, digits, hyphens and dots, 253 at most"
    ),
    (
      "apiVersion: v1\nkind: Pod\nmetadata: { name: 1 }",
      "test.yaml:3 (document 1): metadata.name: \"1\" is an integer, not a string"
    ),
  ])
  func objectWithoutIdentity(_ text: String, error: String) {
    let reading = read(text)
    #expect(reading.errors.map(\.description) == [error])
    #expect(reading.snapshot == ClusterSnapshot())
  }
}
