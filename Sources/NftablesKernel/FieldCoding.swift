import NetworkValues
import Nftables

extension Field {
  /// Where the field is read.
  var source: LoadSource {
    switch self {
    case .source4: .payload(.network(12, 4))
    case .destination4: .payload(.network(16, 4))
    case .source6: .payload(.network(8, 16))
    case .destination6: .payload(.network(24, 16))
    case .hopLimit6: .payload(.network(7, 1))
    case .headerLength4: .payload(.network(0, 1))
    case .networkProtocol: .meta(.networkProtocol)
    case .transportProtocol: .meta(.transportProtocol)
    case .inputInterface: .meta(.inputInterface)
    case .outputInterface: .meta(.outputInterface)
    case .udpSourcePort: .payload(.transport(0, 2))
    case .tcpDestinationPort, .udpDestinationPort, .destinationPort: .payload(.transport(2, 2))
    case .icmpType, .icmp6Type: .payload(.transport(0, 1))
    case .cgroup(let level): .socket(SocketExpression(level: level))
    case .neighbourTarget6: .payload(.transport(8, 16))
    case .etherType: .payload(.link(12, 2))
    case .arpSource4: .payload(.network(14, 4))
    case .originalDestination4: .connection(.originalDestination4)
    case .originalDestination6: .connection(.originalDestination6)
    }
  }

  /// The bits of the loaded bytes that are the field's, where not all are.
  var mask: [UInt8]? { self == .headerLength4 ? [0x0f] : nil }

  /// The field that `source` is in a packet of which `known` holds; `nil` for none of ours.
  init?(_ source: LoadSource, knowing known: PacketKnowledge, in family: TableID.Family) {
    if case .socket(let socket) = source {
      self = .cgroup(level: socket.level)
      return
    }
    let candidate = Field.ofPackets.first { field in
      field.source == source && known.missing(for: .compare(field, .equal, 0), in: family).isEmpty
    }
    guard let candidate else { return nil }
    self = candidate
  }

  /// How many words of registers the field takes.
  var words: Int { (type.width + 3) / 4 }

  /// `value` as the field's bytes in network byte order.
  func bytes(of value: UInt16) -> [UInt8] {
    (0..<type.width).reversed().map { $0 > 1 ? 0 : UInt8(truncatingIfNeeded: value >> UInt16(8 * $0)) }
  }

  /// The value of the field's bytes; `nil` where they are not as many as the field has, or say more than 16 bits.
  func value(of bytes: [UInt8]) -> UInt16? {
    guard bytes.count == type.width, bytes.dropLast(2).allSatisfy({ $0 == 0 }) else { return nil }
    return bytes.suffix(2).reduce(0) { $0 << 8 | UInt16($1) }
  }
}
