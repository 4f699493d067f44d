import NetworkValues
import Testing

@testable import Nftables

/// Frames in a bridge table.
@Suite struct FrameTraceTests {
  @Test func anARPPacketHasASenderAndNothingOfIP() {
    #expect(verdict(frame("10.0.0.1", etherType: 0x0806, port: 5)) == .accepted)
    #expect(verdict(frame("10.0.0.2", etherType: 0x0806, port: 5)) == .dropped)
    #expect(verdict(frame("10.0.0.1", etherType: 0x0806, port: 6)) == .dropped)
    #expect(frame("10.0.0.1", etherType: 0x0806, port: 5).value(of: .source4) == nil)
  }

  @Test func aTaggedPacketIsNoIPPacket() {
    #expect(verdict(frame("10.0.0.1", port: 5)) == .accepted)
    #expect(verdict(frame("10.0.0.1", etherType: 0x8100, port: 5)) == .dropped)
  }

  @Test func anAdvertisementIsJudgedByItsTarget() {
    #expect(verdict(advertisement(of: "fd00::1")) == .accepted)
    #expect(verdict(advertisement(of: "fd00::2")) == .dropped)
    #expect(verdict(advertisement(of: nil)) == .dropped)
  }

  @Test func portsOutAreKnownWhereSaid() {
    let statement = Statement.lookup([.outputInterface], .isNotIn, set: "ports")
    var packet = frame("10.0.0.1", port: 5)
    #expect(!packet.matches(statement, in: table))
    packet.outputInterface = 7
    #expect(packet.matches(statement, in: table))
    packet.outputInterface = 5
    #expect(!packet.matches(statement, in: table))
  }

  @Test func bridgesDoNotKnowConnections() {
    let statements: [Statement] = [
      .connectionState(.new), .connectionDirection(.reply), .destinationTranslated, .localAddress(.source, .equal),
      .reject(.tcpReset),
    ]
    for statement in statements {
      let chain = Chain("c", rules: [Rule([statement])])
      let id = TableID(.bridge, "moat")
      let bridge = Ruleset(tables: [Table(id: id, counters: [], sets: [], chains: [chain])])
      #expect(problems(in: bridge).count == 1, "\(statement)")
    }
    let arp = Chain("c", rules: [Rule([.compare(.etherType, .equal, 0x0806)])])
    #expect(problems(in: Ruleset(tables: [Table(id: moat, counters: [], sets: [], chains: [arp])])).count == 1)
    #expect(problems(in: Ruleset(tables: [table])).isEmpty)
  }

  // MARK: -

  private let table = Table(
    id: TableID(.bridge, "moat"), counters: [],
    sets: [
      NamedSet("own4", [.interface, .address4], keys: [[5, address4("10.0.0.1")]]),
      NamedSet("own-targets", [.interface, .neighbourTarget], keys: [[5, address6("fd00::1")]]),
      NamedSet("ports", [.interface], keys: [[5]]),
    ],
    chains: [
      Chain(
        "prerouting", hook: Hook(.prerouting, priority: -300, policy: .drop),
        rules: [
          Rule([.lookup([.inputInterface, .arpSource4], .isIn, set: "own4"), .verdict(.accept)]),
          Rule([.lookup([.inputInterface, .source4], .isIn, set: "own4"), .verdict(.accept)]),
          Rule([
            .compare(.icmp6Type, .equal, 136),
            .lookup([.inputInterface, .neighbourTarget6], .isIn, set: "own-targets"),
            .verdict(.accept),
          ]),
        ])
    ])

  private func verdict(_ packet: Packet) -> TraceVerdict { trace(packet, through: table, at: .prerouting).verdict }

  private func frame(_ source: String, etherType: UInt16? = nil, port: UInt32) -> Packet {
    Packet(
      from: address(source), to: address("10.0.0.9"), .udp, inputInterface: port, etherType: etherType)
  }

  private func advertisement(of target: String?) -> Packet {
    Packet(
      from: address("fe80::1"), to: address("ff02::1"), .icmpv6, icmpType: 136, inputInterface: 5,
      neighbourTarget: target.map(address))
  }
}
