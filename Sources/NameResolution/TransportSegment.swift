import NetworkValues

/// What an IP packet carries for a UDP or TCP port, as a copy of the packet has it.
///
/// Copies come from the network: lengths are checked, what is cut off or odd is no segment. Fragments are none either:
/// connection tracking has put packets together before they are copied.
/// See: RFC 791; RFC 8200, section 4; RFC 768; RFC 9293, section 3.1
package struct TransportSegment: Hashable, Sendable {
  /// Where the packet comes from.
  package var source: Endpoint

  /// Where it goes to.
  package var destination: Endpoint

  /// The first byte's number in a TCP stream, and what the header says of it; `nil` of a datagram.
  package var stream: StreamPlace?

  /// What it carries; may be empty.
  package var payload: ArraySlice<UInt8>

  /// An address and a port.
  package struct Endpoint: Hashable, Sendable {
    /// The address.
    package var address: IPAddress

    /// The port, of UDP or TCP.
    package var port: UInt16

    package init(_ address: IPAddress, _ port: UInt16) {
      self.address = address
      self.port = port
    }
  }

  /// Where in a TCP stream a segment stands.
  package struct StreamPlace: Hashable, Sendable {
    /// SEQ.
    package var sequence: UInt32

    /// SYN: the stream begins here.
    package var begins: Bool

    /// FIN or RST: it ends here.
    package var ends: Bool
  }

  /// - Returns: `nil` for what is no whole IP packet with a UDP datagram or a TCP segment.
  package init?(packet bytes: [UInt8]) {
    guard let first = bytes.first else { return nil }
    let header = first >> 4 == 4 ? NetworkHeader(v4: bytes) : first >> 4 == 6 ? NetworkHeader(v6: bytes) : nil
    guard let header, header.end - header.start >= 8 else { return nil }
    let word = { (place: Int) in UInt16(bytes[header.start + place]) << 8 | UInt16(bytes[header.start + place + 1]) }
    source = Endpoint(header.source, word(0))
    destination = Endpoint(header.destination, word(2))
    switch header.transport {
    case 17:
      let length = Int(word(4))
      guard length >= 8, header.start + length <= header.end else { return nil }
      payload = bytes[(header.start + 8)..<(header.start + length)]
    case 6:
      guard header.end - header.start >= 20 else { return nil }
      let offset = Int(bytes[header.start + 12] >> 4) * 4
      guard offset >= 20, header.start + offset <= header.end else { return nil }
      let flags = bytes[header.start + 13]
      stream = StreamPlace(
        sequence: UInt32(word(4)) << 16 | UInt32(word(6)), begins: flags & 0x02 != 0, ends: flags & 0x05 != 0)
      payload = bytes[(header.start + offset)..<header.end]
    default: return nil
    }
  }
}

/// What is read of an IP header: addresses, and where the transport header begins and the packet ends.
private struct NetworkHeader {
  var source: IPAddress
  var destination: IPAddress
  var transport: UInt8
  var start: Int
  var end: Int

  init?(v4 bytes: [UInt8]) {
    guard bytes.count >= 20 else { return nil }
    start = Int(bytes[0] & 0xf) * 4
    end = Int(bytes[2]) << 8 | Int(bytes[3])
    // More fragments, or not the first one.
    guard start >= 20, start <= end, end <= bytes.count, bytes[6] & 0x3f == 0, bytes[7] == 0 else { return nil }
    transport = bytes[9]
    source = IPAddress(.v4, number(bytes[12..<16]))
    destination = IPAddress(.v4, number(bytes[16..<20]))
  }

  init?(v6 bytes: [UInt8]) {
    guard bytes.count >= 40 else { return nil }
    end = 40 + (Int(bytes[4]) << 8 | Int(bytes[5]))
    guard end <= bytes.count else { return nil }
    source = IPAddress(.v6, number(bytes[8..<24]))
    destination = IPAddress(.v6, number(bytes[24..<40]))
    start = 40
    transport = bytes[6]
    // Hop-by-hop and destination options; whatever else comes before the transport header has no business here.
    while transport == 0 || transport == 60 {
      guard start + 8 <= end else { return nil }
      transport = bytes[start]
      start += 8 + Int(bytes[start + 1]) * 8
      guard start <= end else { return nil }
    }
  }
}

private func number(_ bytes: ArraySlice<UInt8>) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }
