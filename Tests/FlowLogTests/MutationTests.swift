import FlowLog
import Glibc
import NamespaceLab
import NetworkValues
import SeededRandom
import Testing

/// Whatever bytes come, nothing is read past their end, and what is told is what they say.
struct MutationTests {
  @Test func aMillionMutatedPackets() throws {
    let page = try GuardedPage()
    var random = Seeded(6)
    let began = ContinuousClock.now
    var kinds: [RefusedPacket.Content: Int] = [:]
    for _ in 0..<1_000_000 {
      let (base, type) = random.pick(packets)
      let packet = page.holding(base, mutatedBy: &random) { RefusedPacket($0, etherType: type) }
      kinds[packet.content, default: 0] += 1
      #expect(packet.isConsistent(type))
    }
    // Chance has reached every protocol there is, and every frame that is not what it says.
    #expect(kinds.count > 256)
    #expect(ContinuousClock.now - began < .seconds(30))
  }

  /// What is cut off tells less, and nothing else.
  @Test func everyPrefixTellsAPartOfTheWhole() throws {
    let page = try GuardedPage()
    for (base, type) in packets {
      let whole = page.holding(base[...]) { RefusedPacket($0, etherType: type) }
      for length in 0...base.count {
        let part = page.holding(base.prefix(length)) { RefusedPacket($0, etherType: type) }
        #expect(part.tellsPart(of: whole), "\(length) bytes of \(base)")
      }
    }
  }
}

/// Packets of every kind that is read, with what their frames say.
private let packets: [(bytes: [UInt8], type: UInt16)] = {
  let four = (SocketAddress(IPAddress(v4: 0x0a01_010a), 40_000), SocketAddress(IPAddress(v4: 0xcb00_710a), 443))
  let six = (SocketAddress(IPAddress(v6: 0xfd00 << 112 | 1), 40_000), SocketAddress(IPAddress(v6: 7), 443))
  let eight = [UInt8](repeating: 0, count: 8)
  let datagram = WirePacket.udp(from: six.0, to: six.1, payload: [1, 2, 3])
  let fours: [WirePacket] = [
    .tcp(from: four.0, to: four.1, flags: .syn), .udp(from: four.0, to: four.1, payload: [1, 2, 3]),
    .echoRequest(from: four.0.address, to: four.1.address, identifier: 7),
    WirePacket.tcp(from: four.0, to: four.1, flags: .syn).with(options: eight),
    .ip(from: four.0.address, to: four.1.address, .sctp, eight),
  ]
  let sixes: [WirePacket] = [
    .tcp(from: six.0, to: six.1, flags: .syn), datagram, datagram.with(extension: 0, eight),
    .echoRequest(from: six.0.address, to: six.1.address, identifier: 7),
    datagram.with(extension: 60, eight).with(extension: 44, eight).with(extension: 43, eight),
    datagram.with(extension: 51, [0, 4] + [UInt8](repeating: 0, count: 22)),
  ]
  let arp: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1] + [UInt8](repeating: 1, count: 20)
  return fours.map { ($0.bytes, 0x0800) } + sixes.map { ($0.bytes, 0x86dd) } + [(arp, 0x0806)]
}()

/// Memory that ends where reading ends the process.
private final class GuardedPage {
  private let base: UnsafeMutableRawPointer
  private let size = Int(sysconf(Int32(_SC_PAGESIZE)))

  init() throws {
    let memory = mmap(nil, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    base = try #require(memory == MAP_FAILED ? nil : memory)
    try #require(mprotect(base + size, size, PROT_NONE) == 0)
  }

  deinit { munmap(base, 2 * size) }

  /// Gives `bytes` to `body`, with nothing behind them.
  func holding<Result>(_ bytes: ArraySlice<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let start = base + (size - bytes.count)
    bytes.withUnsafeBytes { if let source = $0.baseAddress { start.copyMemory(from: source, byteCount: $0.count) } }
    return body(UnsafeRawBufferPointer(start: start, count: bytes.count))
  }

  /// As above, with some bytes changed and often the end cut off.
  func holding<Result>(
    _ bytes: [UInt8], mutatedBy random: inout Seeded, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    let word = random.next()
    let length = word & 1 == 0 ? bytes.count : Int(word >> 32) % (bytes.count + 1)
    return holding(bytes.prefix(length)) { kept in
      let start = UnsafeMutableRawBufferPointer(mutating: kept)
      for _ in 0..<Int(word >> 1 & 3) where !start.isEmpty {
        let change = random.next()
        start[Int(change >> 8) % start.count] = UInt8(truncatingIfNeeded: change)
      }
      return body(kept)
    }
  }
}

extension RefusedPacket {
  /// Whether the fields go together.
  fileprivate func isConsistent(_ type: UInt16) -> Bool {
    switch content {
    case .transport(let transport):
      let family: IPFamily = type == 0x0800 ? .v4 : .v6
      let hasPorts = sourcePort != nil || destinationPort != nil
      return (source?.family ?? family) == family && (destination?.family ?? family) == family
        && (transport.hasPorts || !hasPorts) && (icmpType == nil || transport == .icmp(of: family))
        && (sourcePort != nil || destinationPort == nil) && (source != nil || destination == nil)
    case .arp: return type == 0x0806 && sourcePort == nil && destinationPort == nil && icmpType == nil
    case .frame(let told): return told == type && source == nil && sourcePort == nil
    }
  }

  /// Whether every field that is there is the other's. Of a chain of headers that is cut off the next is the content.
  fileprivate func tellsPart(of whole: RefusedPacket) -> Bool {
    let extensions = [0, 43, 44, 51, 60].map { Content.transport(TransportProtocol(rawValue: $0)) }
    let isCut = if case .frame = content { true } else { extensions.contains(content) }
    return (content == whole.content || isCut) && (source ?? whole.source) == whole.source
      && (destination ?? whole.destination) == whole.destination && (sourcePort ?? whole.sourcePort) == whole.sourcePort
      && (destinationPort ?? whole.destinationPort) == whole.destinationPort
      && (icmpType ?? whole.icmpType) == whole.icmpType
  }
}
