import EgressPolicy
import NetworkValues
import Nftables

/// Who of the node's pods is behind which interface (S9); none where nobody has looked at these.
func identitySets(_ interfaces: InterfaceFlows?) -> [NamedSet] {
  guard let interfaces else { return [] }
  // Behind a bridge others may sit than those bound: the bridge table has told them apart.
  let bridges = interfaces.bridged?.bridges ?? []
  var bound: [UInt32] = []
  for binding in interfaces.bindings where binding.interface != bound.last && !bridges.contains(binding.interface) {
    bound.append(binding.interface)
  }
  return [indices(boundInterfaces, bound)]
    + IPFamily.allCases.flatMap { family in
      [
        NamedSet(
          hash: SetName.pods.of(family), of: [.interface, family.address],
          keys: bindingKeys(interfaces.bindings, family)),
        addresses(SetName.localpods.of(family), interfaces.localPods, family),
        addresses(SetName.reserved.of(family), interfaces.reserved, family),
      ]
    }
}

/// The other sets of identity and origin (S9, S14); none where nobody has looked at the node's interfaces.
func classSets(_ interfaces: InterfaceFlows?) -> [NamedSet] {
  guard let interfaces else { return [] }
  return [
    indices(loopbackInterfaces, [1]), indices(podInterfaces, interfaces.pods),
    indices(tunnelInterfaces, interfaces.tunnels), indices(uplinkInterfaces, interfaces.uplinks),
    NamedSet(
      hash: tunnelPorts, of: [.port], keys: interfaces.tunnelPorts.map { ElementKey([.port], [UInt128($0)]) }),
    NamedSet(
      hash: tunnelProtocols, of: [.transportProtocol],
      keys: tunnelling.map { ElementKey([.transportProtocol], [$0]) }),
    NamedSet(intervals: linkDestinations, linkScopeNetworks, family: .v6),
  ] + IPFamily.allCases.flatMap { addressSets(interfaces, $0) }
}

extension Ruleset {
  /// The addresses that pods are bound to, by the interface or the bridge port behind which they live (S9).
  package var boundAddresses: [UInt32: Set<IPAddress>] {
    var result: [UInt32: Set<IPAddress>] = [:]
    for table in tables {
      for family in IPFamily.allCases {
        guard let set = table.set(SetName.pods.of(family)), case .keys(let keys) = set.elements else { continue }
        for key in keys {
          let values = key.values(as: set.definition.type)
          guard values.count == 2 else { continue }
          result[UInt32(truncatingIfNeeded: values[0]), default: []].insert(IPAddress(family, values[1]))
        }
      }
    }
    return result
  }

  /// Whether identity and origin (S9, S14) are judged: somebody has looked at the node's interfaces.
  package var judgesInterfaces: Bool { tables.contains { $0.set(podInterfaces) != nil } }
}

/// IPIP, 6in4, GRE, ESP, AH. See: https://www.iana.org/assignments/protocol-numbers
private let tunnelling: [UInt128] = [4, 41, 47, 50, 51]

/// 169.254.0.0/16 and fe80::/10.
private let linkLocal = PrefixSet([
  Prefix(containing: IPAddress(v4: 169 << 24 | 254 << 16), length: 16),
  Prefix(containing: IPAddress(v6: 0xfe80 << 112), length: 10),
])

/// 127.0.0.0/8, which `route_localnet` lets through from pods; Linux takes ::1 from no wire.
private let loopback = PrefixSet([Prefix(containing: IPAddress(v4: 127 << 24), length: 8)])

/// Link-local addresses, and the unspecified addresses: what has no address of its own yet (S6, S9).
let linkSources = linkLocal.union(PrefixSet([Prefix(IPAddress(v4: 0)), Prefix(IPAddress(v6: 0))]))

private func addressSets(_ interfaces: InterfaceFlows, _ family: IPFamily) -> [NamedSet] {
  let address = family.address
  let service: [FieldType] = [address, .transportProtocol, .port]
  let dhcp: [UInt128] = family == .v4 ? [0xffff_ffff, 17, 67] : [0xff02 << 112 | 0x1_0002, 17, 547]
  return [
    NamedSet(intervals: SetName.tunnel_endpoints.of(family), interfaces.tunnelEndpoints, family: family),
    NamedSet(intervals: SetName.link_local.of(family), linkLocal.union(loopback), family: family),
    NamedSet(hash: SetName.dhcp.of(family), of: service, keys: [ElementKey(service, dhcp)]),
  ]
}

private func indices(_ name: String, _ indices: [UInt32]) -> NamedSet {
  NamedSet(hash: name, of: [.interface], keys: indices.map { ElementKey([.interface], [UInt128($0)]) })
}

/// interface . address
private func bindingKeys(_ bindings: [InterfaceFlows.Binding], _ family: IPFamily) -> [ElementKey] {
  var keys: [ElementKey] = []
  keys.reserveCapacity(bindings.count)
  for binding in bindings where binding.address.address.family == family {
    var key = ElementKey()
    key.append(UInt128(binding.interface), as: .interface, padded: true)
    key.append(binding.address.address.value, as: family.address, padded: true)
    keys.append(key)
  }
  return keys
}

func addresses(_ name: String, _ addresses: [IPAddress], _ family: IPFamily) -> NamedSet {
  var keys: [ElementKey] = []
  keys.reserveCapacity(addresses.count)
  for address in addresses where address.family == family {
    var key = ElementKey()
    key.append(address.value, as: family.address, padded: false)
    keys.append(key)
  }
  return NamedSet(hash: name, of: [family.address], keys: keys)
}
