import NameResolution
import NamespaceLab
import NetworkValues

typealias Endpoint = TransportSegment.Endpoint

/// An address that is written in a test.
func ip(_ text: String) throws -> IPAddress { try IPAddress(parsing: text) }

/// An IP packet of either family without checksums, which nobody looks at.
func packet(_ transport: UInt8, from source: Endpoint, to target: Endpoint, _ content: [UInt8]) -> [UInt8] {
  if source.address.family == .v4 {
    return [0x45, 0] + word(20 + content.count) + [0, 0, 0x40, 0, 64, transport, 0, 0]
      + octets(source.address) + octets(target.address) + content
  }
  return [0x60, 0, 0, 0] + word(content.count) + [transport, 64] + octets(source.address) + octets(target.address)
    + content
}

func datagram(from source: Endpoint, to target: Endpoint, _ payload: [UInt8]) -> [UInt8] {
  let header = word(Int(source.port)) + word(Int(target.port)) + word(8 + payload.count) + [0, 0]
  return packet(17, from: source, to: target, header + payload)
}

/// - Parameter flags: 2 SYN, 1 FIN, 4 RST, 16 ACK.
func segment(
  from source: Endpoint, to target: Endpoint, _ sequence: UInt32, flags: UInt8 = 16, _ payload: [UInt8] = []
) -> [UInt8] {
  let number = word(Int(sequence >> 16)) + word(Int(sequence & 0xffff))
  let header =
    word(Int(source.port)) + word(Int(target.port)) + number + [0, 0, 0, 0, 0x50, flags] + [0xff, 0xff, 0, 0, 0, 0]
  return packet(6, from: source, to: target, header + payload)
}

private func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }

private func octets(_ address: IPAddress) -> [UInt8] {
  let count = address.family == .v4 ? 4 : 16
  return (0..<count).reversed().map { UInt8(truncatingIfNeeded: address.value >> (8 * UInt128($0))) }
}
