import FlowLog
import NamespaceLab
import NetworkValues
import Testing

/// What headers tell, whole and cut off.
struct RefusedPacketTests {
  private let four = IPAddress(v4: 0x0a01_010a)
  private let otherFour = IPAddress(v4: 0xcb00_710a)
  private let six = IPAddress(v6: 0xfd00 << 112 | 1)
  private let otherSix = IPAddress(v6: 0x2001_0db8 << 96 | 7)

  @Test func transports() {
    let segment = WirePacket.tcp(from: SocketAddress(four, 40_000), to: SocketAddress(otherFour, 443), flags: .syn)
    #expect(read(segment) == expected(.tcp, 40_000, 443))
    let datagram = WirePacket.udp(from: SocketAddress(six, 5353), to: SocketAddress(otherSix, 53), payload: [1, 2])
    #expect(read(datagram) == expected(.udp, 5353, 53, family: .v6))
    let sctp = WirePacket.ip(from: four, to: otherFour, .sctp, [0x1f, 0x90, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(read(sctp) == expected(.sctp, 8080, 80))
    var echo = expected(.icmp, nil, nil)
    echo.icmpType = 8
    #expect(read(.echoRequest(from: four, to: otherFour, identifier: 1)) == echo)
    echo = expected(.icmpv6, nil, nil, family: .v6)
    echo.icmpType = 128
    #expect(read(.echoRequest(from: six, to: otherSix, identifier: 1)) == echo)
    let gre = TransportProtocol(rawValue: 47)
    #expect(read(.ip(from: four, to: otherFour, gre, [1, 2, 3, 4])) == expected(gre, nil, nil))
    // ICMP of the other version is none.
    #expect(read(.ip(from: six, to: otherSix, .icmp, [8, 0, 0, 0])).icmpType == nil)
  }

  @Test func optionsMoveThePorts() {
    let plain = WirePacket.tcp(from: SocketAddress(four, 1), to: SocketAddress(otherFour, 2), flags: .syn)
    for count in [1, 4, 5, 39, 40] {
      #expect(read(plain.with(options: [UInt8](repeating: 1, count: count))) == expected(.tcp, 1, 2))
    }
    // A header that claims less than it must have, and one that claims more than there is.
    for length: UInt8 in [0x40, 0x44, 0x4f] {
      #expect(read([length] + plain.bytes.dropFirst()) == expected(.tcp, nil, nil))
    }
  }

  @Test func extensionHeadersAreSkipped() {
    let plain = WirePacket.udp(from: SocketAddress(six, 1000), to: SocketAddress(otherSix, 53))
    let (eight, sixteen) = ([UInt8](repeating: 0, count: 8), [0, 1] + [UInt8](repeating: 0, count: 14))
    for number: UInt8 in [0, 43, 60, 135, 139, 140] {
      #expect(read(plain.with(extension: number, sixteen)) == expected(.udp, 1000, 53, family: .v6))
    }
    // An authentication header counts in words of four bytes, without the first two.
    let authenticated = plain.with(extension: 51, [0, 4] + [UInt8](repeating: 0, count: 22))
    #expect(read(authenticated) == expected(.udp, 1000, 53, family: .v6))
    let chain = plain.with(extension: 60, eight).with(extension: 43, sixteen).with(extension: 0, eight)
    #expect(read(chain) == expected(.udp, 1000, 53, family: .v6))
    // Cut within the chain it is known what comes next, if not what is in it.
    for (length, number) in [(40, 0), (41, 0), (48, 43), (49, 43), (50, 60), (64, 60), (72, 17)] as [(Int, UInt8)] {
      let transport = TransportProtocol(rawValue: number)
      #expect(read(chain.bytes.prefix(length)) == expected(transport, nil, nil, family: .v6), "\(length)")
    }
    let encrypted = plain.with(extension: 50, eight)
    #expect(read(encrypted) == expected(TransportProtocol(rawValue: 50), nil, nil, family: .v6))
  }

  @Test func onlyFirstFragmentsHavePorts() {
    let four = WirePacket.udp(from: SocketAddress(four, 7), to: SocketAddress(otherFour, 9), payload: [1])
    #expect(read(four.fragment(at: 0, isLast: false)) == expected(.udp, 7, 9))
    #expect(read(four.fragment(at: 1480, isLast: true)) == expected(.udp, nil, nil))
    let six = WirePacket.udp(from: SocketAddress(six, 7), to: SocketAddress(otherSix, 9), payload: [1])
    #expect(read(six.with(extension: 44, [0, 0, 0, 1, 0, 0, 0, 1])) == expected(.udp, 7, 9, family: .v6))
    let later = six.with(extension: 44, [0, 0, 0x05, 0xa8, 0, 0, 0, 1])
    #expect(read(later) == expected(.udp, nil, nil, family: .v6))
  }

  @Test func whatIsBehindThePacketIsNotRead() {
    // An Ethernet frame is filled up to 60 bytes.
    let short = WirePacket.ip(from: four, to: otherFour, .udp, [0, 7])
    #expect(read(short.bytes + [UInt8](repeating: 9, count: 24)).sourcePort == 7)
    #expect(read(short.bytes + [UInt8](repeating: 9, count: 24)).destinationPort == nil)
    let six = WirePacket.ip(from: six, to: otherSix, .udp, [0, 7, 0])
    #expect(read(six.bytes + [UInt8](repeating: 9, count: 24)).destinationPort == nil)
    // Packets of more than 64 KiB have the length 0.
    var large = WirePacket.udp(from: SocketAddress(four, 7), to: SocketAddress(otherFour, 9)).bytes
    large.replaceSubrange(2..<4, with: [0, 0])
    #expect(read(large) == expected(.udp, 7, 9))
  }

  @Test func otherFrames() {
    let arp: [UInt8] =
      [0, 1, 8, 0, 6, 4, 0, 1] + [2, 0, 0, 0, 0, 1] + four.bytes + [0, 0, 0, 0, 0, 0] + otherFour.bytes
    #expect(read(arp, 0x0806) == RefusedPacket(content: .arp, source: four, destination: otherFour))
    #expect(read(arp.prefix(20), 0x0806) == RefusedPacket(content: .arp, source: four))
    #expect(read([0, 6] + arp.dropFirst(2), 0x0806).source == four)
    #expect(read([0, 6, 8, 0, 8, 4] + arp.dropFirst(6), 0x0806) == RefusedPacket(content: .arp))
    #expect(read(arp, 0x8100) == RefusedPacket(content: .frame(etherType: 0x8100)))
    #expect("\(read(arp, 0x0842).content)" == "ethertype 0x0842")
    // What says it is IP and is not.
    #expect(read(arp, 0x86dd) == RefusedPacket(content: .frame(etherType: 0x86dd)))
    #expect(read([], 0x0800) == RefusedPacket(content: .frame(etherType: 0x0800)))
  }

  private func expected(
    _ transport: TransportProtocol, _ sourcePort: UInt16?, _ destinationPort: UInt16?, family: IPFamily = .v4
  ) -> RefusedPacket {
    RefusedPacket(
      content: .transport(transport), source: family == .v4 ? four : six,
      destination: family == .v4 ? otherFour : otherSix, sourcePort: sourcePort, destinationPort: destinationPort)
  }
}

/// Reads a packet as it is on the wire.
private func read(_ packet: WirePacket) -> RefusedPacket {
  read(packet.bytes, packet.source.family == .v4 ? 0x0800 : 0x86dd)
}

/// Reads bytes; without a type as the IP that they say they are.
private func read(_ bytes: some Sequence<UInt8>, _ etherType: UInt16? = nil) -> RefusedPacket {
  let bytes = Array(bytes)
  let type = etherType ?? (bytes.first.map { $0 >> 4 } == 6 ? 0x86dd : 0x0800)
  return bytes.withUnsafeBytes { RefusedPacket($0, etherType: type) }
}

extension WirePacket {
  /// The same IPv4 packet as a fragment, `offset` bytes into the whole.
  fileprivate func fragment(at offset: Int, isLast: Bool) -> WirePacket {
    let field = UInt16(offset / 8) | (isLast ? 0 : 0x2000)
    var bytes = bytes
    bytes.replaceSubrange(6..<8, with: [UInt8(field >> 8), UInt8(field & 255)])
    guard let packet = WirePacket(bytes: bytes) else { preconditionFailure("the header is whole") }
    return packet
  }
}
