/// A network: an address and a length in bits. Host bits are always zero.
package struct Prefix: Hashable, Comparable, Sendable {
  /// The first address.
  package let address: IPAddress

  /// How many leading bits are fixed: 0…32 or 0…128.
  package let length: Int

  /// The network of `length` bits that holds `address`; host bits are cleared.
  ///
  /// - Precondition: `length` fits the family.
  package init(containing address: IPAddress, length: Int) {
    precondition((0...address.family.bitWidth).contains(length), "prefix length \(length) outside the family's width")
    self.length = length
    self.address = IPAddress(address.family, address.value & ~hostMask(address.family, length))
  }

  /// The network of one address: /32 or /128.
  package init(_ address: IPAddress) { self.init(containing: address, length: address.family.bitWidth) }

  /// Reads `address/length`; an address alone is its /32 or /128.
  ///
  /// - Throws: `NetworkSyntaxError`; for host bits with the corrected prefix in the message.
  package init(parsing text: some StringProtocol) throws(NetworkSyntaxError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first else {
      throw NetworkSyntaxError(text: String(text), reason: "is not a prefix; write address/length")
    }
    let address: IPAddress
    do { address = try IPAddress(parsing: first) } catch {
      throw NetworkSyntaxError(text: String(text), reason: error.reason)
    }
    guard parts.count == 2 else {
      self.init(address)
      return
    }
    let digits = parts[1]
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }), digits == "0" || digits.first != "0",
      let length = Int(digits), length <= address.family.bitWidth
    else {
      throw NetworkSyntaxError(
        text: String(text), reason: "has no prefix length from 0 to \(address.family.bitWidth)")
    }
    let corrected = Prefix(containing: address, length: length)
    guard corrected.address == address else {
      throw NetworkSyntaxError(text: String(text), reason: "has host bits set; did you mean \(corrected)?")
    }
    self = corrected
  }

  /// IPv4 or IPv6.
  package var family: IPFamily { address.family }

  /// Every address of the network, first to last.
  package var range: AddressRange {
    AddressRange(
      first: address, last: IPAddress(family, address.value | hostMask(family, length)))
  }

  /// Whether `address` lies in this network.
  package func contains(_ address: IPAddress) -> Bool { range.contains(address) }

  package static func < (left: Prefix, right: Prefix) -> Bool {
    left.address == right.address ? left.length < right.length : left.address < right.address
  }
}

extension Prefix: CustomStringConvertible {
  package var description: String { "\(address)/\(length)" }
}

/// The bits below a prefix of `length` bits.
func hostMask(_ family: IPFamily, _ length: Int) -> UInt128 {
  let host = family.bitWidth - length
  return host == 128 ? UInt128.max : (UInt128(1) << UInt128(host)) - 1
}
