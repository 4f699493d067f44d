extension TextBuffer {
  /// The `elem` array: a value or a range for one field, a `concat` of them for several.
  mutating func append(json elements: SetElements, of type: [FieldType]) {
    append(UInt8(ascii: "["))
    switch elements {
    case .keys(let keys):
      for (index, key) in keys.enumerated() {
        if index > 0 { append(", ") }
        append(json: ElementRange(first: key, last: key), of: type)
      }
    case .ranges(let ranges):
      for (index, range) in ranges.enumerated() {
        if index > 0 { append(", ") }
        append(json: range, of: type)
      }
    }
    append(UInt8(ascii: "]"))
  }

  private mutating func append(json range: ElementRange, of type: [FieldType]) {
    if type.count > 1 { append("{\"concat\": [") }
    var offset = 0
    for (index, field) in type.enumerated() {
      if index > 0 { append(", ") }
      append(
        jsonFrom: range.first.value(at: offset, width: field.width),
        to: range.last.value(at: offset, width: field.width), as: field)
      offset += field.stride(among: type.count)
    }
    if type.count > 1 { append("]}") }
  }

  private mutating func append(jsonFrom first: UInt128, to last: UInt128, as field: FieldType) {
    if first == last {
      append(json: first, as: field, named: true)
    } else if field.isAddress, let length = prefixLength(from: first, to: last, width: 8 * field.width) {
      append("{\"prefix\": {\"addr\": ")
      append(json: first, as: field, named: false)
      append(", \"len\": ")
      append(decimal: UInt64(length))
      append("}}")
    } else {
      append("{\"range\": [")
      append(json: first, as: field, named: false)
      append(", ")
      append(json: last, as: field, named: false)
      append("]}")
    }
  }

  /// One value; numbers that have a name are written with it where `named`.
  private mutating func append(json value: UInt128, as field: FieldType, named: Bool) {
    switch field {
    case .address4:
      append(UInt8(ascii: "\""))
      append(address4: UInt32(truncatingIfNeeded: value))
      append(UInt8(ascii: "\""))
    case .address6:
      append(UInt8(ascii: "\""))
      append(address6: value)
      append(UInt8(ascii: "\""))
    case .neighbourTarget: append("\"0x\(String(value, radix: 16))\"")
    case .transportProtocol where named, .icmpType where named, .icmp6Type where named, .etherType where named:
      append(field.jsonName(of: UInt16(truncatingIfNeeded: value)))
    case .interface:
      append(UInt8(ascii: "\""))
      append(decimal: UInt64(truncatingIfNeeded: field.swapped(value)))
      append(UInt8(ascii: "\""))
    case .cgroup: append(cgroup: UInt64(truncatingIfNeeded: field.swapped(value)))
    case .port, .byte, .transportProtocol, .icmpType, .icmp6Type, .etherType:
      append(decimal: UInt64(truncatingIfNeeded: value))
    }
  }
}

extension FieldType {
  /// The constant as nft lists it in JSON. Protocols have the names of /etc/protocols there.
  func jsonName(of value: UInt16) -> JSONValue {
    if self == .transportProtocol, let name = listedProtocolName(value) { return .string(name) }
    return nftName(of: value).json
  }
}

extension NftValue {
  var json: JSONValue {
    switch self {
    case .word(let word): .string(word)
    case .number(let number): .number(UInt64(number))
    }
  }
}

/// Names that differ from those of nft's grammar, or that it does not have. See: protocols(5)
private func listedProtocolName(_ value: UInt16) -> String? {
  switch value {
  case 0: "ip"
  case 2: "igmp"
  case 4: "ipencap"
  case 41: "ipv6"
  case 47: "gre"
  case 58: "ipv6-icmp"
  default: nil
  }
}
