import CCares
import Glibc
import NetworkValues

/// What moat reads of a DNS message: whom it asks for, and which addresses it gives.
///
/// Messages come from the network, some of them from whoever wants to open the firewall: everything is checked, and what
/// is odd has no question and gives nothing.
/// See: RFC 1035, section 4
package struct DNSMessage: Hashable, Sendable {
  /// The record types that give addresses.
  package enum AddressType: UInt16, Hashable, Sendable, CaseIterable {
    case a = 1
    case aaaa = 28
  }

  /// The one question of a message.
  package struct Question: Hashable, Sendable {
    /// In lower case, without a final dot; letters, digits, hyphens and underscores in its labels.
    package var name: String

    /// Which addresses are asked for.
    package var type: AddressType

    package init(name: String, type: AddressType) {
      self.name = name
      self.type = type
    }
  }

  /// An address that a message gives.
  package struct Answer: Hashable, Sendable {
    /// The address.
    package var address: IPAddress

    /// Seconds; the least of its record's and of the aliases that lead to it.
    package var lifetime: UInt32

    package init(address: IPAddress, lifetime: UInt32) {
      self.address = address
      self.lifetime = lifetime
    }
  }

  /// What query and answer have in common.
  package let transaction: UInt16

  /// Whether it answers (QR).
  package let isAnswer: Bool

  /// Whether more would follow over TCP (TC): what is here is not the whole answer.
  package let isTruncated: Bool

  /// RCODE: 0 where there is no error, 3 where the name does not exist.
  package let code: UInt8

  /// What is asked.
  package let question: Question

  /// What is given, in the order of the records; nothing in a query, in a truncated answer and in one with an error.
  package let answers: [Answer]

  /// A message as it travels over UDP, or over TCP without its length.
  ///
  /// - Returns: `nil` where it is no message of the class IN that asks for the addresses of one host name.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count > Self.headerLength, bytes.count <= Int(UInt16.max) else { return nil }
    let word = { (place: Int) in UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]) }
    let flags = word(2)
    // OPCODE 0, one question.
    guard flags >> 11 & 0xf == 0, word(4) == 1,
      let (name, end) = expandedName(in: bytes, at: Self.headerLength), end + 4 <= bytes.count,
      let type = AddressType(rawValue: word(end)), word(end + 2) == 1
    else { return nil }
    transaction = word(0)
    isAnswer = flags & 0x8000 != 0
    isTruncated = flags & 0x0200 != 0
    code = UInt8(flags & 0xf)
    question = Question(name: name, type: type)
    answers = isAnswer && !isTruncated && code == 0 ? parsedAnswers(bytes, type) : []
  }

  private static let headerLength = 12
}

/// The host name at `place`, and where it ends; `nil` where it is none.
///
/// See: ares_expand_name(3)
private func expandedName(in bytes: [UInt8], at place: Int) -> (name: String, end: Int)? {
  bytes.withUnsafeBufferPointer { buffer -> (name: String, end: Int)? in
    guard let start = buffer.baseAddress else { return nil }
    var text: UnsafeMutablePointer<CChar>?
    var length = 0
    guard ares_expand_name(start + place, start, Int32(buffer.count), &text, &length) == ARES_SUCCESS, let text else {
      return nil
    }
    defer { ares_free_string(text) }
    guard length > 0, place + length <= buffer.count, let name = dnsName(parsing: String(cString: text)) else {
      return nil
    }
    return (name, place + length)
  }
}

/// A host name as DNS compares it: in lower case, without a final dot; `nil` for what is no host name.
package func dnsName(parsing text: String) -> String? {
  var name = text.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }
  if name.last == UInt8(ascii: ".") { name.removeLast() }
  guard !name.isEmpty, name.count <= 253 else { return nil }
  for label in name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
    guard !label.isEmpty, label.count <= 63,
      label.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95 })
    else { return nil }
  }
  return String(decoding: name, as: UTF8.self)
}

/// How many addresses are read of one message: as many as the largest can hold.
private let maximumAnswers = 4096

private func parsedAnswers(_ bytes: [UInt8], _ type: DNSMessage.AddressType) -> [DNSMessage.Answer] {
  switch type {
  case .a: parsedAddresses4(bytes)
  case .aaaa: parsedAddresses6(bytes)
  }
}

/// See: ares_parse_a_reply(3), which follows aliases and takes their lifetimes into account.
private func parsedAddresses4(_ bytes: [UInt8]) -> [DNSMessage.Answer] {
  var found = [ares_addrttl](repeating: ares_addrttl(), count: maximumAnswers)
  var count = Int32(found.count)
  guard ares_parse_a_reply(bytes, Int32(bytes.count), nil, &found, &count) == 0 else { return [] }
  return found.prefix(Int(count)).map { entry in
    DNSMessage.Answer(
      address: IPAddress(v4: UInt32(bigEndian: entry.ipaddr.s_addr)), lifetime: UInt32(clamping: entry.ttl))
  }
}

/// See: ares_parse_aaaa_reply(3)
private func parsedAddresses6(_ bytes: [UInt8]) -> [DNSMessage.Answer] {
  var found = [ares_addr6ttl](repeating: ares_addr6ttl(), count: maximumAnswers)
  var count = Int32(found.count)
  guard ares_parse_aaaa_reply(bytes, Int32(bytes.count), nil, &found, &count) == 0 else { return [] }
  return found.prefix(Int(count)).map { entry in
    let value = withUnsafeBytes(of: entry.ip6addr) { $0.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }
    return DNSMessage.Answer(address: IPAddress(v6: value), lifetime: UInt32(clamping: entry.ttl))
  }
}
