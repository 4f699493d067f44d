import ClusterModel
import NetworkValues
import Testing

@Suite struct ExternalServiceTests {
  @Test func allFields() throws {
    let service = try #require(
      externalService(
        """
        hosts: [HTTPBin.org., "*.Example.COM", keycloak]
        addresses: [203.0.113.7, "2001:db8::/32"]
        selector: { host: keycloak }
        subjectAltNames: [a.example]
        ports:
        - number: 443
          name: https
          protocol: https
          targetPort: { number: "8443" }
          clientsideTls: { sni: x, somethingNew: 1 }
          egressGatewayRoutes:
            portMatch: 80
            virtualGatewayRefs: [{ name: vg, namespace: ns, cluster: c }, { name: vg2, kind: odd }]
        - { number: 80, targetPort: { name: http } }
        """))
    #expect(service.misunderstandings.isEmpty)
    #expect(service.hosts.map(\.value) == ["httpbin.org", "*.example.com", "keycloak"])
    #expect(service.addresses.compactMap(\.value).map(\.description) == ["203.0.113.7/32", "2001:db8::/32"])
    #expect(service.selector == ["host": "keycloak"])
    #expect(service.ports.count == 2)
    let port = try #require(service.ports[0].value)
    #expect(port.number == 443 && port.name == "https" && port.targetPort == .number(8443))
    #expect(port.routes?.portMatch == 80)
    #expect(port.routes?.gateways.first?.value == GatewayReference(name: "vg", namespace: "ns", cluster: "c"))
    #expect(
      port.routes?.gateways.last?.misunderstanding
        == Misunderstanding(
          path: "spec.ports[0].egressGatewayRoutes.virtualGatewayRefs[1].kind", value: "odd",
          reason: "is an unknown field"))
    #expect(service.ports[1].value?.targetPort == .name("http"))
    #expect(service.ports[1].value?.routes == nil)
  }

  @Test(arguments: [
    ("hosts: ['*']", "spec.hosts[0]"), ("hosts: ['a.*.com']", "spec.hosts[0]"),
    ("hosts: ['*a.com']", "spec.hosts[0]"), ("hosts: [bücher.example]", "spec.hosts[0]"),
    ("hosts: [a..b]", "spec.hosts[0]"), ("hosts: ['']", "spec.hosts[0]"), ("hosts: [203.0.113.7]", "spec.hosts[0]"),
    ("hosts: ['https://a.example']", "spec.hosts[0]"), ("hosts: [no, true]", "spec.hosts[1]"),
    ("hosts: [null]", "spec.hosts[0]"), ("hosts: ['${HOST}']", "spec.hosts[0]"),
    ("addresses: [10.0.0.1/8]", "spec.addresses[0]"), ("addresses: [010.0.0.1]", "spec.addresses[0]"),
    ("addresses: ['$(kubectl get svc)']", "spec.addresses[0]"), ("addresses: [0/0]", "spec.addresses[0]"),
    ("ports: [{ number: 0 }]", "spec.ports[0].number"), ("ports: [{ number: 65536 }]", "spec.ports[0].number"),
    ("ports: [{ number: '443' }]", "spec.ports[0].number"), ("ports: [{ number: 443.0 }]", "spec.ports[0].number"),
    ("ports: [{ number: 0x1bb }]", "spec.ports[0].number"), ("ports: [{ number: 0443 }]", "spec.ports[0].number"),
    ("ports: [{ number: -1 }]", "spec.ports[0].number"), ("ports: [{ name: x }]", "spec.ports[0].number"),
    ("ports: [{ number: 1, protocol: UDP }]", "spec.ports[0].protocol"),
    ("ports: [{ number: 1, targetPort: 443 }]", "spec.ports[0].targetPort"),
    ("ports: [{ number: 1, targetPort: {} }]", "spec.ports[0].targetPort"),
    ("ports: [{ number: 1, targetPort: { number: 1, name: a } }]", "spec.ports[0].targetPort"),
    ("ports: [{ number: 1, targetPort: { number: '0443' } }]", "spec.ports[0].targetPort.number"),
    ("ports: [{ number: 1, clientsideTls: true }]", "spec.ports[0].clientsideTls"),
    ("ports: [{ number: 1, routes: {} }]", "spec.ports[0].routes"),
    ("ports: [{ number: 1, egressGatewayRoutes: null }]", "spec.ports[0].egressGatewayRoutes"),
    (
      "ports: [{ number: 1, egressGatewayRoutes: { virtualGatewayRefs: vg } }]",
      "spec.ports[0].egressGatewayRoutes.virtualGatewayRefs"
    ),
    ("ports: [443]", "spec.ports[0]"),
  ])
  func partNotUnderstood(_ spec: String, path: String) throws {
    let service = try #require(externalService(spec))
    #expect(service.misunderstandings.isEmpty)
    let found =
      service.hosts.compactMap(\.misunderstanding) + service.addresses.compactMap(\.misunderstanding)
      + service.ports.compactMap(\.misunderstanding)
    #expect(found.map(\.path) == [path])
  }

  @Test(arguments: [
    ("hosts: a.example", "spec.hosts"), ("hosts:", "spec.hosts"), ("ports: {}", "spec.ports"),
    ("selector: { version: 1 }", "spec.selector.version"), ("selector: { a: '${B}' }", "spec.selector.a"),
    ("name: x", "spec.name"), ("apply_to: x", "spec.apply_to"), ("subjectAltNames: x", "spec.subjectAltNames"),
  ])
  func objectNotUnderstood(_ spec: String, path: String) throws {
    #expect(try #require(externalService(spec)).misunderstandings.map(\.path) == [path])
  }

  @Test func withoutSpec() {
    let reading = read("{apiVersion: networking.gloo.solo.io/v2, kind: ExternalService, metadata: {name: a}}")
    #expect(reading.snapshot.externalServices.first?.misunderstandings.map(\.path) == ["spec"])
  }

  @Test(arguments: [
    ("", Approval.absent), ("{}", .absent), ("{ common: {} }", .absent),
    ("{ common: { State: { approval: ACCEPTED } } }", .accepted),
    ("{ common: { State: { approval: WARNING } } }", .warning),
    ("{ common: { State: { approval: INVALID } } }", .withheld("INVALID")),
    ("{ common: { State: { approval: 1 } } }", .withheld("1")),
    ("{ common: { State: { observedGeneration: 3 } } }", .withheld("PENDING")),
    ("{ common: { State: odd } }", .withheld("PENDING")),
  ])
  func approval(_ status: String, expected: Approval) {
    let reading = read(
      """
      apiVersion: networking.gloo.solo.io/v2
      kind: ExternalService
      metadata: { name: a }
      spec: {}
      status: \(status)
      """)
    #expect(reading.snapshot.externalServices.first?.approval == expected)
  }

  @Test func endpoints() throws {
    func endpoint(_ spec: String) throws -> ExternalEndpoint {
      try #require(
        read(manifest("networking.gloo.solo.io/v2", "ExternalEndpoint", spec)).snapshot.externalEndpoints.first)
    }
    let good = try endpoint("address: 203.0.113.7\nports: [{ name: http, number: 80 }]\nlocality: { region: eu }")
    #expect(good.target.value == .address(IPAddress(v4: 0xcb00_7107)))
    #expect(good.ports == [.understood(EndpointPort(number: 80, name: "http"))])
    #expect(good.misunderstandings.isEmpty)
    #expect(try endpoint("address: A.example.").target.value == .host("a.example"))
    for bad in ["unix:///run/x", "'*.example'", "'${HOST}'", "10.0.0", "10", "''"] {
      #expect(try endpoint("address: \(bad)").target.misunderstanding?.path == "spec.address")
    }
    #expect(try endpoint("ports: []").target.misunderstanding?.reason == "is missing")
    let variable = try endpoint("address: 10.0.0.1\nports: [{ number: '${PORT}' }]").ports.first?.misunderstanding
    #expect(variable?.reason == "has a variable that was not filled in")
  }
}

private func externalService(_ spec: String) -> ExternalService? {
  read(manifest("networking.gloo.solo.io/v2", "ExternalService", spec)).snapshot.externalServices.first
}
