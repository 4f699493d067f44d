@testable import NetworkValues

/// Random numbers that are the same on every run: SplitMix64.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Any address of either family; IPv6 ones have many zero groups.
  mutating func address() -> IPAddress {
    if Bool.random(using: &self) { return IPAddress(v4: UInt32.random(in: 0 ... .max, using: &self)) }
    let value = UInt128.random(in: 0 ... .max, using: &self)
    let groups = UInt8.random(in: 0 ... .max, using: &self)
    let mask = (0..<8).reduce(UInt128(0)) { groups >> UInt8($1) & 1 == 1 ? $0 | 0xffff << UInt128(16 * $1) : $0 }
    return IPAddress(v6: value & mask)
  }
}
