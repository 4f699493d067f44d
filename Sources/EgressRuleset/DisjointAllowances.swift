import EgressPolicy
import NetworkValues
import Nftables

/// A rectangle of destinations and ports, allowed to one source with one protocol.
struct Allowance: Hashable {
  /// Absent for the host.
  var source: IPAddress?
  var transport: TransportProtocol
  var destinations: AddressRange
  var ports: PortRange

  /// The element of an interval set: destination, source (where there is one), protocol, port.
  func range(_ family: IPFamily, withSource: Bool) -> ElementRange {
    let type: [FieldType] =
      withSource
      ? [family.address, family.address, .transportProtocol, .port] : [family.address, .transportProtocol, .port]
    let middle = (withSource ? [source?.value ?? 0] : []) + [UInt128(transport.rawValue)]
    return ElementRange(
      first: ElementKey(type, [destinations.first.value] + middle + [UInt128(ports.first)]),
      last: ElementKey(type, [destinations.last.value] + middle + [UInt128(ports.last)]))
  }
}

/// The same allowances as rectangles that do not overlap, which the kernel demands of interval sets. In order.
func disjointAllowances(_ flows: [Flow]) -> [Allowance] {
  var groups: [Owner: [Allowance]] = [:]
  for flow in flows {
    let owner = Owner(source: flow.from?.address, transport: flow.transport)
    groups[owner, default: []].append(
      Allowance(
        source: owner.source, transport: owner.transport, destinations: flow.destination.range, ports: flow.ports))
  }
  return groups.sorted { $0.key < $1.key }.flatMap { disjoint($0.value) }
}

/// Whose allowances may overlap.
private struct Owner: Hashable, Comparable {
  var source: IPAddress?
  var transport: TransportProtocol

  static func < (left: Owner, right: Owner) -> Bool {
    if left.source != right.source {
      guard let one = left.source, let other = right.source else { return left.source == nil }
      return one < other
    }
    return left.transport < right.transport
  }
}

/// Cuts the destinations at every boundary, joins the ports allowed in each piece, and joins pieces with equal ports.
private func disjoint(_ allowances: [Allowance]) -> [Allowance] {
  guard let first = allowances.first else { return [] }
  let sorted = allowances.sorted { ($0.destinations, $0.ports) < ($1.destinations, $1.ports) }
  let family = first.destinations.family
  var cuts: Set<UInt128> = []
  for allowance in sorted {
    cuts.insert(allowance.destinations.first.value)
    if allowance.destinations.last.value < UInt128.max { cuts.insert(allowance.destinations.last.value + 1) }
  }
  let starts = cuts.sorted()
  var pieces: [(range: AddressRange, ports: [PortRange])] = []
  var next = 0
  var active: [Allowance] = []
  for (index, start) in starts.enumerated() {
    active.removeAll { $0.destinations.last.value < start }
    while next < sorted.count, sorted[next].destinations.first.value <= start {
      active.append(sorted[next])
      next += 1
    }
    guard !active.isEmpty else { continue }
    let end = index + 1 < starts.count ? starts[index + 1] - 1 : active.map(\.destinations.last.value).max() ?? start
    let range = AddressRange(first: IPAddress(family, start), last: IPAddress(family, end))
    let ports = joined(active.map(\.ports))
    if let last = pieces.last, last.ports == ports, last.range.last.value + 1 == start {
      pieces[pieces.count - 1].range = AddressRange(first: last.range.first, last: range.last)
    } else {
      pieces.append((range, ports))
    }
  }
  return pieces.flatMap { piece in
    piece.ports.map {
      Allowance(source: first.source, transport: first.transport, destinations: piece.range, ports: $0)
    }
  }
}

/// Sorted port ranges that neither overlap nor touch.
private func joined(_ ranges: [PortRange]) -> [PortRange] {
  var result: [PortRange] = []
  for range in ranges.sorted() {
    if let last = result.last, Int(range.first) <= Int(last.last) + 1 {
      result[result.count - 1] = PortRange(first: last.first, last: max(last.last, range.last))
    } else {
      result.append(range)
    }
  }
  return result
}
