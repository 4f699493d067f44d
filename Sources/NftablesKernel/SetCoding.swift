import CLibnftnl
import CNetfilter
import Netlink
import Nftables

extension FieldType {
  /// nft's number of the type. See: nft's `include/datatype.h`, enum datatypes
  fileprivate var number: UInt32 {
    switch self {
    case .address4: 7
    case .address6: 8
    case .transportProtocol: 12
    case .port: 13
    case .icmpType: 14
    case .icmp6Type: 29
    case .interface: 20
    case .cgroup: 46
    case .etherType: 10
    case .neighbourTarget: 4
    case .byte: 5
    }
  }

  /// What nft notes of the type's byte order in a set's user data.
  fileprivate var noted: UInt8 {
    switch self {
    case .transportProtocol: 0
    case .interface, .cgroup: 1
    default: 2
    }
  }
}

extension SetDefinition {
  /// The key's type as one number: six bits a field.
  fileprivate var typeNumber: UInt32 { type.reduce(0) { $0 << 6 | $1.number } }

  /// Bytes of every field in the key.
  fileprivate var fieldLengths: [UInt8] {
    type.map { UInt8(type.count > 1 ? ($0.width + 3) & ~3 : $0.width) }
  }

  /// Bytes of a key.
  var keyLength: Int { fieldLengths.reduce(0) { $0 + Int($1) } }

  fileprivate var flags: UInt32 {
    switch kind {
    case .hash: timeout == nil ? 0 : NFT_SET_TIMEOUT.rawValue
    case .interval: NFT_SET_INTERVAL.rawValue | (type.count > 1 ? NFT_SET_CONCAT.rawValue : 0)
    }
  }

  /// The user data that nft 1.0.6 writes: the byte order of the key, its `typeof` where the type has no name, and else
  /// that a concatenation has none.
  fileprivate var userData: [UInt8] {
    let typeof = UInt8(NFTNL_UDATA_SET_KEY_TYPEOF.rawValue)
    let isNamed = !type.contains(.neighbourTarget)
    let order = record(UInt8(NFTNL_UDATA_SET_KEYBYTEORDER.rawValue), inWord(type.count == 1 ? type[0].noted : 0))
    if type.count == 1 { return isNamed ? order : order + record(typeof, type[0].typeof) }
    let fields = isNamed ? [] : type.enumerated().flatMap { record(UInt8($0), $1.typeof) }
    return order + record(typeof, record(0, inWord(13)) + record(1, fields))
  }
}

extension FieldType {
  /// nft's record of an expression of this type: `meta iif` and `@th,64,128`; there is none of the others.
  ///
  /// See: nft's `expression.h`, enum expr_types (payload 7, meta 9, concat 13), and `payload.c`, payload_expr_build_udata
  fileprivate var typeof: [UInt8] {
    switch self {
    case .interface: record(0, inWord(9)) + record(1, record(0, inWord(4)))
    case .neighbourTarget:
      record(0, inWord(7)) + record(1, [0, 0, 3, 64, 128].enumerated().flatMap { record(UInt8($0), inWord($1)) })
    default: []
    }
  }
}

/// One record of user data: type, length, value.
private func record(_ type: UInt8, _ value: [UInt8]) -> [UInt8] { [type, UInt8(value.count)] + value }

/// A number as nft keeps it in records, in the machine's order.
private func inWord(_ value: UInt8) -> [UInt8] { UInt32(value).hostBytes }

extension NetlinkBatch {
  /// Adds a set without elements.
  mutating func addSet(_ table: TableID, _ set: SetDefinition, step: Int) throws(KernelError) {
    guard let object = nftnl_set_alloc() else { throw .outOfMemory }
    defer { nftnl_set_free(object) }
    nftnl_set_set_str(object, UInt16(NFTNL_SET_TABLE.rawValue), table.name)
    nftnl_set_set_str(object, UInt16(NFTNL_SET_NAME.rawValue), set.name)
    nftnl_set_set_u32(object, UInt16(NFTNL_SET_FLAGS.rawValue), set.flags)
    nftnl_set_set_u32(object, UInt16(NFTNL_SET_KEY_TYPE.rawValue), set.typeNumber)
    nftnl_set_set_u32(object, UInt16(NFTNL_SET_KEY_LEN.rawValue), UInt32(set.keyLength))
    nftnl_set_set_u32(object, UInt16(NFTNL_SET_ID.rawValue), UInt32(truncatingIfNeeded: step + 1))
    if let timeout = set.timeout {
      nftnl_set_set_u64(object, UInt16(NFTNL_SET_TIMEOUT.rawValue), UInt64(timeout) * 1000)
    }
    if case .hash(let size) = set.kind {
      nftnl_set_set_u32(object, UInt16(NFTNL_SET_DESC_SIZE.rawValue), size)
    } else if set.type.count > 1 {
      object.set(NFTNL_SET_DESC_CONCAT, set.fieldLengths)
    }
    object.set(NFTNL_SET_USERDATA, set.userData)
    appendMessage(UInt16(NFT_MSG_NEWSET), flags: NLM_F_CREATE, family: table.family.number, step: step) {
      nftnl_set_nlmsg_build_payload($0, object)
    }
  }
}

extension OpaquePointer {
  fileprivate func set(_ attribute: nftnl_set_attr, _ bytes: [UInt8]) {
    _ = bytes.withUnsafeBytes {
      nftnl_set_set_data(self, UInt16(attribute.rawValue), $0.baseAddress, UInt32($0.count))
    }
  }
}

/// A set as the kernel lists it, without elements.
struct ListedSet {
  let table: String
  let name: String

  /// Whether it belongs to a rule, with which it comes and goes.
  let isAnonymous: Bool

  /// `nil` for a set (or map) as moat does not make them.
  let definition: SetDefinition?

  /// `nil` for a message without names.
  init?(_ message: NetlinkMessage) {
    guard let table = message.text(NFTA_SET_TABLE.rawValue), let name = message.text(NFTA_SET_NAME.rawValue),
      let object = nftnl_set_alloc()
    else { return nil }
    defer { nftnl_set_free(object) }
    self.table = table
    self.name = name
    let isReadable = nftnl_set_nlmsg_parse(message.header, object) == 0
    isAnonymous = isReadable && object.number(NFTNL_SET_FLAGS) & NFT_SET_ANONYMOUS.rawValue != 0
    definition = isReadable ? SetDefinition(object, name: name) : nil
  }
}

extension OpaquePointer {
  fileprivate func number(_ attribute: nftnl_set_attr) -> UInt32 {
    nftnl_set_get_u32(self, UInt16(attribute.rawValue))
  }

  /// Whole seconds, 0 for elements that stay; `nil` for what moat does not set.
  fileprivate var timeout: UInt32? {
    guard has(NFTNL_SET_TIMEOUT) else { return 0 }
    let milliseconds = nftnl_set_get_u64(self, UInt16(NFTNL_SET_TIMEOUT.rawValue))
    return milliseconds % 1000 == 0 ? UInt32(exactly: milliseconds / 1000) : nil
  }

  fileprivate func has(_ attribute: nftnl_set_attr) -> Bool { nftnl_set_is_set(self, UInt16(attribute.rawValue)) }
}

extension SetDefinition {
  /// The definition of a libnftnl set; `nil` where it is not one that we would write.
  fileprivate init?(_ object: OpaquePointer, name: String) {
    let flags = object.number(NFTNL_SET_FLAGS)
    let size = object.has(NFTNL_SET_DESC_SIZE) ? object.number(NFTNL_SET_DESC_SIZE) : 0
    let isInterval = flags & NFT_SET_INTERVAL.rawValue != 0
    guard let type = [FieldType](typeNumber: object.number(NFTNL_SET_KEY_TYPE)), !isInterval || size == 0,
      let timeout = object.timeout, !object.has(NFTNL_SET_EXPR), !object.has(NFTNL_SET_EXPRESSIONS),
      object.number(NFTNL_SET_POLICY) == NFT_SET_POL_PERFORMANCE.rawValue
    else { return nil }
    self.init(
      name: name, type: type, kind: isInterval ? .interval : .hash(size: size), timeout: timeout > 0 ? timeout : nil)
    // A hash set of several fields may say that it is a concatenation, or not.
    let optional = type.count > 1 && !isInterval ? NFT_SET_CONCAT.rawValue : 0
    guard flags & ~optional == self.flags, object.number(NFTNL_SET_KEY_LEN) == UInt32(keyLength) else { return nil }
  }
}

extension [FieldType] {
  /// The types that a number of six bits a field stands for; `nil` where there is one that moat does not use.
  fileprivate init?(typeNumber: UInt32) {
    self = []
    var rest = typeNumber
    while rest != 0 {
      guard let type = FieldType.allCases.first(where: { $0.number == rest & 63 }) else { return nil }
      insert(type, at: 0)
      rest >>= 6
    }
    guard !isEmpty else { return nil }
  }
}
