import CNetfilter
import NetworkValues
import Nftables

/// What must be so before a field can be read: nft's dependencies, which our values leave implicit.
enum Dependency: Hashable {
  /// The packet is of this IP version. In bridge tables nft asks the Ethernet header for ICMP fields, meta otherwise.
  case network(IPFamily, fromHeader: Bool)

  /// The frame carries ARP.
  case addressResolution

  /// The packet carries this transport protocol.
  case transport(UInt8)

  /// Its two expressions in a table of `family`.
  func expressions(in family: TableID.Family) -> [Expression] {
    let (source, data): (LoadSource, [UInt8]) =
      switch (self, family) {
      case (.transport(let number), _): (.meta(.transportProtocol), [number])
      case (.addressResolution, _): (.payload(.link(12, 2)), [0x08, 0x06])
      case (.network(let version, _), .inet):
        (.meta(.networkProtocol), [UInt8(version == .v4 ? NFPROTO_IPV4 : NFPROTO_IPV6)])
      case (.network(let version, let fromHeader), .bridge):
        (
          fromHeader ? .payload(.link(12, 2)) : .meta(.etherType),
          version == .v4 ? [0x08, 0x00] : [0x86, 0xdd]
        )
      }
    return [.load(source, word: 0), .compare(CompareExpression(comparison: .equal, data: data))]
  }

  /// The dependency that two expressions state, if they do.
  init?(_ load: Expression, _ compare: Expression, in family: TableID.Family) {
    guard case .load(let source, word: 0) = load, case .compare(let compare) = compare, compare.comparison == .equal
    else { return nil }
    switch (source, family, compare.data) {
    case (.meta(.transportProtocol), _, let data) where data.count == 1: self = .transport(data[0])
    case (.meta(.networkProtocol), .inet, [2]): self = .network(.v4, fromHeader: false)
    case (.meta(.networkProtocol), .inet, [10]): self = .network(.v6, fromHeader: false)
    case (.meta(.etherType), .bridge, [0x08, 0x00]): self = .network(.v4, fromHeader: false)
    case (.meta(.etherType), .bridge, [0x86, 0xdd]): self = .network(.v6, fromHeader: false)
    case (.payload(.link(12, 2)), .bridge, [0x08, 0x00]): self = .network(.v4, fromHeader: true)
    case (.payload(.link(12, 2)), .bridge, [0x08, 0x06]): self = .addressResolution
    case (.payload(.link(12, 2)), .bridge, [0x86, 0xdd]): self = .network(.v6, fromHeader: true)
    default: return nil
    }
  }

  /// The same said as a statement; `nil` where our values cannot say it.
  func statement(in family: TableID.Family) -> Statement? {
    switch (self, family) {
    case (.transport(let number), _): .compare(.transportProtocol, .equal, UInt16(number))
    case (.network(let version, _), .inet): .compare(.networkProtocol, .equal, version == .v4 ? 2 : 10)
    case (.addressResolution, _): .compare(.etherType, .equal, 0x0806)
    case (.network(let version, true), .bridge): .compare(.etherType, .equal, version == .v4 ? 0x0800 : 0x86dd)
    case (.network(_, false), .bridge): nil
    }
  }
}

/// What the statements so far tell about the packet.
struct PacketKnowledge {
  private var network: IPFamily?
  private var isAddressResolution = false
  private var transport: UInt8?

  /// Whether `dependency` is known to hold.
  func covers(_ dependency: Dependency) -> Bool {
    switch dependency {
    case .network(let version, _): network == version
    case .addressResolution: isAddressResolution
    case .transport(let number): transport == number
    }
  }

  mutating func add(_ dependency: Dependency) {
    switch dependency {
    case .network(let version, _): network = version
    case .addressResolution: isAddressResolution = true
    case .transport(let number): transport = number
    }
  }

  /// Adds what a packet that passes `statement` is known to be.
  mutating func add(_ statement: Statement, in family: TableID.Family) {
    switch statement {
    case .compare(.transportProtocol, .equal, let value): transport = UInt8(truncatingIfNeeded: value)
    case .compare(.networkProtocol, .equal, 2) where family == .inet: network = .v4
    case .compare(.networkProtocol, .equal, 10) where family == .inet: network = .v6
    case .compare(.etherType, .equal, 0x0800): network = .v4
    case .compare(.etherType, .equal, 0x0806): isAddressResolution = true
    case .compare(.etherType, .equal, 0x86dd): network = .v6
    default: break
    }
  }

  /// What is still needed before `statement`, in nft's order.
  func missing(for statement: Statement, in family: TableID.Family) -> [Dependency] {
    var known = self
    var missing: [Dependency] = []
    for dependency in statement.dependencies(in: family) where !known.covers(dependency) {
      missing.append(dependency)
      known.add(dependency)
    }
    return missing
  }
}

extension Statement {
  /// What must hold for the statement to make sense, the first field's first.
  fileprivate func dependencies(in family: TableID.Family) -> [Dependency] {
    switch self {
    case .routingHeader: [.network(.v6, fromHeader: family == .bridge)]
    case .lookup(let fields, _, _): fields.flatMap { $0.dependencies(in: family) }
    case .compare(let field, _, _): field.dependencies(in: family)
    case .tcpFlags, .reject(.tcpReset): [.transport(UInt8(IPPROTO_TCP))]
    default: []
    }
  }
}

extension Field {
  fileprivate func dependencies(in family: TableID.Family) -> [Dependency] {
    switch self {
    case .source4, .destination4, .headerLength4: [.network(.v4, fromHeader: false)]
    case .source6, .destination6, .hopLimit6: [.network(.v6, fromHeader: false)]
    case .networkProtocol, .transportProtocol, .inputInterface, .outputInterface, .destinationPort, .etherType,
      .neighbourTarget6, .cgroup, .originalDestination4, .originalDestination6:
      []
    case .arpSource4: [.addressResolution]
    case .tcpDestinationPort: [.transport(UInt8(IPPROTO_TCP))]
    case .udpDestinationPort, .udpSourcePort: [.transport(UInt8(IPPROTO_UDP))]
    case .icmpType: [.network(.v4, fromHeader: family == .bridge), .transport(UInt8(IPPROTO_ICMP))]
    case .icmp6Type: [.network(.v6, fromHeader: family == .bridge), .transport(UInt8(IPPROTO_ICMPV6))]
    }
  }
}
