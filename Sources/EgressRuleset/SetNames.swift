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

  /// address . port (S16).
  case apiserver

  /// Sources that may come in with `inbound: services` (S15).
  case inbound

  /// ICMP errors (S8).
  case icmp_errors

  /// The set's name of one family: `inside4`.
  func of(_ family: IPFamily) -> String { "\(rawValue)\(family.rawValue)" }
}

/// Ports of gateway pods that their node may probe (S3); one set for both families.
let managementPorts = "management_ports"

/// ICMPv6 types of neighbour discovery and multicast listener discovery (S6).
let neighbourTypes = "neighbour_types"
let listenerTypes = "listener_types"

/// Where multicast listener discovery may go: ff02::/16 and fe80::/10.
let neighbours = "neighbours6"
