import EgressPolicy
import NetworkValues
import Nftables

/// All sets of the table.
func sets(_ flows: EgressFlows) -> [NamedSet] {
  let constant = [
    NamedSet(hash: managementPorts, of: [.port], keys: flows.rules.managementPorts.map { key([.port], UInt128($0)) }),
    NamedSet(hash: neighbourTypes, of: [.icmp6Type], keys: [133, 135, 136].map { key([.icmp6Type], $0) }),
    NamedSet(hash: listenerTypes, of: [.icmp6Type], keys: [131, 132, 143].map { key([.icmp6Type], $0) }),
    NamedSet(
      intervals: neighbours, linkScopeNetworks.union(flows.interfaces?.onLink ?? PrefixSet()), family: .v6),
  ]
  return constant + interfaceSets(flows.interfaces)
    + IPFamily.allCases.flatMap { addressSets(flows, $0) + flowSets(flows, $0) }
}

/// ff02::/16 and fe80::/10.
let linkScopeNetworks = PrefixSet([
  Prefix(containing: IPAddress(v6: 0xff02 << 112), length: 16),
  Prefix(containing: IPAddress(v6: 0xfe80 << 112), length: 10),
])

/// Sets of addresses of one family.
private func addressSets(_ flows: EgressFlows, _ family: IPFamily) -> [NamedSet] {
  let address = family.address
  let errors: [UInt128] = family == .v4 ? [3, 11, 12] : [1, 2, 3, 4]
  return [
    NamedSet(intervals: SetName.inside.of(family), flows.inside, family: family),
    NamedSet(intervals: SetName.podnetworks.of(family), flows.podNetworks, family: family),
    NamedSet(intervals: SetName.inbound.of(family), flows.rules.inboundSources, family: family),
    NamedSet(
      hash: SetName.gateways.of(family), of: [address],
      keys: flows.protected.map(\.address).filter { $0.family == family }.map { key([address], $0.value) }),
    NamedSet(
      hash: SetName.icmp_errors.of(family), of: [family.icmpType], keys: errors.map { key([family.icmpType], $0) }),
  ]
}

/// Sets of allowances of one family.
private func flowSets(_ flows: EgressFlows, _ family: IPFamily) -> [NamedSet] {
  let address = family.address
  let clients = flows.hopA.lazy.filter { $0.destination.family == family }
  let servers = flows.apiServer.filter { $0.destination.family == family }
  let endpoints = flows.endpoints.filter { $0.pod.address.family == family }
  return [
    NamedSet(
      hash: SetName.clients.of(family), of: [address, address, .port],
      keys: clients.compactMap { flow in
        flow.from.map {
          key([address, address, .port], $0.address.value, flow.destination.address.value, UInt128(flow.ports.first))
        }
      }),
    NamedSet(
      hash: SetName.endpoints.of(family), of: [address, .port],
      keys: endpoints.map { key([address, .port], $0.pod.address.value, UInt128($0.port)) }),
    NamedSet(
      hash: SetName.apiserver.of(family), of: [address, .port],
      keys: servers.map { key([address, .port], $0.destination.address.value, UInt128($0.ports.first)) }),
  ] + podSets(flows.hopB, .external, .external_networks, family)
    + podSets(flows.exceptions, .exceptions, .exception_networks, family) + hostSets(flows.host, family)
}

/// Allowances of pods: exact tuples in a hash set, networks and port ranges in an interval set with the destination
/// first (the kernel walks all elements that share the first field).
private func podSets(_ flows: [Flow], _ exact: SetName, _ networks: SetName, _ family: IPFamily) -> [NamedSet] {
  let address = family.address
  let own = flows.filter { $0.destination.family == family }
  return [
    NamedSet(
      hash: exact.of(family), of: [address, address, .transportProtocol, .port],
      keys: own.filter(\.isExact).compactMap { flow in
        flow.from.map {
          key(
            [address, address, .transportProtocol, .port], $0.address.value, flow.destination.address.value,
            UInt128(flow.transport.rawValue), UInt128(flow.ports.first))
        }
      }),
    NamedSet(
      intervals: networks.of(family), of: [address, address, .transportProtocol, .port],
      ranges: disjointAllowances(own.filter { !$0.isExact }).map { $0.range(family, withSource: true) }),
  ]
}

/// Allowances of the host itself.
private func hostSets(_ flows: [Flow], _ family: IPFamily) -> [NamedSet] {
  let type: [FieldType] = [family.address, .transportProtocol, .port]
  let own = flows.filter { $0.destination.family == family }
  return [
    NamedSet(
      hash: SetName.hosts.of(family), of: type,
      keys: own.filter(\.isExact).map {
        key(type, $0.destination.address.value, UInt128($0.transport.rawValue), UInt128($0.ports.first))
      }),
    NamedSet(
      intervals: SetName.host_networks.of(family), of: type,
      ranges: disjointAllowances(own.filter { !$0.isExact }).map { $0.range(family, withSource: false) }),
  ]
}

extension Flow {
  /// One address and one port.
  fileprivate var isExact: Bool { destination.length == destination.family.bitWidth && ports.isSingle }
}

extension IPFamily {
  /// The type of this family's addresses, and of its ICMP types.
  var address: FieldType { self == .v4 ? .address4 : .address6 }
  var icmpType: FieldType { self == .v4 ? .icmpType : .icmp6Type }
}

/// A key of one value a field.
private func key(_ type: [FieldType], _ values: UInt128...) -> ElementKey { ElementKey(type, values) }
