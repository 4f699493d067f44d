import NamespaceLab

/// What a sidecar does with connections that it knows nothing of (Istio's outboundTrafficPolicy).
enum OutboundPolicy: UInt16 {
  /// ALLOW_ANY, by the port that redirected connections come to.
  case allowAny = 15_001

  /// REGISTRY_ONLY, by another port, so that one sidecar shows both.
  case registryOnly = 15_002

  fileprivate var cluster: String { self == .allowAny ? EnvoyName.passthrough : EnvoyName.blackHole }
}

/// A pod's sidecar and, on port 9080, its application.
struct Sidecar {
  let identity: WorkloadIdentity
  let certificates: Certificates

  var listeners: [EnvoyObject] {
    [outbound(.allowAny), outbound(.registryOnly), application]
  }

  var clusters: [EnvoyObject] {
    let tls: EnvoyObject = [
      "sni": EnvoyName.serverName,
      "common_tls_context": tlsContext(
        certificates.files(identity.rawValue), trusting: certificates.trusted(.mesh),
        as: subject("URI", WorkloadIdentity.gateway.uri), alpn: ["h2"]),
    ]
    return [
      cluster(EnvoyName.httpbin, at: socketAddress("10.96.0.100", 443), http: "http2_protocol_options", tls: tls),
      [
        "name": EnvoyName.passthrough, "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "5s",
      ],
      ["name": EnvoyName.blackHole, "type": "STATIC", "connect_timeout": "5s"],
    ]
  }

  private var application: EnvoyObject {
    listener("application", 9080, [["filters": [webServer("application", hosts: [answer(200, identity.rawValue)])]]])
  }

  private func outbound(_ policy: OutboundPolicy) -> EnvoyObject {
    let hosts = [
      virtualHost(["httpbin.org", "httpbin.org:80"], to: EnvoyName.httpbin), virtualHost(["*"], to: policy.cluster),
    ]
    let destination = component(
      "envoy.filters.listener.original_dst", "extensions.filters.listener.original_dst.v3.OriginalDst")
    return listener(
      "outbound \(policy)", policy.rawValue,
      [
        ["filter_chain_match": ["destination_port": 80], "filters": [webServer("80", hosts: hosts)]],
        ["filters": [streamProxy(to: policy.cluster)]],
      ], filters: [destination])
  }
}

/// The egress gateway: whom it lets to httpbin.org, and how it goes there. On port 9090 something else that listens.
struct EgressGateway {
  let certificates: Certificates
  let log: String

  /// Istio's own fields, which the task page shows.
  static let logFormat: [String: String] = [
    "authority": "%REQ(:AUTHORITY)%", "bytes_received": "%BYTES_RECEIVED%", "bytes_sent": "%BYTES_SENT%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%", "duration": "%DURATION%", "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%", "protocol": "%PROTOCOL%", "request_id": "%REQ(X-REQUEST-ID)%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%", "response_code": "%RESPONSE_CODE%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%", "response_flags": "%RESPONSE_FLAGS%",
    "route_name": "%ROUTE_NAME%", "start_time": "%START_TIME%", "upstream_cluster": "%UPSTREAM_CLUSTER%",
    "upstream_host": "%UPSTREAM_HOST%", "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%", "user_agent": "%REQ(USER-AGENT)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
  ]

  var listeners: [EnvoyObject] {
    let inspector = component(
      "envoy.filters.listener.tls_inspector", "extensions.filters.listener.tls_inspector.v3.TlsInspector")
    let server = webServer(
      "8443", hosts: [virtualHost(["httpbin.org", "httpbin.org:*"], to: EnvoyName.httpbin)], filters: [admission],
      log: accessLog(log, Self.logFormat))
    let chain: EnvoyObject = [
      "filter_chain_match": ["server_names": [EnvoyName.serverName]], "transport_socket": mutualTLS,
      "filters": [server],
    ]
    return [
      listener("8443", 8443, [chain], filters: [inspector]),
      listener("9090", 9090, [["filters": [webServer("9090", hosts: [answer(200, "not a listener of the model")])]]]),
    ]
  }

  var clusters: [EnvoyObject] {
    let tls: EnvoyObject = [
      "sni": "httpbin.org",
      "common_tls_context": tlsContext(
        nil, trusting: certificates.trusted(.outside), as: subject("DNS", "httpbin.org"), alpn: ["http/1.1"]),
    ]
    return [
      cluster(EnvoyName.httpbin, at: socketAddress("203.0.113.10", 443), http: "http_protocol_options", tls: tls)
    ]
  }

  /// Nobody without a certificate of the mesh.
  private var mutualTLS: EnvoyObject {
    serverTLS([
      "require_client_certificate": true,
      "common_tls_context": tlsContext(
        certificates.files(WorkloadIdentity.gateway.rawValue), trusting: certificates.trusted(.mesh),
        alpn: ["h2", "http/1.1"]),
    ])
  }

  /// The AccessPolicy as Istio's AuthorizationPolicy makes it: productpage alone.
  private var admission: EnvoyObject {
    let name: EnvoyObject = ["exact": WorkloadIdentity.productpage.uri]
    let policy: EnvoyObject = [
      "permissions": [["any": true]], "principals": [["authenticated": ["principal_name": name]]],
    ]
    return component(
      "envoy.filters.http.rbac", "extensions.filters.http.rbac.v3.RBAC",
      ["rules": ["action": "ALLOW", "policies": ["egress-access-policy": policy]]])
  }
}

/// Everything outside: answers every request on ports 80 and 443 of every address there, and writes down who asked.
struct OutsideWeb {
  let certificates: Certificates
  let log: String

  var listeners: [EnvoyObject] {
    let format: EnvoyObject = [
      "path": "%REQ(:PATH)%", "from": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "to": "%DOWNSTREAM_LOCAL_ADDRESS%",
    ]
    let server = webServer("outside", hosts: [answer(200, "outside")], log: accessLog(log, format))
    let tls = serverTLS([
      "common_tls_context": tlsContext(certificates.files("httpbin.org"), alpn: ["http/1.1"])
    ])
    return [
      listener("80", 80, [["filters": [server]]]),
      listener("443", 443, [["transport_socket": tls, "filters": [server]]]),
    ]
  }
}
