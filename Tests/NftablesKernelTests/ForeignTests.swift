import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// What others put into the table, or beside it.
@Suite(asRoot)
struct ForeignTests {
  private let wanted = ruleset(
    sets: [
      NamedSet(hash: "pods4", of: [.address4], keys: [ElementKey([.address4], [0x0a00_0001])]),
      NamedSet(intervals: "inside4", of: [.address4], ranges: []),
    ],
    counters: [Counter("seen")], rules: [[.lookup([.source4], .isIn, set: "pods4"), .verdict(.accept)]])

  @Test(arguments: [
    "add rule inet moat forward ct mark 5 accept", "insert rule inet moat forward counter",
    "add rule inet moat forward ip saddr 10.0.0.0/24 accept", "add rule inet moat forward iifname \"eth0\" accept",
    "add rule inet moat forward ip saddr { 10.0.0.1, 10.0.0.2 } accept", "add rule inet moat forward ip ttl 3 accept",
    "add rule inet moat forward tcp dport 1-5 accept", "add rule inet moat forward tcp sport 5 accept",
    "add rule inet moat forward log level warn", "add rule inet moat forward limit rate 1/minute accept",
    "add rule inet moat forward limit rate over 1/second drop", "add rule inet moat forward reject",
    "add rule inet moat forward ct original ip saddr 10.0.0.1 accept", "add rule inet moat forward mark set 5",
    "add rule inet moat forward tcp dport vmap { 1 : accept }", "add rule inet moat forward return",
    "add rule inet moat forward accept", "delete rule inet moat forward handle 6",
    "add chain inet moat mine", "add chain inet moat mine { type nat hook output priority 0; }",
    "add chain inet moat forward { policy accept; }",
    "add chain inet moat mine { type filter hook postrouting priority 0; }",
    "add set inet moat mine { type mark; }", "add set inet moat mine { type ipv4_addr; flags timeout; }",
    "add set inet moat mine { type ipv4_addr; flags dynamic; size 10; }",
    "add map inet moat mine { type ipv4_addr : verdict; }",
    "add set inet moat mine { type ipv4_addr; flags constant; }",
    "add element inet moat pods4 { 10.0.0.2 }",
    "add element inet moat pods4 { 10.0.0.2 comment \"x\" }", "delete element inet moat pods4 { 10.0.0.1 }",
    "add element inet moat inside4 { 10.0.0.0/8 }", "add counter inet moat mine", "add quota inet moat mine 5 mbytes",
    "add limit inet moat mine { rate 1/second; }", "add table inet moat { flags dormant; }",
  ])
  func isNoticedAndRepaired(_ command: String) throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: wanted), at: kernel.generation())
      #expect(try kernel.read().0 == wanted)
      try nft(command)
      let read = try kernel.read().0
      #expect(read != wanted)
      try kernel.commit(difference(from: read, to: wanted), at: kernel.generation())
      #expect(try kernel.read().0 == wanted)
    }
  }

  @Test(arguments: [
    "add quota inet moat mine 5 mbytes", "add limit inet moat mine { rate 1/second; }",
    "add table inet moat { flags dormant; }", "add counter inet moat mine",
  ])
  func markerIsDeletedLikeACounter(_ command: String) throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: wanted), at: kernel.generation())
      try nft(command)
      let marker = try #require(try kernel.read().0?[moat]?.counters.first { $0.name != "seen" })
      try kernel.commit([.deleteCounter(moat, name: marker.name)])
      #expect(try kernel.read().0 == wanted)
    }
  }

  @Test func mapIsDeletedLikeASet() throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: wanted), at: kernel.generation())
      try nft("add map inet moat mine { type ipv4_addr : verdict; }")
      #expect(try kernel.read().0?[moat]?.set("mine")?.definition.type == [])
      try kernel.commit([.deleteSet(moat, name: "mine")])
      #expect(try kernel.read().0 == wanted)
    }
  }

  @Test func otherTablesAreLeftAlone() throws {
    try inFreshNetworkNamespace {
      try nft(
        "-f", "-",
        input: """
          table inet other { chain c { ct mark 5 accept; }
          set s { type mark; }
          quota q { 5 mbytes }
          }
          table ip moat { chain c { accept; }
          }
          """)
      let before = try nft("list", "ruleset")
      let kernel = try LibnftnlKernel()
      #expect(try kernel.read().0 == nil)
      try kernel.commit(creation(of: wanted), at: kernel.generation())
      #expect(try kernel.read().0 == wanted)
      try kernel.commit([.deleteTable(moat)])
      #expect(try nft("list", "ruleset") == before)
    }
  }

  @Test func countersCount() throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      #expect(try kernel.counters() == [:])
      try nft("-f", "-", input: "table inet moat { counter seen { packets 7 bytes 300 }\n quota q { 5 mbytes }\n}\n")
      #expect(try kernel.counters() == ["seen": CounterValue(packets: 7, bytes: 300)])
      #expect(try kernel.read().0?[moat]?.counters.count == 2)
    }
  }

  @Test func libraryVersionsAreNamed() {
    #expect(libraryVersions.map(\.name) == ["libmnl", "libnftnl"])
    #expect(libraryVersions.allSatisfy { $0.file == "static" || $0.file.hasPrefix($0.name + ".so.") })
  }
}
