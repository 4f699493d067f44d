import SeededRandom

@testable import NetworkValues

extension Seeded {
  /// Any address of either family; IPv6 ones have many zero groups.
  mutating func address() -> IPAddress {
    if Bool.random(using: &self) { return IPAddress(v4: UInt32.random(in: 0 ... .max, using: &self)) }
    let value = UInt128.random(in: 0 ... .max, using: &self)
    let groups = UInt8.random(in: 0 ... .max, using: &self)
    let mask = (0..<8).reduce(UInt128(0)) { groups >> UInt8($1) & 1 == 1 ? $0 | 0xffff << UInt128(16 * $1) : $0 }
    return IPAddress(v6: value & mask)
  }
}
