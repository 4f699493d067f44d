import ClusterModel
import Testing

@Suite struct GatewayTests {
  @Test func allFields() throws {
    let gateway = try #require(
      virtualGateway(
        """
        workloads:
        - selector: { labels: { istio: egress }, namespace: ns }
        - { kind: VM, selector: {} }
        - {}
        - { selector: { app: x } }
        listeners:
        - port: { number: 443 }
          appProtocol: https
          http: {}
          httpsRedirect: false
          tls: { mode: ISTIO_MUTUAL, parameters: { minimumProtocolVersion: TLSv1_3 } }
          allowedRouteTables: [{ host: '*' }]
          exposedExternalServices:
          - host: HTTPBin.org
          - { host: "prod/*.example.com", selector: { labels: { a: b } } }
          - { host: "*/a.example" }
          - { host: ./* }
          - { host: a/b/c }
          - { host: a.example, selector: { name: x } }
          - {}
        - { port: { name: https }, tls: { mode: 1 } }
        - { port: { name: https }, tls: {} }
        - { port: { number: 80 } }
        """))
    #expect(gateway.misunderstandings.isEmpty)
    let workloads = try #require(gateway.workloads)
    #expect(
      workloads.map(\.value) == [
        WorkloadSelector(selector: ObjectSelector(labels: ["istio": "egress"], namespace: "ns")),
        WorkloadSelector(selector: ObjectSelector(), isVirtualMachine: true), WorkloadSelector(selector: nil), nil,
      ])
    #expect(gateway.listeners.map { $0.value?.tls } == [.istioMutual, .simple, .passthrough, nil])
    let exposed = try #require(gateway.listeners.first?.value).exposed
    #expect(
      exposed.map(\.value) == [
        ExposedExternalService(host: ExposedHost(name: "httpbin.org")),
        ExposedExternalService(host: ExposedHost(namespace: "prod", name: "*.example.com"), selector: ["a": "b"]),
        ExposedExternalService(host: ExposedHost(name: "a.example")),
        ExposedExternalService(host: ExposedHost(namespace: ".", name: "*")), nil, nil, nil,
      ])
  }

  @Test(arguments: [
    "{}", "{ port: 443 }", "{ port: { number: 443 }, appProtocol: QUIC }", "{ port: { number: 443 }, tls: SIMPLE }",
    "{ port: { number: 443 }, tls: { mode: NONE } }", "{ port: { number: 443 }, exposedExternalServices: null }",
    "{ port: { number: 443 }, exposedExternalServices: {} }", "{ port: { number: 443 }, hosts: [a] }",
    "{ port: { number: 443 }, http: true }",
  ])
  func listenerNotUnderstood(_ listener: String) throws {
    let gateway = try #require(virtualGateway("listeners:\n- \(listener)"))
    #expect(gateway.listeners.first?.misunderstanding != nil)
    #expect(gateway.workloads == nil)
  }

  @Test func workspaces() throws {
    let reading = read(
      manifest(
        "admin.gloo.solo.io/v2", "Workspace",
        """
        workloadClusters:
        - { name: 'c*', namespaces: [{ name: a, configEnabled: true }, { labels: { x: y }, configEnabled: false }] }
        - { selector: { region: eu }, configEnabled: false, namespaces: [{ name: '*' }] }
        - { name: d, namespaces: [{ name: a, configEnabled: true }, { name: b }] }
        - { name: e, nameSpaces: [] }
        """))
    let workspace = try #require(reading.snapshot.workspaces.first)
    #expect(
      workspace.clusters.map(\.value) == [
        WorkloadCluster(
          name: "c*",
          namespaces: [
            WorkloadNamespace(name: "a"), WorkloadNamespace(name: nil, labels: ["x": "y"], configEnabled: false),
          ]),
        WorkloadCluster(
          name: nil, labels: ["region": "eu"], namespaces: [WorkloadNamespace(name: "*", configEnabled: false)]), nil,
        nil,
      ])
  }

  @Test func workspaceSettings() throws {
    let reading = read(
      manifest(
        "admin.gloo.solo.io/v2", "WorkspaceSettings",
        """
        importFrom:
        - { workspaces: [{ name: a, selector: { x: y } }], resources: [{ kind: SERVICE }, { labels: { expose: "true" } }] }
        - { workspaces: [{ name: a }], resources: [{ kind: 4 }] }
        - { workspaces: [{ name: a }], resources: [{ kind: EVERYTHING }] }
        - { workspaces: a }
        options: { serviceIsolation: { enabled: true } }
        """))
    let settings = try #require(reading.snapshot.workspaceSettings.first)
    #expect(settings.misunderstandings.isEmpty)
    #expect(
      settings.importFrom.map(\.value) == [
        WorkspaceShare(
          workspaces: [WorkspaceSelector(name: "a", labels: ["x": "y"])],
          resources: [ResourceSelector(kind: "SERVICE"), ResourceSelector(labels: ["expose": "true"])]),
        WorkspaceShare(
          workspaces: [WorkspaceSelector(name: "a")], resources: [ResourceSelector(kind: "EXTERNAL_SERVICE")]), nil,
        nil,
      ])
    #expect(settings.exportTo.isEmpty)
  }
}

private func virtualGateway(_ spec: String) -> VirtualGateway? {
  read(manifest("networking.gloo.solo.io/v2", "VirtualGateway", spec)).snapshot.virtualGateways.first
}
