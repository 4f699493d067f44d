import Foundation

/// A part of an Envoy's configuration, as JSON.
typealias EnvoyObject = [String: Any]

/// The names that Istio gives.
enum EnvoyName {
  static let passthrough = "PassthroughCluster"
  static let blackHole = "BlackHoleCluster"
  static let httpbin = "outbound|443||httpbin.org"
  static let serverName = "outbound_.443_._.httpbin.org"
}

/// Something that Envoy knows by its type.
func component(_ name: String, _ type: String, _ fields: EnvoyObject = [:]) -> EnvoyObject {
  ["name": name, "typed_config": typed(type, fields)]
}

/// The settings of something that Envoy knows by its type.
func typed(_ type: String, _ fields: EnvoyObject = [:]) -> EnvoyObject {
  var fields = fields
  fields["@type"] = "type.googleapis.com/envoy.\(type)"
  return fields
}

/// An address and a port to listen on or to connect to.
func socketAddress(_ address: String, _ port: UInt16) -> EnvoyObject {
  ["socket_address": ["address": address, "port_value": port]]
}

/// A listener on a port of every address.
func listener(_ name: String, _ port: UInt16, _ chains: [EnvoyObject], filters: [EnvoyObject] = []) -> EnvoyObject {
  [
    "name": name, "address": socketAddress("0.0.0.0", port),
    "additional_addresses": [["address": socketAddress("::", port)]], "listener_filters": filters,
    "filter_chains": chains,
  ]
}

/// A server for HTTP: routes, what judges requests before them, and where they are logged.
func webServer(_ name: String, hosts: [EnvoyObject], filters: [EnvoyObject] = [], log: EnvoyObject? = nil)
  -> EnvoyObject
{
  let router = component("envoy.filters.http.router", "extensions.filters.http.router.v3.Router")
  return component(
    "envoy.filters.network.http_connection_manager",
    "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    [
      "stat_prefix": name, "codec_type": "AUTO", "http_filters": filters + [router],
      "route_config": ["name": name, "virtual_hosts": hosts], "access_log": log.map { [$0] } ?? [],
      // Says in x-forwarded-for who has asked.
      "use_remote_address": true,
    ])
}

/// What becomes of every request to these hosts: sent to a cluster.
func virtualHost(_ domains: [String], to cluster: String) -> EnvoyObject {
  let route: EnvoyObject = [
    "name": domains[0], "match": ["prefix": "/"], "route": ["cluster": cluster, "timeout": "5s"],
  ]
  return ["name": domains.joined(separator: ","), "domains": domains, "routes": [route]]
}

/// What becomes of every request: answered at once.
func answer(_ status: Int, _ text: String) -> EnvoyObject {
  let reply: EnvoyObject = ["status": status, "body": ["inline_string": text]]
  return ["name": text, "domains": ["*"], "routes": [["match": ["prefix": "/"], "direct_response": reply]]]
}

/// Hands connections on as they are.
func streamProxy(to cluster: String) -> EnvoyObject {
  component(
    "envoy.filters.network.tcp_proxy", "extensions.filters.network.tcp_proxy.v3.TcpProxy",
    ["stat_prefix": cluster, "cluster": cluster])
}

/// One endpoint, reached over TLS with HTTP of one version.
func cluster(_ name: String, at endpoint: EnvoyObject, http: String, tls: EnvoyObject) -> EnvoyObject {
  let options = typed(
    "extensions.upstreams.http.v3.HttpProtocolOptions", ["explicit_http_config": [http: EnvoyObject()]])
  return [
    "name": name, "type": "STATIC", "connect_timeout": "5s",
    "load_assignment": ["cluster_name": name, "endpoints": [["lb_endpoints": [["endpoint": ["address": endpoint]]]]]],
    "typed_extension_protocol_options": ["envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options],
    "transport_socket": component(
      "envoy.transport_sockets.tls", "extensions.transport_sockets.tls.v3.UpstreamTlsContext", tls),
  ]
}

/// The server's side of TLS.
func serverTLS(_ fields: EnvoyObject) -> EnvoyObject {
  component("envoy.transport_sockets.tls", "extensions.transport_sockets.tls.v3.DownstreamTlsContext", fields)
}

/// A certificate to show, and whom to believe.
func tlsContext(
  _ certificate: (certificate: String, key: String)?, trusting authority: String? = nil, as name: EnvoyObject? = nil,
  alpn: [String]
) -> EnvoyObject {
  var context: EnvoyObject = ["alpn_protocols": alpn]
  if let certificate {
    context["tls_certificates"] = [
      ["certificate_chain": ["filename": certificate.certificate], "private_key": ["filename": certificate.key]]
    ]
  }
  if let authority {
    var validation: EnvoyObject = ["trusted_ca": ["filename": authority]]
    if let name { validation["match_typed_subject_alt_names"] = [name] }
    context["validation_context"] = validation
  }
  return context
}

/// A certificate's name that must be exactly this one.
func subject(_ type: String, _ name: String) -> EnvoyObject { ["san_type": type, "matcher": ["exact": name]] }

/// One JSON object a request in a file.
func accessLog(_ path: String, _ format: EnvoyObject) -> EnvoyObject {
  component(
    "envoy.access_loggers.file", "extensions.access_loggers.file.v3.FileAccessLog",
    ["path": path, "log_format": ["json_format": format]])
}
