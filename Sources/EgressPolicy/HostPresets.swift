import ClusterModel
import NetworkValues

/// DHCP of the host itself: to broadcast, and to all DHCPv6 servers of the link (S6).
///
/// See: RFC 2131, section 4.1; RFC 8415, section 7.1
let dhcpFlows: [Flow] = [
  hostFlow("DHCP", Prefix(IPAddress(v4: 0xffff_ffff)), .udp, 67, Reason(nil, path: "host.mode", detail: "DHCP")),
  hostFlow(
    "DHCPv6", Prefix(IPAddress(v6: 0xff02 << 112 | 0x1_0002)), .udp, 547, Reason(nil, path: "host.mode", detail: "DHCP")
  ),
]

/// What a preset lets the host reach (S6).
func presetFlows(_ preset: Configuration.HostPreset, path: String, resolvers: [IPAddress]) -> [Flow] {
  let reason = Reason(nil, path: path, detail: preset.rawValue)
  let name = preset.rawValue
  switch preset {
  case .dns: return resolvers.sortedUnique().flatMap { questions(to: $0, name, reason) }
  case .ntp: return anywhere.map { hostFlow(name, $0, .udp, 123, reason) }
  case .bgp: return anywhere.map { hostFlow(name, $0, .tcp, 179, reason) }
  case .metadataAWS:
    // See: "Instance metadata", "Amazon DNS", "Amazon Time Sync" in the EC2 user guide
    let v6: UInt128 = 0xfd00_0ec2 << 96
    return [
      hostFlow(name, linkLocal(169, 254), .tcp, 80, reason),
      hostFlow(name, Prefix(IPAddress(v6: v6 | 0x254)), .tcp, 80, reason),
      hostFlow(name, linkLocal(169, 253), .udp, 53, reason), hostFlow(name, linkLocal(169, 253), .tcp, 53, reason),
      hostFlow(name, Prefix(IPAddress(v6: v6 | 0x253)), .udp, 53, reason),
      hostFlow(name, Prefix(IPAddress(v6: v6 | 0x253)), .tcp, 53, reason),
      hostFlow(name, linkLocal(169, 123), .udp, 123, reason),
      hostFlow(name, Prefix(IPAddress(v6: v6 | 0x123)), .udp, 123, reason),
    ]
  case .metadataGCP:
    // See: Compute Engine, "VM metadata": metadata, DNS and NTP share one address
    return [
      hostFlow(name, linkLocal(169, 254), .tcp, 80, reason), hostFlow(name, linkLocal(169, 254), .udp, 53, reason),
      hostFlow(name, linkLocal(169, 254), .tcp, 53, reason), hostFlow(name, linkLocal(169, 254), .udp, 123, reason),
    ]
  case .metadataAzure:
    // See: Azure, "What is IP address 168.63.129.16?"
    let wire = Prefix(IPAddress(v4: 168 << 24 | 63 << 16 | 129 << 8 | 16))
    return [
      hostFlow(name, linkLocal(169, 254), .tcp, 80, reason), hostFlow(name, wire, .tcp, 80, reason),
      hostFlow(name, wire, .tcp, 32526, reason), hostFlow(name, wire, .udp, 53, reason),
      hostFlow(name, wire, .tcp, 53, reason),
    ]
  }
}

/// What moat itself asks for names (S6).
func resolverFlows(_ resolvers: [IPAddress], isListed: Bool) -> [Flow] {
  let reason = Reason(nil, path: isListed ? "names.resolvers" : "names", detail: "moat's resolver")
  return resolvers.sortedUnique().flatMap { questions(to: $0, "resolver", reason) }
}

/// DNS over UDP and TCP.
private func questions(to resolver: IPAddress, _ name: String, _ reason: Reason) -> [Flow] {
  [TransportProtocol.udp, .tcp].map { hostFlow(name, Prefix(resolver), $0, 53, reason) }
}

private let anywhere = [
  Prefix(containing: IPAddress(v4: 0), length: 0), Prefix(containing: IPAddress(v6: 0), length: 0),
]

/// 169.254.`c`.`d`, both bytes given.
private func linkLocal(_ c: UInt32, _ d: UInt32) -> Prefix { Prefix(IPAddress(v4: 169 << 24 | 254 << 16 | c << 8 | d)) }

private func hostFlow(
  _ name: String, _ destination: Prefix, _ transport: TransportProtocol, _ port: UInt16, _ reason: Reason
) -> Flow {
  Flow(
    from: nil, target: name, destination: destination, transport: transport, ports: PortRange(port), reasons: [reason])
}
