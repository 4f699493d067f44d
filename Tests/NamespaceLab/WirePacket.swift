import NetworkValues

/// An IPv4 or IPv6 packet as bytes, from the IP header on.
package struct WirePacket: Hashable, Sendable {
  package let bytes: [UInt8]
  package let source: IPAddress
  package let destination: IPAddress
  /// What follows the IP header; IPv6 extension headers are not skipped.
  package let transport: TransportProtocol
  private let headerLength: Int

  /// Reads a packet; nil unless it holds a whole IPv4 or IPv6 header.
  package init?(bytes: [UInt8]) {
    guard let first = bytes.first else { return nil }
    self.bytes = bytes
    switch first >> 4 {
    case 4:
      headerLength = Int(first & 15) * 4
      guard headerLength >= 20, bytes.count >= headerLength, let source = IPAddress(bytes: bytes[12..<16]),
        let destination = IPAddress(bytes: bytes[16..<20])
      else { return nil }
      (self.source, self.destination, transport) = (source, destination, TransportProtocol(rawValue: bytes[9]))
    case 6:
      headerLength = 40
      guard bytes.count >= headerLength, let source = IPAddress(bytes: bytes[8..<24]),
        let destination = IPAddress(bytes: bytes[24..<40])
      else { return nil }
      (self.source, self.destination, transport) = (source, destination, TransportProtocol(rawValue: bytes[6]))
    default: return nil
    }
  }

  /// What follows the IP header.
  package var content: ArraySlice<UInt8> { bytes[headerLength...] }

  /// The source port of TCP, UDP or SCTP; the identifier of an ICMP echo.
  package var sourcePort: UInt16? { transport.hasPorts ? number(at: 0) : echoIdentifier }

  /// The destination port of TCP, UDP or SCTP; the identifier of an ICMP echo.
  package var destinationPort: UInt16? { transport.hasPorts ? number(at: 2) : echoIdentifier }

  /// The flags of a TCP segment.
  package var tcpFlags: TCPFlags? {
    transport == .tcp && content.count >= 14 ? TCPFlags(rawValue: content[content.startIndex + 13]) : nil
  }

  /// Type and code of an ICMP or ICMPv6 message.
  package var icmp: (type: UInt8, code: UInt8)? {
    guard isICMP, content.count >= 8 else { return nil }
    return (content[content.startIndex], content[content.startIndex + 1])
  }

  /// The packet an ICMP error quotes; its content may be cut off after eight bytes.
  package var quoted: WirePacket? {
    guard let icmp else { return nil }
    let isError = transport == .icmp ? [3, 4, 5, 11, 12].contains(icmp.type) : icmp.type < 128
    return isError ? WirePacket(bytes: Array(content.dropFirst(8))) : nil
  }

  /// Whether the packet holds `text` anywhere.
  package func contains(_ text: [UInt8]) -> Bool {
    guard !text.isEmpty, bytes.count >= text.count else { return text.isEmpty }
    return (0...bytes.count - text.count).contains { bytes[$0..<$0 + text.count].elementsEqual(text) }
  }

  private var isICMP: Bool { transport == .icmp || transport == .icmpv6 }

  private var echoIdentifier: UInt16? {
    guard let icmp, (transport == .icmp ? [0, 8] : [128, 129]).contains(icmp.type) else { return nil }
    return number(at: 4)
  }

  private func number(at offset: Int) -> UInt16? {
    guard content.count >= offset + 2 else { return nil }
    let start = content.startIndex + offset
    return UInt16(content[start]) << 8 | UInt16(content[start + 1])
  }
}

/// The control bits of a TCP segment.
package struct TCPFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let fin = TCPFlags(rawValue: 1)
  package static let syn = TCPFlags(rawValue: 2)
  package static let rst = TCPFlags(rawValue: 4)
  package static let psh = TCPFlags(rawValue: 8)
  package static let ack = TCPFlags(rawValue: 16)
  package static let urg = TCPFlags(rawValue: 32)
}
