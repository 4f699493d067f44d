import CNetfilter
import Conntrack
import Glibc
import NamespaceLab
import Netlink
import NetworkValues
import Nftables
import Testing

/// Reading and deleting entries of connection tracking, many at once.
@Suite(asRoot)
struct ConntrackTests {
  @Test func entriesAreReadAsRulesJudgeThem() throws {
    try inFreshNetworkNamespace {
      let maker = try EntryMaker()
      let (pod, service) = (IPAddress(v4: 0x0a01_010a), IPAddress(v4: 0x0a60_0064))
      let (gateway, node) = (IPAddress(v4: 0x0a01_020a), IPAddress(v4: 0xac12_000b))
      try maker.make(pod, 4711, to: service, 443, answeredBy: gateway, 8443, toward: node, 4711)
      try maker.make(
        IPAddress(v6: 1), 53, to: IPAddress(v6: 2), 54, answeredBy: IPAddress(v6: 2), 54, toward: IPAddress(v6: 1), 53,
        zone: 7)
      let table = try ConntrackTable()
      let entries = try table.entries().sorted { $0.connection.source < $1.connection.source }
      #expect(
        entries.map(\.connection) == [
          Connection(from: pod, 4711, to: gateway, 8443, .tcp),
          Connection(from: IPAddress(v6: 1), 53, to: IPAddress(v6: 2), 54, .tcp),
        ])
      #expect(try table.delete(entries) == entries.map(\.connection))
      #expect(try table.entries().isEmpty)
      #expect(try table.delete(entries) == [])
    }
  }

  @Test func localAddressesAreThoseOfTheNamespace() throws {
    try inFreshNetworkNamespace {
      let commands = [
        "link set lo up", "link add eth0 up type veth peer name far", "link set far up",
        "addr add 172.18.0.11/24 brd + dev eth0", "addr add fd00::11/64 dev eth0 nodad",
      ]
      #expect(try NodeAddresses.current().own.isEmpty)
      for command in commands {
        _ = try runProgram(["ip"] + command.split(separator: " ").map(String.init))
      }
      let addresses = try NodeAddresses.current()
      for own in ["127.0.0.1", "127.9.9.9", "172.18.0.11", "::1", "fd00::11"] {
        #expect(addresses.own.contains(try IPAddress(parsing: own)), "\(own)")
      }
      for other in ["172.18.0.12", "172.18.0.255", "fd00::12", "8.8.8.8"] {
        #expect(!addresses.own.contains(try IPAddress(parsing: other)), "\(other)")
      }
      for shared in ["172.18.0.255", "255.255.255.255", "224.0.0.251", "ff02::1"] {
        #expect(addresses.shared.contains(try IPAddress(parsing: shared)), "\(shared)")
      }
    }
  }

  @Test func manyEntriesAreRevoked() throws {
    try inFreshNetworkNamespace {
      let maker = try EntryMaker()
      let count: UInt32 = 20_000
      for number in 0..<count {
        let (source, destination) = (IPAddress(v4: 0x0a00_0000 + number), IPAddress(v4: 0xcb00_7100 + number % 256))
        try maker.make(source, 1000, to: destination, 443, answeredBy: destination, 443, toward: source, 1000)
      }
      let set = PrefixSet([Prefix(containing: IPAddress(v4: 0x0a00_0000), length: 19)])
      let kept = NamedSet(intervals: "kept4", set, family: .v4)
      let refusing = ruleset(sets: [kept], rules: [[.lookup([.source4], .isIn, set: "kept4"), .verdict(.accept)]])
      let table = try ConntrackTable()
      #expect(try table.entries().count == Int(count))
      #expect(try table.revoke(refusedBy: refusing, .nothing).count == 0)
      let few = Concern.addresses(PrefixSet([Prefix(containing: IPAddress(v4: 0x0a00_2000), length: 31)]))
      let first = try table.revoke(refusedBy: refusing, few)
      #expect(first.count == 2)
      #expect(first.description.hasPrefix("revoked 2 connections: tcp 10.0.32."))
      #expect(try table.revoke(refusedBy: refusing, .everything).count == Int(count) - 8192 - 2)
      #expect(try table.entries().count == 8192)
      #expect(try table.entries { !set.contains($0.source) }.isEmpty)
    }
  }
}
