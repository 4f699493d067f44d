import Testing

@testable import NetworkValues

@Suite struct SmallValueTests {
  @Test func familiesAndAddressesSort() {
    #expect(IPAddress(v4: .max) < IPAddress(v6: 0))
    #expect(IPAddress(v4: 1) < IPAddress(v4: 2))
    #expect(IPAddress(.v4, 0x1_0000_0001) == IPAddress(v4: 1))
    #expect(IPAddress(v4: 0xc000_0201).bytes == [192, 0, 2, 1])
    #expect(IPAddress(v6: 1).bytes == Array(repeating: 0, count: 15) + [1])
  }

  @Test func prefixesClearHostBits() throws {
    let address = try IPAddress(parsing: "192.0.2.129")
    #expect(Prefix(containing: address, length: 25).description == "192.0.2.128/25")
    #expect(Prefix(containing: address, length: 0).description == "0.0.0.0/0")
    #expect(Prefix(address).range.last == address)
    #expect(Prefix(containing: try IPAddress(parsing: "ff::ff"), length: 0).range.last.value == .max)
  }

  @Test func rangesPrintAsPrefixesWhereTheyCan() {
    let range = { (first: UInt32, last: UInt32) in
      AddressRange(first: IPAddress(v4: first), last: IPAddress(v4: last)).description
    }
    #expect(range(0, .max) == "0.0.0.0/0")
    #expect(range(8, 15) == "0.0.0.8/29")
    #expect(range(7, 8) == "0.0.0.7-0.0.0.8")
    #expect(range(7, 7) == "0.0.0.7/32")
  }

  @Test func portsAndProtocols() {
    #expect(PortRange(80).description == "80" && PortRange(80).isSingle)
    #expect(PortRange(first: 80, last: 90).description == "80-90")
    #expect(PortRange.all.contains(0) && PortRange.all.contains(.max))
    #expect(!PortRange(first: 80, last: 90).contains(91))
    #expect(TransportProtocol.sctp.hasPorts && !TransportProtocol.icmp.hasPorts)
    #expect(TransportProtocol(rawValue: 58) == .icmp(of: .v6))
    #expect(TransportProtocol(rawValue: 99).description == "99" && TransportProtocol.tcp.description == "tcp")
  }
}
