import NetworkValues

// The words nft has for the kernel's numbers. See: nft(8); `nft describe`

extension Field {
  /// The expression that reads the field: `ip saddr`.
  var nftExpression: String {
    switch self {
    case .source4: "ip saddr"
    case .destination4: "ip daddr"
    case .source6: "ip6 saddr"
    case .destination6: "ip6 daddr"
    case .hopLimit6: "ip6 hoplimit"
    case .originalDestination4: "ct original ip daddr"
    case .originalDestination6: "ct original ip6 daddr"
    case .headerLength4: "ip hdrlength"
    case .networkProtocol: "meta nfproto"
    case .transportProtocol: "meta l4proto"
    case .inputInterface: "iif"
    case .outputInterface: "oif"
    case .tcpDestinationPort: "tcp dport"
    case .udpDestinationPort: "udp dport"
    case .udpSourcePort: "udp sport"
    case .destinationPort: "th dport"
    case .icmpType: "icmp type"
    case .icmp6Type: "icmpv6 type"
    case .cgroup(let level): "socket cgroupv2 level \(level)"
    case .neighbourTarget6: "@th,64,128"
    case .etherType: "ether type"
    case .arpSource4: "arp saddr ip"
    }
  }

  /// What a constant of this field is called; the number where it has no name.
  func nftName(of value: UInt16) -> NftValue {
    if self == .networkProtocol {
      return switch value {
      case 2: .word("ipv4")
      case 10: .word("ipv6")
      default: .number(value)
      }
    }
    return type.nftName(of: value)
  }
}

/// A constant as nft writes it.
enum NftValue: Equatable {
  case word(String)
  case number(UInt16)

  /// The word or the decimal number.
  var text: String {
    switch self {
    case .word(let word): word
    case .number(let number): String(number)
    }
  }
}

extension FieldType {
  /// The type's name in a set's definition.
  var nftName: String {
    switch self {
    case .address4: "ipv4_addr"
    case .address6: "ipv6_addr"
    case .transportProtocol: "inet_proto"
    case .port: "inet_service"
    case .icmpType: "icmp_type"
    case .icmp6Type: "icmpv6_type"
    case .interface: "iface_index"
    case .cgroup: "cgroupsv2"
    case .etherType: "ether_type"
    case .byte, .neighbourTarget: "integer"
    }
  }

  /// What a value of this type is called; the number where it has no name. Not for addresses.
  func nftName(of value: UInt16) -> NftValue {
    let name: String? =
      switch self {
      case .transportProtocol: protocolName(value)
      case .icmpType: icmpTypeName(value)
      case .icmp6Type: icmp6TypeName(value)
      case .etherType: etherTypeName(value)
      case .port, .byte, .interface, .cgroup, .address4, .address6, .neighbourTarget: nil
      }
    return name.map(NftValue.word) ?? .number(value)
  }
}

/// The protocols that nft's grammar knows by itself; it looks all others up in /etc/protocols.
private func protocolName(_ value: UInt16) -> String? {
  switch value {
  case 1: "icmp"
  case 6: "tcp"
  case 17: "udp"
  case 50: "esp"
  case 51: "ah"
  case 58: "icmpv6"
  case 132: "sctp"
  default: nil
  }
}

/// See: nft's `proto.c`, ethertype_tbl
private func etherTypeName(_ value: UInt16) -> String? {
  switch value {
  case 0x0800: "ip"
  case 0x0806: "arp"
  case 0x8100: "8021q"
  case 0x86dd: "ip6"
  case 0x88a8: "8021ad"
  default: nil
  }
}

private func icmpTypeName(_ value: UInt16) -> String? {
  switch value {
  case 0: "echo-reply"
  case 3: "destination-unreachable"
  case 4: "source-quench"
  case 5: "redirect"
  case 8: "echo-request"
  case 9: "router-advertisement"
  case 10: "router-solicitation"
  case 11: "time-exceeded"
  case 12: "parameter-problem"
  case 13: "timestamp-request"
  case 14: "timestamp-reply"
  case 15: "info-request"
  case 16: "info-reply"
  case 17: "address-mask-request"
  case 18: "address-mask-reply"
  default: nil
  }
}

private func icmp6TypeName(_ value: UInt16) -> String? {
  switch value {
  case 1: "destination-unreachable"
  case 2: "packet-too-big"
  case 3: "time-exceeded"
  case 4: "parameter-problem"
  case 128: "echo-request"
  case 129: "echo-reply"
  case 130: "mld-listener-query"
  case 131: "mld-listener-report"
  case 132: "mld-listener-done"
  case 133: "nd-router-solicit"
  case 134: "nd-router-advert"
  case 135: "nd-neighbor-solicit"
  case 136: "nd-neighbor-advert"
  case 137: "nd-redirect"
  case 138: "router-renumbering"
  case 141: "ind-neighbor-solicit"
  case 142: "ind-neighbor-advert"
  case 143: "mld2-listener-report"
  default: nil
  }
}

extension ConnectionState {
  /// The states' names in the order of their bits.
  var nftNames: [String] {
    let names: [(ConnectionState, String)] = [
      (.invalid, "invalid"), (.established, "established"), (.related, "related"), (.new, "new"),
      (.untracked, "untracked"),
    ]
    return names.filter { contains($0.0) }.map(\.1)
  }
}

extension TCPFlags {
  /// The flags' names in the order of their bits.
  var nftNames: [String] {
    let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"]
    return names.indices.filter { rawValue >> UInt8($0) & 1 == 1 }.map { names[$0] }
  }
}

extension ConnectionDirection {
  /// `original` or `reply`.
  var nftName: String { self == .original ? "original" : "reply" }
}

extension AddressRole {
  /// `saddr` or `daddr`.
  var nftName: String { self == .source ? "saddr" : "daddr" }
}

extension Hook {
  /// The priority as nft lists it: a standard name, with an offset up to ten, or the number.
  func nftPriority(in family: TableID.Family) -> String {
    for (name, standard) in standardPriorities(in: family) {
      let offset = Int(priority) - standard
      if offset == 0 { return name }
      if abs(offset) <= 10 { return "\(name) \(offset > 0 ? "+" : "-") \(abs(offset))" }
    }
    return String(priority)
  }

  private func standardPriorities(in family: TableID.Family) -> [(String, Int)] {
    let translation = point == .prerouting
    switch family {
    case .inet:
      return [("raw", -300), ("mangle", -150)] + (translation ? [("dstnat", -100)] : [])
        + [("filter", 0), ("security", 50)]
    case .bridge:
      return (translation ? [("dstnat", -300)] : []) + [("filter", -200)] + (point == .output ? [("out", 100)] : [])
    }
  }
}
