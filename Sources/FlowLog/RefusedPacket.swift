import Netlink
import NetworkValues

/// What the headers of a packet tell of who wanted what.
///
/// Total: of bytes that are cut off or nonsense it tells what can be told. A field is `nil` where its bytes are not there
/// or mean something else.
package struct RefusedPacket: Hashable, Sendable {
  /// What the frame carries.
  package enum Content: Hashable, Sendable {
    /// IPv4 or IPv6, and in it a protocol: the first that is no extension header, where the packet reaches that far.
    case transport(TransportProtocol)

    /// ARP; source and destination are the sender's and the target's address.
    case arp

    /// Anything else, by its type. See: IEEE 802 Numbers
    case frame(etherType: UInt16)
  }

  /// What the frame carries.
  package var content: Content

  /// The sender, as the packet says.
  package var source: IPAddress?

  /// The receiver, after every translation that came before the hook.
  package var destination: IPAddress?

  /// Of TCP, UDP and SCTP; `nil` in all fragments but the first.
  package var sourcePort: UInt16?

  /// As `sourcePort`.
  package var destinationPort: UInt16?

  /// The type of an ICMP or ICMPv6 message.
  package var icmpType: UInt8?

  /// The index of the interface that it came in by, of a bridged packet the port; `nil` for packets of the host itself.
  package var interface: UInt32?

  package init(
    content: Content, source: IPAddress? = nil, destination: IPAddress? = nil, sourcePort: UInt16? = nil,
    destinationPort: UInt16? = nil, icmpType: UInt8? = nil, interface: UInt32? = nil
  ) {
    self.content = content
    self.source = source
    self.destination = destination
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.icmpType = icmpType
    self.interface = interface
  }

  /// Reads the headers of a packet that a rule logged.
  package init(_ logged: LoggedPacket) {
    self.init(logged.payload, etherType: logged.etherType)
    interface = logged.inputPort ?? logged.inputInterface
  }

  /// Reads the headers of a packet.
  ///
  /// - Parameters:
  ///   - bytes: from the network header on, as far as they are known.
  ///   - etherType: what the frame says they are.
  package init(_ bytes: UnsafeRawBufferPointer, etherType: UInt16) {
    let bytes = PacketBytes(bytes)
    switch etherType {
    case 0x0800: self.init(v4: bytes)
    case 0x86dd: self.init(v6: bytes)
    case 0x0806: self.init(arp: bytes)
    default: self.init(content: .frame(etherType: etherType))
    }
  }
}

extension RefusedPacket {
  /// See: RFC 791, section 3.1
  private init(v4 bytes: PacketBytes) {
    guard let first = bytes.byte(at: 0), first >> 4 == 4, let number = bytes.byte(at: 9) else {
      self.init(content: .frame(etherType: 0x0800))
      return
    }
    self.init(
      content: .transport(TransportProtocol(rawValue: number)), source: bytes.address(.v4, at: 12),
      destination: bytes.address(.v4, at: 16))
    let header = Int(first & 15) * 4
    guard header >= 20, let fragment = bytes.number(at: 6), fragment & 0x1fff == 0 else { return }
    // Frames are filled up to their least size. Large receive buffers leave the length 0.
    let length = bytes.number(at: 2).map(Int.init) ?? 0
    let packet = length < header ? bytes : bytes.prefix(length)
    read(transport: TransportProtocol(rawValue: number), packet.dropFirst(header))
  }

  /// See: RFC 8200, sections 3 and 4
  private init(v6 bytes: PacketBytes) {
    guard let first = bytes.byte(at: 0), first >> 4 == 6, let next = bytes.byte(at: 6) else {
      self.init(content: .frame(etherType: 0x86dd))
      return
    }
    self.init(
      content: .transport(TransportProtocol(rawValue: next)), source: bytes.address(.v6, at: 8),
      destination: bytes.address(.v6, at: 24))
    let length = bytes.number(at: 4).map(Int.init) ?? 0
    let packet = length == 0 ? bytes : bytes.prefix(40 + length)
    skipExtensions(next, packet.dropFirst(40))
  }

  /// Follows the chain of extension headers as far as the bytes reach, then reads what it leads to.
  private mutating func skipExtensions(_ first: UInt8, _ bytes: PacketBytes) {
    var (number, rest) = (first, bytes)
    while let header = ExtensionHeader(number, rest) {
      number = header.next
      rest = rest.dropFirst(header.length)
      content = .transport(TransportProtocol(rawValue: number))
      if header.isLaterFragment { return }
    }
    read(transport: TransportProtocol(rawValue: number), rest)
  }

  /// Ports, or the type of an ICMP message.
  private mutating func read(transport: TransportProtocol, _ bytes: PacketBytes) {
    if transport.hasPorts {
      sourcePort = bytes.number(at: 0)
      destinationPort = bytes.number(at: 2)
    } else if transport == TransportProtocol.icmp(of: source?.family ?? .v4) {
      icmpType = bytes.byte(at: 0)
    }
  }

  /// Of IPv4 over anything with addresses of six bytes. See: RFC 826
  private init(arp bytes: PacketBytes) {
    self.init(content: .arp)
    guard bytes.number(at: 2) == 0x0800, bytes.number(at: 4) == 0x0604 else { return }
    source = bytes.address(.v4, at: 14)
    destination = bytes.address(.v4, at: 24)
  }
}

/// One extension header of IPv6.
private struct ExtensionHeader {
  /// What follows it.
  let next: UInt8

  /// Its bytes; at least eight, so that every chain ends.
  let length: Int

  /// Whether what follows is the middle of a packet.
  var isLaterFragment = false

  /// `nil` for a number that is none, and where its first bytes are not there.
  init?(_ number: UInt8, _ bytes: PacketBytes) {
    guard let next = bytes.byte(at: 0), let size = bytes.byte(at: 1) else { return nil }
    self.next = next
    switch number {
    // Hop-by-hop, routing, destination options, mobility, HIP, shim6.
    case 0, 43, 60, 135, 139, 140: length = 8 + Int(size) * 8
    case 44:
      guard let place = bytes.number(at: 2) else { return nil }
      length = 8
      isLaterFragment = place & 0xfff8 != 0
    // Authentication.
    case 51: length = 8 + Int(size) * 4
    default: return nil
    }
  }
}

extension RefusedPacket.Content: CustomStringConvertible {
  /// `tcp`, `47`, `arp`, `ethertype 0x8100`.
  package var description: String {
    switch self {
    case .transport(let transport): transport.description
    case .arp: "arp"
    case .frame(let type):
      "ethertype 0x" + String(repeating: "0", count: 4 - String(type, radix: 16).count) + String(type, radix: 16)
    }
  }
}
