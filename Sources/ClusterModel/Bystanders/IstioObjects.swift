/// Istio `networking.istio.io ServiceEntry`: hosts that the mesh knows beside its Services.
package struct ServiceEntry: Hashable, Sendable {
  /// How proxies find the address of a connection. Absent means `none`.
  package enum Resolution: String, Hashable, Sendable, CaseIterable {
    case none = "NONE"
    case fixed = "STATIC"
    case dns = "DNS"
    case dnsRoundRobin = "DNS_ROUND_ROBIN"
    case dynamicDNS = "DYNAMIC_DNS"
  }

  /// One of `ports[]`.
  package struct Port: Hashable, Sendable {
    /// Its number.
    package var number: UInt16

    /// In capitals; empty where it is not given.
    package var protocolName: String

    /// Where it stands: `spec.ports[0]`.
    package var path: String
  }

  /// Names, wildcards in front included.
  package var hosts: [PlacedText] = []

  /// Whether it lists addresses of its own.
  package var hasAddresses = false

  /// What it listens on.
  package var ports: [Port] = []

  /// How an address is found; `nil` where the field was not understood.
  package var resolution: Resolution? = Resolution.none

  /// The namespaces that see it; `nil` where the field is absent. Absent and empty mean every namespace.
  package var exportTo: [String]?

  /// Whether a waypoint stands before it, by its own label.
  package var usesWaypoint = false
}

/// Istio `networking.istio.io VirtualService`: where proxies lead what is asked for a host.
package struct VirtualService: Hashable, Sendable {
  /// One of `http[]`, `tls[]` or `tcp[]`.
  package struct Route: Hashable, Sendable {
    /// Of its matches; those of the VirtualService where a match, or the route, names none.
    package var gateways: Set<String>

    /// Every `destination.host`, mirrors included.
    package var destinations: [PlacedText]
  }

  /// Names, wildcards in front included.
  package var hosts: [PlacedText] = []

  /// The Gateways that it belongs to; `mesh`, which is the default, means the sidecars.
  package var gateways: Set<String> = ["mesh"]

  /// In the order http, tls, tcp.
  package var routes: [Route] = []

  /// As ServiceEntry has it.
  package var exportTo: [String]?
}

/// Istio `networking.istio.io Gateway`: what gateway pods listen on. Not the Gateway API's kind of that name.
package struct IstioGateway: Hashable, Sendable {
  /// The labels of the pods, in any namespace. Empty means every gateway pod; `nil` where it was not understood.
  package var selector: [String: String]? = [:]
}

/// Istio `networking.istio.io DestinationRule`: how proxies connect to a host.
package struct DestinationRule: Hashable, Sendable {
  /// The host that it is about.
  package var host = ""

  /// Every `tunnel.targetHost`: what the host, a forward proxy, is asked to connect to.
  package var tunnels: [PlacedText] = []

  /// As ServiceEntry has it.
  package var exportTo: [String]?
}

/// Istio `networking.istio.io Sidecar`: what the proxies of a namespace, or of some of its pods, know.
package struct Sidecar: Hashable, Sendable {
  /// `outboundTrafficPolicy.mode` where that lets destinations pass which the mesh does not know.
  package var passingMode: String?
}
