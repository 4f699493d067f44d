import EgressPolicy
import NetworkValues
import Nftables

/// All sets of the table but those of the hops, which may be very large.
func sets(besidesHops flows: EgressFlows) -> [NamedSet] { fixedSets(flows) + identitySets(flows.interfaces) }

/// The sets that hold nothing of what each of the node's pods adds.
func fixedSets(_ flows: EgressFlows) -> [NamedSet] {
  let constant = [
    NamedSet(hash: managementPorts, of: [.port], keys: flows.rules.managementPorts.map { key([.port], UInt128($0)) }),
    NamedSet(hash: namePorts, of: [.port], keys: flows.namePorts.map { key([.port], UInt128($0)) }),
    NamedSet(hash: neighbourTypes, of: [.icmp6Type], keys: [133, 135, 136].map { key([.icmp6Type], $0) }),
    NamedSet(hash: listenerTypes, of: [.icmp6Type], keys: [131, 132, 143].map { key([.icmp6Type], $0) }),
    NamedSet(
      intervals: neighbours, linkScopeNetworks.union(flows.interfaces?.onLink ?? PrefixSet()), family: .v6),
  ]
  return constant + classSets(flows.interfaces) + cgroupSets(flows)
    + IPFamily.allCases.flatMap { addressSets(flows, $0) + flowSets(flows, $0) }
    + podSets(flows.exceptions, .exceptions, .exception_networks)
    + nameSets(flows.exceptions, .exception_names, flows.rules.nameTimeout)
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
    addresses(SetName.name_clients.of(family), flows.nameClients, family),
    addresses(SetName.resolvers.of(family), flows.resolvers, family),
    NamedSet(intervals: SetName.inside.of(family), flows.inside, family: family),
    NamedSet(intervals: SetName.link_sources.of(family), linkSources, family: family),
    NamedSet(intervals: SetName.podnetworks.of(family), flows.podNetworks, family: family),
    NamedSet(intervals: SetName.inbound.of(family), flows.rules.inboundSources, family: family),
    NamedSet(
      hash: SetName.gateways.of(family), of: [address],
      keys: flows.protected.map(\.address).filter { $0.family == family }.map { key([address], $0.value) }),
    NamedSet(
      hash: SetName.icmp_errors.of(family), of: [family.icmpType], keys: errors.map { key([family.icmpType], $0) }),
  ]
}

/// Sets of endpoints, and of the host's own allowances, of one family.
private func flowSets(_ flows: EgressFlows, _ family: IPFamily) -> [NamedSet] {
  let address = family.address
  let servers = flows.apiServer.filter { $0.destination.family == family }
  let endpoints = flows.endpoints.filter { $0.pod.address.family == family }
  return [
    NamedSet(
      hash: SetName.endpoints.of(family), of: [address, .port],
      keys: endpoints.map { key([address, .port], $0.pod.address.value, UInt128($0.port)) }),
    NamedSet(
      hash: SetName.apiserver.of(family), of: [address, .port],
      keys: servers.map { key([address, .port], $0.destination.address.value, UInt128($0.ports.first)) }),
  ] + hostSets(flows.host, SetName.hosts.of(family), SetName.host_networks.of(family), family)
    + [
      NamedSet(
        hash: SetName.host_names.of(family), of: [address, .transportProtocol, .port],
        keys: hostKeys(flows.host, family, areResolved: true), timeout: flows.rules.nameTimeout)
    ]
}

/// Clients of gateway endpoints, of both families.
func clientSets(_ flows: [Flow]) -> [NamedSet] {
  IPFamily.allCases.map { family in
    NamedSet(
      hash: SetName.clients.of(family), of: [family.address, family.address, .port], keys: clientKeys(flows, family))
  }
}

/// client . gateway . port
private func clientKeys(_ flows: [Flow], _ family: IPFamily) -> [ElementKey] {
  keys(of: flows, family) { flow, key in
    guard let source = flow.source else { return false }
    key.append(source.value, as: family.address, padded: true)
    key.append(flow.destination.address.value, as: family.address, padded: true)
    key.append(UInt128(flow.ports.first), as: .port, padded: true)
    return true
  }
}

/// Allowances of pods of both families: exact tuples in a hash set, networks and port ranges in an interval set with the destination
/// first (the kernel walks all elements that share the first field).
func podSets(_ flows: [Flow], _ exact: SetName, _ networks: SetName) -> [NamedSet] {
  IPFamily.allCases.flatMap { podSets(flows, exact, networks, $0) }
}

private func podSets(_ flows: [Flow], _ exact: SetName, _ networks: SetName, _ family: IPFamily) -> [NamedSet] {
  let ranges = disjointAllowances(flows.inexact(family)).map { $0.range(family, withSource: true) }
  return [
    NamedSet(hash: exact.of(family), of: family.podAllowance, keys: podKeys(flows, family, areResolved: false)),
    NamedSet(intervals: networks.of(family), of: family.podAllowance, ranges: ranges),
  ]
}

/// Allowances of pods to addresses that DNS gave, of both families.
///
/// - Parameter timeout: seconds after which an element vanishes.
func nameSets(_ flows: [Flow], _ names: SetName, _ timeout: UInt32) -> [NamedSet] {
  IPFamily.allCases.map { family in
    NamedSet(
      hash: names.of(family), of: family.podAllowance, keys: podKeys(flows, family, areResolved: true), timeout: timeout
    )
  }
}

/// The sets that hold what resolvers told gateway pods, and the keys of `flows` in each.
package func nameKeys(_ flows: [Flow]) -> [(set: String, keys: [ElementKey])] {
  IPFamily.allCases.map { family in
    (SetName.external_names.of(family), podKeys(flows, family, areResolved: true))
  }.filter { !$0.keys.isEmpty }
}

/// pod . destination . protocol . port, of exact allowances.
private func podKeys(_ flows: [Flow], _ family: IPFamily, areResolved: Bool) -> [ElementKey] {
  keys(of: flows, family) { flow, key in
    guard flow.isExact, flow.isResolved == areResolved, let source = flow.source else { return false }
    key.append(source.value, as: family.address, padded: true)
    key.appendService(of: flow, family.address)
    return true
  }
}

/// Allowances of the host itself: exact tuples, and networks and port ranges.
func hostSets(_ flows: [Flow], _ exact: String, _ networks: String, _ family: IPFamily) -> [NamedSet] {
  let type: [FieldType] = [family.address, .transportProtocol, .port]
  let ranges = disjointAllowances(flows.inexact(family)).map { $0.range(family, withSource: false) }
  return [
    NamedSet(hash: exact, of: type, keys: hostKeys(flows, family, areResolved: false)),
    NamedSet(intervals: networks, of: type, ranges: ranges),
  ]
}

/// destination . protocol . port, of exact allowances.
private func hostKeys(_ flows: [Flow], _ family: IPFamily, areResolved: Bool) -> [ElementKey] {
  keys(of: flows, family) { flow, key in
    guard flow.isExact, flow.isResolved == areResolved else { return false }
    key.appendService(of: flow, family.address)
    return true
  }
}

/// What of a flow goes into a key.
private struct FlowAddress {
  var source: IPAddress?
  var destination: Prefix
  var transport: TransportProtocol
  var ports: PortRange

  /// Whether DNS gave the destination.
  var isResolved: Bool

  /// One address and one port.
  var isExact: Bool { destination.length == destination.family.bitWidth && ports.isSingle }
}

/// The keys that `fill` makes of the flows of one family; it says whether a flow has one. There may be a hundred
/// thousand: flows are not copied, and keys are filled without lists.
@inline(__always)
private func keys(
  of flows: [Flow], _ family: IPFamily, _ fill: (FlowAddress, inout ElementKey) -> Bool
) -> [ElementKey] {
  var keys: [ElementKey] = []
  keys.reserveCapacity(flows.count)
  for index in flows.indices where flows[index].destination.family == family {
    var key = ElementKey()
    if fill(flows.address(at: index), &key) { keys.append(key) }
  }
  return keys
}

extension ElementKey {
  /// destination . protocol . port
  fileprivate mutating func appendService(of flow: FlowAddress, _ address: FieldType) {
    append(flow.destination.address.value, as: address, padded: true)
    append(UInt128(flow.transport.rawValue), as: .transportProtocol, padded: true)
    append(UInt128(flow.ports.first), as: .port, padded: true)
  }
}

extension [Flow] {
  fileprivate func address(at index: Int) -> FlowAddress {
    FlowAddress(
      source: self[index].from?.address, destination: self[index].destination, transport: self[index].transport,
      ports: self[index].ports, isResolved: self[index].isResolved)
  }

  /// Those of a family that are more than one address and one port.
  fileprivate func inexact(_ family: IPFamily) -> [Flow] {
    indices.filter { self[$0].destination.family == family && !address(at: $0).isExact }.map { self[$0] }
  }
}

extension IPFamily {
  /// The type of this family's addresses, and of its ICMP types.
  var address: FieldType { self == .v4 ? .address4 : .address6 }
  var icmpType: FieldType { self == .v4 ? .icmpType : .icmp6Type }

  /// pod . destination . protocol . port
  var podAllowance: [FieldType] { [address, address, .transportProtocol, .port] }
}

/// A key of one value a field.
private func key(_ type: [FieldType], _ values: UInt128...) -> ElementKey { ElementKey(type, values) }
