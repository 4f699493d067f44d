import NetworkValues

extension WirePacket {
  /// A packet with any content, for instance another packet in a tunnel.
  package static func ip(
    from source: IPAddress, to destination: IPAddress, _ transport: TransportProtocol, _ content: [UInt8],
    hopLimit: UInt8 = 64
  ) -> WirePacket {
    precondition(
      source.family == destination.family, "source \(source) and destination \(destination) differ in family")
    var header: [UInt8]
    if source.family == .v4 {
      header = [0x45, 0] + twoBytes(20 + content.count) + [0, 0, 0x40, 0, hopLimit, transport.rawValue, 0, 0]
      header += source.bytes + destination.bytes
      header.replaceSubrange(10..<12, with: twoBytes(Int(internetChecksum(header))))
    } else {
      header = [0x60, 0, 0, 0] + twoBytes(content.count) + [transport.rawValue, hopLimit]
      header += source.bytes + destination.bytes
    }
    guard let packet = WirePacket(bytes: header + content) else { preconditionFailure("a built header is whole") }
    return packet
  }

  /// The same IPv4 packet with options, which end of options fills up to whole words. See: RFC 791, section 3.1
  package func with(options: [UInt8]) -> WirePacket {
    let filled = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
    precondition(source.family == .v4 && filled.count <= 40, "no header has room for \(filled.count) bytes of options")
    var header = Array(bytes.prefix(20)) + filled
    header[0] = 0x40 | UInt8(header.count / 4)
    header.replaceSubrange(2..<4, with: twoBytes(header.count + content.count))
    header.replaceSubrange(10..<12, with: [0, 0])
    header.replaceSubrange(10..<12, with: twoBytes(Int(internetChecksum(header))))
    guard let packet = WirePacket(bytes: header + content) else { preconditionFailure("a built header is whole") }
    return packet
  }

  /// The same IPv6 packet with a header before its content; the header's first byte becomes the content's protocol.
  /// See: RFC 8200, section 4
  package func with(extension number: UInt8, _ header: [UInt8]) -> WirePacket {
    precondition(source.family == .v6 && header.count % 8 == 0, "extension headers are whole eights of bytes")
    return .ip(
      from: source, to: destination, TransportProtocol(rawValue: number),
      [transport.rawValue] + header.dropFirst() + content, hopLimit: bytes[7])
  }

  /// A TCP segment with any flags.
  package static func tcp(
    from source: SocketAddress, to destination: SocketAddress, flags: TCPFlags, sequence: UInt32 = 1,
    acknowledgement: UInt32 = 0, payload: [UInt8] = []
  ) -> WirePacket {
    var segment = twoBytes(Int(source.port)) + twoBytes(Int(destination.port))
    segment += fourBytes(sequence) + fourBytes(acknowledgement) + [0x50, flags.rawValue, 0xff, 0xff, 0, 0, 0, 0]
    return summed(from: source.address, to: destination.address, .tcp, segment + payload, checksumAt: 16)
  }

  /// A UDP datagram.
  package static func udp(
    from source: SocketAddress, to destination: SocketAddress, payload: [UInt8] = []
  ) -> WirePacket {
    let header = twoBytes(Int(source.port)) + twoBytes(Int(destination.port)) + twoBytes(8 + payload.count) + [0, 0]
    return summed(from: source.address, to: destination.address, .udp, header + payload, checksumAt: 6)
  }

  /// An ICMP or ICMPv6 echo request.
  package static func echoRequest(
    from source: IPAddress, to destination: IPAddress, identifier: UInt16, payload: [UInt8] = []
  ) -> WirePacket {
    let header = [source.family == .v4 ? 8 : 128, 0, 0, 0] + twoBytes(Int(identifier)) + [0, 1]
    return summed(
      from: source, to: destination, .icmp(of: source.family), header + payload, checksumAt: 2)
  }

  /// Any ICMPv6 message; the checksum is filled in.
  package static func icmp6(
    from source: IPAddress, to destination: IPAddress, _ message: [UInt8], hopLimit: UInt8
  ) -> WirePacket {
    let plain = summed(from: source, to: destination, .icmp(of: .v6), message, checksumAt: 2)
    return ip(from: source, to: destination, .icmp(of: .v6), Array(plain.content), hopLimit: hopLimit)
  }

  /// An ICMP or ICMPv6 error about `packet`, as a router on its way would send it.
  package static func icmpError(
    from source: IPAddress, to destination: IPAddress, type: UInt8, code: UInt8, about packet: WirePacket
  ) -> WirePacket {
    let quote = packet.bytes.prefix(source.family == .v4 ? 548 : 1232)
    return summed(
      from: source, to: destination, .icmp(of: source.family), [type, code, 0, 0, 0, 0, 0, 0] + quote, checksumAt: 2)
  }

  /// A packet whose content carries a checksum at `offset`; ICMP for IPv4 is the one without a pseudo-header.
  private static func summed(
    from source: IPAddress, to destination: IPAddress, _ transport: TransportProtocol, _ content: [UInt8],
    checksumAt offset: Int
  ) -> WirePacket {
    let pseudoHeader =
      transport == .icmp
      ? [] : source.bytes + destination.bytes + fourBytes(UInt32(content.count)) + [0, 0, 0, transport.rawValue]
    var content = content
    var sum = Int(internetChecksum(pseudoHeader + content))
    if sum == 0, transport == .udp { sum = 0xffff }
    content.replaceSubrange(offset..<offset + 2, with: twoBytes(sum))
    return ip(from: source, to: destination, transport, content)
  }
}

/// The ones' complement sum of 16-bit words.
///
/// See: RFC 1071
private func internetChecksum(_ bytes: [UInt8]) -> UInt16 {
  var sum: UInt32 = 0
  for index in stride(from: 0, to: bytes.count, by: 2) {
    sum += UInt32(bytes[index]) << 8 | UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0)
  }
  while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
  return ~UInt16(sum)
}

private func twoBytes(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

private func fourBytes(_ value: UInt32) -> [UInt8] { twoBytes(Int(value >> 16)) + twoBytes(Int(value & 0xffff)) }
