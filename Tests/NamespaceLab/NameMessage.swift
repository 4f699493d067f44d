import NetworkValues

/// A DNS message to be sent, right or wrong, as it travels over UDP. Written without the parser that is tested with it.
///
/// See: RFC 1035, section 4
package struct NameMessage: Hashable, Sendable {
  /// A resource record.
  package enum Record: Hashable, Sendable {
    /// A or AAAA.
    case address(String, IPAddress, seconds: UInt32)

    /// CNAME.
    case alias(String, of: String, seconds: UInt32)
  }

  package static let a: UInt16 = 1
  package static let aaaa: UInt16 = 28

  /// The flags of a query that asks for recursion, and of answers.
  package static let query: UInt16 = 0x0100
  package static let answer: UInt16 = 0x8180
  package static let truncated: UInt16 = 0x8380
  package static let missing: UInt16 = 0x8183
  package static let serverFailure: UInt16 = 0x8182

  package var transaction: UInt16
  package var flags: UInt16
  package var name: String
  package var type: UInt16
  package var records: [Record]

  package init(
    _ transaction: UInt16, flags: UInt16 = NameMessage.query, _ name: String, _ type: UInt16 = NameMessage.a,
    _ records: [Record] = []
  ) {
    self.transaction = transaction
    self.flags = flags
    self.name = name
    self.type = type
    self.records = records
  }

  /// Addresses of the name itself; those of the type that is asked for.
  package init(
    answering question: NameMessage, _ addresses: [IPAddress], seconds: UInt32, flags: UInt16 = NameMessage.answer
  ) {
    let family: IPFamily = question.type == Self.a ? .v4 : .v6
    self.init(
      question.transaction, flags: flags, question.name, question.type,
      addresses.filter { $0.family == family }.map { .address(question.name, $0, seconds: seconds) })
  }

  /// Reads header and question of a query; records are passed over.
  package init?(query bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count > 16 else { return nil }
    let word = { (place: Int) in UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]) }
    var labels: [String] = []
    var place = 12
    while place < bytes.count, bytes[place] != 0 {
      let end = place + 1 + Int(bytes[place])
      guard bytes[place] < 64, end < bytes.count else { return nil }
      labels.append(String(decoding: bytes[(place + 1)..<end], as: UTF8.self))
      place = end
    }
    guard place + 4 < bytes.count else { return nil }
    self.init(word(0), flags: word(2), labels.joined(separator: "."), word(place + 1))
  }

  /// The message. Owners equal to the question's name point to it, as servers write them.
  package var bytes: [UInt8] {
    var bytes = [transaction, flags, 1, UInt16(records.count), 0, 0].flatMap(octets)
    bytes += encoded(name) + octets(type) + octets(1)
    for record in records {
      switch record {
      case .address(let owner, let address, let seconds):
        let size = address.family == .v4 ? 4 : 16
        bytes += reference(to: owner) + octets(address.family == .v4 ? Self.a : Self.aaaa) + octets(1)
        bytes += octets(UInt16(seconds >> 16)) + octets(UInt16(truncatingIfNeeded: seconds)) + octets(UInt16(size))
        bytes += (0..<size).reversed().map { UInt8(truncatingIfNeeded: address.value >> (8 * UInt128($0))) }
      case .alias(let target, let owner, let seconds):
        let data = encoded(target)
        bytes += reference(to: owner) + octets(5) + octets(1)
        bytes += octets(UInt16(seconds >> 16)) + octets(UInt16(truncatingIfNeeded: seconds))
        bytes += octets(UInt16(data.count)) + data
      }
    }
    return bytes
  }

  /// The message as it travels over TCP.
  package var framed: [UInt8] {
    let bytes = bytes
    return octets(UInt16(truncatingIfNeeded: bytes.count)) + bytes
  }

  private func reference(to owner: String) -> [UInt8] { owner == name ? [0xc0, 12] : encoded(owner) }

  private func encoded(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) } + [0]
  }

  private func octets(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(truncatingIfNeeded: word)] }
}
