import CCares
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
    answers = isAnswer && !isTruncated && code == 0 ? parsedAnswers(bytes, question, at: end + 4) : []
  }

  private static let headerLength = 12
}

/// The host name at `place`, and where it ends; `nil` where it is none.
private func expandedName(in bytes: [UInt8], at place: Int) -> (name: String, end: Int)? {
  guard let (text, end) = expandedText(in: bytes, at: place), let name = dnsName(parsing: text) else { return nil }
  return (name, end)
}

/// The name at `place` as text in lower case, with what is no text escaped, and where it ends; `nil` where it leads out of
/// the message or in circles.
///
/// See: ares_expand_name(3)
private func expandedText(in bytes: [UInt8], at place: Int) -> (text: String, end: Int)? {
  guard place < bytes.count else { return nil }
  return bytes.withUnsafeBufferPointer { buffer -> (text: String, end: Int)? in
    guard let start = buffer.baseAddress else { return nil }
    var text: UnsafeMutablePointer<CChar>?
    var length = 0
    guard ares_expand_name(start + place, start, Int32(buffer.count), &text, &length) == ARES_SUCCESS, let text else {
      return nil
    }
    defer { ares_free_string(text) }
    guard length > 0, place + length <= buffer.count else { return nil }
    return (String(cString: text).lowercased(), place + length)
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

/// The addresses of the question's name, and of what it is an alias of; nothing where a record is cut or odd.
///
/// c-ares' own reader takes any alias in an answer for one of the question's name.
/// See: RFC 1035, section 4.1.3
private func parsedAnswers(
  _ bytes: [UInt8], _ question: DNSMessage.Question, at start: Int
) -> [DNSMessage.Answer] {
  let word = { (place: Int) in UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]) }
  var aliases: [String: (target: String, lifetime: UInt32)] = [:]
  var found: [(owner: String, answer: DNSMessage.Answer)] = []
  var place = start
  for _ in 0..<word(6) {
    guard let (owner, end) = owner(in: bytes, at: place, question), end + 10 <= bytes.count else { return [] }
    let (data, length) = (end + 10, Int(word(end + 8)))
    place = data + length
    guard place <= bytes.count else { return [] }
    guard word(end + 2) == 1 else { continue }
    let seconds = UInt32(word(end + 4)) << 16 | UInt32(word(end + 6))
    // See: RFC 2181, section 8
    let lifetime = seconds > UInt32(Int32.max) ? 0 : seconds
    if word(end) == aliasType {
      guard let (target, last) = expandedText(in: bytes, at: data), last == place else { return [] }
      aliases[owner] = aliases[owner] ?? (target, lifetime)
    } else if word(end) == question.type.rawValue {
      guard length == question.type.length else { return [] }
      let value = bytes[data..<place].reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
      found.append((owner, DNSMessage.Answer(address: IPAddress(question.type.family, value), lifetime: lifetime)))
    }
  }
  var lifetimes = [question.name: UInt32.max]
  var name = question.name
  while let alias = aliases[name], lifetimes[alias.target] == nil {
    lifetimes[alias.target] = min(lifetimes[name] ?? 0, alias.lifetime)
    name = alias.target
  }
  return found.compactMap { owner, answer in
    lifetimes[owner].map { DNSMessage.Answer(address: answer.address, lifetime: min($0, answer.lifetime)) }
  }
}

/// Whose record it is; nearly always the question's, by a pointer to its name.
private func owner(
  in bytes: [UInt8], at place: Int, _ question: DNSMessage.Question
) -> (text: String, end: Int)? {
  if place + 1 < bytes.count, bytes[place] == 0xc0, bytes[place + 1] == 12 { return (question.name, place + 2) }
  return expandedText(in: bytes, at: place)
}

/// CNAME.
private let aliasType: UInt16 = 5

extension DNSMessage.AddressType {
  fileprivate var family: IPFamily { self == .a ? .v4 : .v6 }

  /// Bytes of an address.
  fileprivate var length: Int { self == .a ? 4 : 16 }
}
