import NetworkValues

/// The sets of the table, one of each for either family. Neighbours may rely on the names.
enum SetName: String {
  /// Addresses that count as inside.
  case inside

  /// Gateway pods' addresses (S3).
  case gateways

  /// client . gateway . port (S2).
  case clients

  /// gateway . port: with `admission: mesh` everyone of `podnetworks` is a client.
  case endpoints

  /// The nodes' podCIDRs.
  case podnetworks

  /// gateway pod . address . protocol . port, and network . gateway pod . protocol . port (S4).
  case external, external_networks

  /// The same for exceptions (S7).
  case exceptions, exception_networks

  /// address . protocol . port, exact and as networks, for the host (S6).
  case hosts, host_networks

  /// As `external`, `exceptions` and `hosts`, for addresses that DNS gave: elements vanish where nobody renews them.
  case external_names, exception_names, host_names

  /// Gateway pods that may reach what resolvers tell them, and the resolvers that are believed (S4).
  case name_clients, resolvers

  /// address . port (S16).
  case apiserver

  /// Sources that may come in with `inbound: services` (S15).
  case inbound

  /// interface . address of local pods (S9).
  case pods

  /// Addresses of local pods, and with them all clients' and gateways', which only those bound to them may bear (S9).
  case localpods, reserved

  /// Ends of tunnels, which pods may not speak to (S14).
  case tunnel_endpoints

  /// 169.254.0.0/16 and fe80::/10: with the loopback addresses, where pods may not send unless it is inside; with the
  /// unspecified address, what may be a source within the link (S9, S17).
  case link_local, link_sources

  /// This host's own addresses, which no port of a bridge brings in (S9).
  case host_addresses

  /// Addresses that are bound to a port of a bridge (S9).
  case bound

  /// The unspecified address, of ARP probes (S9).
  case unspecified

  /// broadcast . udp . 67, ff02::1:2 . udp . 547 (S9).
  case dhcp

  /// ICMP errors (S8).
  case icmp_errors

  /// The set's name of one family: `inside4`.
  func of(_ family: IPFamily) -> String { "\(rawValue)\(family.rawValue)" }
}

/// Ports of gateway pods that their node may probe (S3); one set for both families.
let managementPorts = "management_ports"

/// Ports that names may open to gateway pods (S4).
let namePorts = "name_ports"

/// ICMPv6 types of neighbour discovery and multicast listener discovery (S6).
let neighbourTypes = "neighbour_types"
let listenerTypes = "listener_types"

/// Classes of interfaces (S14), by index.
let loopbackInterfaces = "loopback_interfaces"
let podInterfaces = "pod_interfaces"
let boundInterfaces = "bound_interfaces"
let tunnelInterfaces = "tunnel_interfaces"
let uplinkInterfaces = "uplink_interfaces"

/// Ports and protocols of tunnels (S14).
let tunnelPorts = "tunnel_ports"
let tunnelProtocols = "tunnel_protocols"

/// Ports of bridges: those of known pods, those of gateway pods, uplinks and tunnels (S3, S9, S14).
let boundPorts = "bound_ports"
let gatewayPorts = "gateway_ports"
let otherPorts = "other_ports"

/// What frames of pods may carry: ARP, IPv4, IPv6, without a tag (S14).
let frameTypes = "frame_types"

/// ICMPv6 types that only routers send (S9).
let routerTypes = "router_types"

/// The addresses of `pods6`, `reserved6`, `localpods6`, `host_addresses6` and `link_local6` as nft must have them to
/// compare the target of a neighbour advertisement (S9).
let ownTargets = "own_targets6"
let reservedTargets = "reserved_targets6"
let localTargets = "localpod_targets6"
let hostTargets = "host_targets6"
let linkTargets = "link_targets6"

/// ff02::/16 and fe80::/10 (S9); and with the host's on-link networks, where its neighbour discovery may go (S6).
let linkDestinations = "link_destinations6"
let neighbours = "neighbours6"
