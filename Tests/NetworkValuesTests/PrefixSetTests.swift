import SeededRandom
import Testing

@testable import NetworkValues

/// Sets over a small world of 32 addresses at each end of both families, judged address by address.
@Suite struct PrefixSetTests {
  @Test func operationsAgreeWithAModel() {
    for seed in 0..<2_000 {
      var random = Seeded(UInt64(seed))
      let (left, right) = (random.ranges(), random.ranges())
      let (leftSet, rightSet) = (PrefixSet(ranges: left), PrefixSet(ranges: right))
      for address in world {
        let (inLeft, inRight) = (left.contains { $0.contains(address) }, right.contains { $0.contains(address) })
        #expect(leftSet.contains(address) == inLeft)
        #expect(leftSet.union(rightSet).contains(address) == (inLeft || inRight))
        #expect(leftSet.subtracting(rightSet).contains(address) == (inLeft && !inRight))
        #expect(leftSet.intersection(rightSet).contains(address) == (inLeft && inRight))
      }
    }
  }

  @Test func equalSetsAreEqualValues() {
    for seed in 0..<2_000 {
      var random = Seeded(UInt64(seed))
      let (left, right) = (PrefixSet(ranges: random.ranges()), PrefixSet(ranges: random.ranges()))
      #expect(left.union(right) == right.union(left))
      #expect(left.intersection(right) == right.intersection(left))
      #expect(left.subtracting(right).union(left.intersection(right)) == left)
      #expect(PrefixSet(left.prefixes) == left)
      #expect(PrefixSet(ranges: left.ranges.shuffled(using: &random)) == left)
      expectCanonical(left.union(right))
      expectCanonical(left.subtracting(right))
    }
  }

  @Test func prefixesAreContainedOrOverlapAsTheirAddressesSay() {
    for seed in 0..<500 {
      var random = Seeded(UInt64(seed))
      let set = PrefixSet(ranges: random.ranges())
      for address in world where address.value & 3 == 0 {
        let prefix = Prefix(containing: address, length: address.family.bitWidth - 2)
        let members = world.filter(prefix.contains)
        #expect(set.contains(prefix) == members.allSatisfy(set.contains))
        #expect(set.overlaps(prefix) == members.contains(where: set.contains))
      }
    }
  }

  @Test func rangesAreTheirPrefixes() {
    for first in world {
      for last in world where last.family == first.family && first <= last {
        let range = AddressRange(first: first, last: last)
        let prefixes = range.prefixes
        #expect(PrefixSet(prefixes).ranges == [range])
        #expect(prefixes == prefixes.sorted())
        #expect(prefixes.first?.address == first && prefixes.last?.range.last == last)
        // The fewest: no two neighbours make one prefix.
        for (left, right) in zip(prefixes, prefixes.dropFirst()) where left.length == right.length {
          #expect(Prefix(containing: left.address, length: left.length - 1).contains(right.address) == false)
        }
      }
    }
  }

  @Test func everythingIsOnePrefix() throws {
    let all = PrefixSet([try Prefix(parsing: "::/0"), try Prefix(parsing: "0.0.0.0/0")])
    #expect(all.description == "0.0.0.0/0, ::/0")
    #expect(all.subtracting(all).isEmpty)
    #expect(all.subtracting(PrefixSet([try Prefix(parsing: "::/1")])).description == "0.0.0.0/0, 8000::/1")
    #expect(all.contains(try Prefix(parsing: "::/0")))
    #expect(PrefixSet().contains(IPAddress(v4: 0)) == false)
    #expect(all.ranges(of: .v6).map(\.description) == ["::/0"])
  }

  private func expectCanonical(_ set: PrefixSet) {
    for (left, right) in zip(set.ranges, set.ranges.dropFirst()) where left.family == right.family {
      #expect(left.last.value + 1 < right.first.value)
    }
    #expect(set.ranges == set.ranges.sorted())
  }
}

/// The first and last 32 addresses of each family.
private let world: [IPAddress] = IPFamily.allCases.flatMap { family in
  let top = family == .v4 ? UInt128(UInt32.max) : UInt128.max
  return (UInt128(0)..<32).map { IPAddress(family, $0) } + (UInt128(0)..<32).map { IPAddress(family, top - 31 + $0) }
}

extension Seeded {
  /// Up to six ranges between addresses of the world, overlapping or not.
  fileprivate mutating func ranges() -> [AddressRange] {
    (0..<Int.random(in: 0...6, using: &self)).map { _ in
      let begin = world.randomElement(using: &self) ?? IPAddress(v4: 0)
      let ends = world.filter { $0.family == begin.family && $0 >= begin }
      let near = ends.prefix(Int.random(in: 1...12, using: &self))
      return AddressRange(first: begin, last: near.randomElement(using: &self) ?? begin)
    }
  }
}
