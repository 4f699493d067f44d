import EgressPolicy
import NetworkValues
import Nftables

/// The table of frames between the ports of bridges.
package let moatBridgeTable = TableID(.bridge, "moat")

/// The bridge table where pods sit on bridges, else none (S9, S14).
///
/// Its objects are called as in `inet moat` wherever they mean the same; `pods4` and `pods6` name ports in it.
func bridgeTables(_ flows: EgressFlows) -> [Table] {
  guard let interfaces = flows.interfaces, let bridged = interfaces.bridged else { return [] }
  let counters = bridgeRefusals.map { Counter($0.rawValue) } + [Counter(Acceptance.gateway.rawValue)]
  return [
    Table(
      id: moatBridgeTable, counters: counters,
      sets: sharedSets(flows.onBridges(interfaces, bridged)) + ownSets(flows, interfaces, bridged),
      chains: bridgeChains(flows.rules))
  ]
}

extension EgressFlows {
  /// What can meet on a bridge: clients of gateway pods that sit on one; ports stand in the place of bridges.
  fileprivate func onBridges(_ interfaces: InterfaceFlows, _ bridged: BridgeFlows) -> EgressFlows {
    let here = Set(bridged.bindings.map(\.address.address))
    var flows = self
    flows.interfaces = interfaces
    flows.interfaces?.bindings = bridged.bindings
    flows.hopA = hopA.filter { here.contains($0.destination.address) }
    flows.hopB = []
    flows.exceptions = []
    flows.host = []
    return flows
  }
}

/// The sets of the inet table that frames are judged by.
private func sharedSets(_ flows: EgressFlows) -> [NamedSet] {
  (clientSets(flows.hopA) + sets(besidesHops: flows)).filter { sharedNames.contains($0.name) }
}

/// The sets that bridges alone have.
private func ownSets(_ flows: EgressFlows, _ interfaces: InterfaceFlows, _ bridged: BridgeFlows) -> [NamedSet] {
  let protected = Set(flows.protected.map(\.address))
  let gateways = bridged.bindings.filter { protected.contains($0.address.address) }
  return [
    constant(frameTypes, .etherType, [0x0800, 0x0806, 0x86dd]), constant(routerTypes, .icmp6Type, [134, 137]),
    constant(SetName.unspecified.of(.v4), .address4, [0]),
    constant(boundPorts, .interface, bridged.bindings.map { UInt128($0.interface) }),
    constant(gatewayPorts, .interface, gateways.map { UInt128($0.interface) }),
    constant(otherPorts, .interface, bridged.otherPorts.map { UInt128($0) }),
  ]
    + IPFamily.allCases.flatMap { family in
      [
        addresses(SetName.host_addresses.of(family), bridged.hostAddresses, family),
        addresses(SetName.bound.of(family), bridged.bindings.map(\.address.address), family),
      ]
    }
    + targetSets(interfaces, bridged)
}

/// Sets of both tables.
private let sharedNames: Set<String> = Set(
  [managementPorts, neighbourTypes, listenerTypes, tunnelPorts, tunnelProtocols, linkDestinations]
    + IPFamily.allCases.flatMap { family in
      [
        SetName.inside, .link_sources, .podnetworks, .gateways, .icmp_errors, .clients, .endpoints, .pods, .localpods,
        .reserved, .tunnel_endpoints, .link_local, .dhcp,
      ].map { $0.of(family) }
    })

/// IPv6 addresses as the targets of neighbour advertisements.
private func targetSets(_ interfaces: InterfaceFlows, _ bridged: BridgeFlows) -> [NamedSet] {
  let own = bridged.bindings.filter { $0.address.address.family == .v6 }
  let type: [FieldType] = [.interface, .neighbourTarget]
  let lists = [
    (reservedTargets, interfaces.reserved), (localTargets, interfaces.localPods), (hostTargets, bridged.hostAddresses),
  ]
  let link: [FieldType] = [.neighbourTarget]
  return [
    NamedSet(
      hash: ownTargets, of: type,
      keys: own.map { ElementKey(type, [UInt128($0.interface), $0.address.address.value]) }),
    NamedSet(
      intervals: linkTargets, of: link,
      ranges: [
        ElementRange(first: ElementKey(link, [0xfe80 << 112]), last: ElementKey(link, [0xfec0 << 112 - 1]))
      ]),
  ]
    + lists.map { name, addresses in
      constant(name, .neighbourTarget, addresses.filter { $0.family == .v6 }.map(\.value))
    }
}

private func constant(_ name: String, _ type: FieldType, _ values: [UInt128]) -> NamedSet {
  NamedSet(hash: name, of: [type], keys: values.map { ElementKey([type], [$0]) })
}
