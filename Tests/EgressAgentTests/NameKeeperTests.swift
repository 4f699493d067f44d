import ClusterModel
import EgressPolicy
import NameResolution
import NamespaceLab
import NetworkValues
import Testing

@testable import EgressAgent

/// From a packet to an allowance, without a kernel.
@Suite struct NameKeeperTests {
  private let start = ContinuousClock.now
  private var keeper = NameKeeper()
  private let demand: NameDemand
  private let pod: IPAddress
  private let resolver: IPAddress

  init() throws {
    demand = nameDemand(try wildInput())
    pod = try ip("10.1.2.10")
    resolver = try ip("10.1.1.2")
    keeper.want(demand, at: start)
  }

  /// What is opened for a pod that is told addresses.
  private mutating func tell(
    _ name: String, _ addresses: [IPAddress], type: UInt16 = NameMessage.a, to client: IPAddress? = nil
  ) -> [Flow] {
    let question = NameMessage(9, name, type)
    let answer = NameMessage(answering: question, addresses, seconds: 60)
    let client = client ?? pod
    #expect(keeper.take(datagram(from: client, 4000, to: resolver, 53, question.bytes), at: start).isEmpty)
    let new = keeper.take(datagram(from: resolver, 53, to: client, 4000, answer.bytes), at: start)
    return new.flatMap { demand.openings?.flows(for: $0) ?? [] }
  }

  @Test func `A gateway's node needs the exact names, and hears what its pods are told`() throws {
    let (upstream, pod6) = (try ip("198.51.100.53"), try ip("fd00:10:1:2::10"))
    #expect(demand.names == ["httpbin.org"] && demand.resolvers == [upstream])
    #expect(demand.openings?.clients == [pod, pod6] && demand.openings?.ports == [443])
  }

  @Test mutating func `What a wildcard or an exact host covers is opened, on its port, to the pod that was told`()
    throws
  {
    let address = try ip("203.0.113.30")
    for name in ["a.wild.example", "A.B.Wild.Example", "httpbin.org"] {
      let flows = tell(name, [address])
      #expect(flows.map(\.destination) == [Prefix(address)], "\(name)")
      #expect(flows.allSatisfy { $0.from?.address == pod && $0.ports == PortRange(443) && $0.isResolved })
    }
    for name in ["wild.example", "xwild.example", "a.wild.example.org", "example", "b.httpbin.org"] {
      #expect(tell(name, [address]).isEmpty, "\(name)")
    }
    #expect(try tell("b.wild.example", [address], to: ip("10.1.2.20")).isEmpty, "another pod")
  }

  /// A pod with addresses of both families asks for both over one of them.
  @Test mutating func `IPv6 addresses that were told over IPv4 are opened to the pod's IPv6 address`() throws {
    let address = try ip("2001:db8:113::30")
    let flows = tell("a.wild.example", [address], type: NameMessage.aaaa)
    #expect(flows.map(\.destination) == [Prefix(address)])
    #expect(try flows.first?.from?.address == ip("fd00:10:1:2::10"))
  }

  @Test mutating func `Addresses that are nobody's external address are not opened`() throws {
    let special = try [
      "10.1.1.10", "10.96.0.1", "172.18.0.11", "172.18.0.12", "127.0.0.1", "127.255.255.255", "169.254.169.254",
      "169.254.20.10", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "0.0.0.0",
    ].map(ip)
    let special6 = try [
      "::", "::1", "fe80::1", "ff02::1", "fd00:10:1:1::10", "fd00:172:18::11", "::ffff:10.1.1.10", "::ffff:127.0.0.1",
      "64:ff9b::10.1.1.10", "64:ff9b::169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::224.0.0.1",
    ].map(ip)
    for address in special { #expect(tell("a.wild.example", [address]).isEmpty, "\(address)") }
    for address in special6 {
      #expect(tell("b.wild.example", [address], type: NameMessage.aaaa).isEmpty, "\(address)")
    }
    let mixed = tell("c.wild.example", special + [try ip("203.0.113.30")])
    let fine = try ip("203.0.113.30")
    #expect(mixed.map(\.destination) == [Prefix(fine)])
  }

  /// Nor do they push others out of a name's places.
  @Test mutating func `Addresses that cannot be opened are not remembered`() throws {
    _ = tell("a.wild.example", try ["10.1.1.10", "203.0.113.30"].map(ip))
    let fine = try ip("203.0.113.30")
    #expect(keeper.observed.records.values.flatMap(\.keys) == [fine])
    _ = tell("b.wild.example", [try ip("127.0.0.1")])
    #expect(keeper.observed.records.count == 1)
    let shown = keeper.document(at: start).entries.first { $0.name == "b.wild.example" }
    #expect(shown?.addresses.isEmpty == true && shown?.fault?.hasPrefix("127.0.0.1: inside") == true)
    #expect(keeper.takeRefused().count == 2 && keeper.takeRefused().isEmpty)
  }

  @Test mutating func `Of 4,000 addresses no more are opened than a host may have, and that is told`() throws {
    let many = (0..<4000).map { IPAddress(v4: 0xc612_0000 + UInt32($0)) }
    let question = NameMessage(9, "many.wild.example")
    let framed = NameMessage(answering: question, many, seconds: 60).bytes
    _ = keeper.take(datagram(from: pod, 4000, to: resolver, 53, question.bytes), at: start)
    let new = keeper.take(datagram(from: resolver, 53, to: pod, 4000, framed), at: start)
    #expect(new.count == demand.configuration.maxAddressesPerHost)
    let shown = keeper.document(at: start).entries.first { $0.name == "many.wild.example" }
    #expect(shown?.fault?.contains("names.maxAddressesPerHost") == true && keeper.faults.isEmpty)
  }

  @Test mutating func `Moat's own questions know the same bound at once`() throws {
    #expect(keeper.takeDue(at: start) == ["httpbin.org"])
    let many = (0..<4000).map { DNSMessage.Answer(address: IPAddress(v4: 0xc612_0000 + $0), lifetime: 60) }
    keeper.take(NameQuestions.Outcome(name: "httpbin.org", answers: many), at: start)
    if keeper.mayExpire(at: start) { keeper.expire(at: start) { _ in false } }
    #expect(keeper.publish().addresses["httpbin.org"]?.count == demand.configuration.maxAddressesPerHost)
    #expect(keeper.faults.contains { $0.contains("names.maxAddressesPerHost") })
  }
}
