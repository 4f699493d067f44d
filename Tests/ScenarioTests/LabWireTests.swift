import Glibc
import NamespaceLab
import NetworkValues
import Testing

/// Raw packets, captures and connections that outlive a change of rules.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct LabWireTests {
  @Test(arguments: [("10.1.1.11", "10.1.2.10"), ("fd00:10:1:1::11", "fd00:10:1:2::10")])
  func `Any segment can be sent and is seen where it arrives`(source: String, target: String) throws {
    let lab = try Lab(.httpbin())
    let capture = try lab.capture(at: gateway)
    let from = SocketAddress(address(source), 1234)
    let to = SocketAddress(address(target), 8443)
    let payload = Array("midstream".utf8)
    try lab.sendRaw(from: reviews, .tcp(from: from, to: to, flags: [.ack, .psh], sequence: 77, payload: payload))
    let segment = try #require(capture.waitFor { $0.contains(payload) })
    #expect(segment.source == from.address && segment.sourcePort == 1234 && segment.destinationPort == 8443)
    #expect(segment.transport == .tcp && segment.tcpFlags == [.ack, .psh])
    try lab.sendRaw(from: reviews, .udp(from: from, to: to, payload: payload))
    #expect(capture.waitFor { $0.transport == .udp && $0.contains(payload) } != nil)
  }

  @Test(arguments: [("10.1.1.11", "10.1.2.10", UInt8(3)), ("fd00:10:1:1::11", "fd00:10:1:2::10", UInt8(1))])
  func `A forged ICMP error arrives with its quote`(source: String, target: String, type: UInt8) throws {
    let lab = try Lab(.httpbin())
    let capture = try lab.capture(at: gateway)
    let (from, to) = (address(source), address(target))
    let quoted = WirePacket.udp(from: SocketAddress(to, 40), to: SocketAddress(from, 50), payload: [1, 2, 3])
    try lab.sendRaw(from: reviews, .icmpError(from: from, to: to, type: type, code: 0, about: quoted))
    let error = try #require(capture.waitFor { $0.quoted == quoted })
    #expect(error.icmp?.type == type && error.source == from)
  }

  @Test func `The kernel accepts the checksums of built packets`() throws {
    let lab = try Lab(.httpbin())
    let capture = try lab.capture(at: reviews)
    for (source, target) in [("10.1.1.11", "10.1.2.10"), ("fd00:10:1:1::11", "fd00:10:1:2::10")] {
      let (from, to) = (address(source), address(target))
      try lab.sendRaw(from: reviews, .echoRequest(from: from, to: to, identifier: 7, payload: Array("ping".utf8)))
      #expect(capture.waitFor { $0.source == to && $0.contains(Array("ping".utf8)) } != nil)
      try lab.sendRaw(from: reviews, .tcp(from: SocketAddress(from, 99), to: SocketAddress(to, 9), flags: .syn))
      #expect(capture.waitFor { $0.source == to && $0.tcpFlags == [.rst, .ack] } != nil)
      try lab.sendRaw(from: reviews, .udp(from: SocketAddress(from, 98), to: SocketAddress(to, 9)))
      #expect(capture.waitFor { $0.source == to && $0.quoted?.sourcePort == 98 } != nil)
    }
  }

  @Test(arguments: [Probe.Message.tcp(443), .udp(443)])
  func `An open connection carries data both ways until rules stop it`(message: Probe.Message) throws {
    let lab = try Lab(.httpbin())
    let connection = try lab.connect(from: reviews, to: address("203.0.113.10"), message)
    #expect(connection.opening.outcome == .delivered && connection.opening.isAnswered)
    #expect(try connection.send(expecting: .delivered).outcome == .delivered)
    #expect(connection.receive(expecting: .delivered).outcome == .delivered)
    let chain = "add table inet t; add chain inet t f { type filter hook forward priority 0; }; add rule inet t f "
    try load(chain + "ct direction original drop\n", on: "worker-1", of: lab)
    #expect(try connection.send(expecting: .dropped).outcome == .dropped)
    #expect(connection.receive(expecting: .delivered).outcome == .delivered)
    let reject = message == .tcp(443) ? "with tcp reset" : "with icmpx admin-prohibited"
    try load(
      "flush chain inet t f; add rule inet t f ct direction original reject \(reject)\n", on: "worker-1", of: lab)
    #expect(try connection.send(expecting: .refused).outcome == .refused)
  }

  @Test func `Programs run where they are told to`() throws {
    let lab = try Lab(.httpbin())
    #expect(try lab.run(in: reviews, ["ip", "-o", "addr"]).output.contains("10.1.1.11/32"))
    #expect(try lab.run(in: reviews, ["false"]).status == 1)
    #expect(try lab.run(in: reviews, ["cat"], input: "text").output == "text")
    #expect(throws: LabError.self) { try lab.run(in: reviews, ["sleep", "60"], patience: .milliseconds(50)) }
    #expect(throws: LabError.self) { try lab.run(in: reviews, ["no-such-program"]) }
    let program = try lab.start(in: reviews, ["sh", "-c", "echo started; exec sleep 60"])
    program.stop()
    #expect(try program.wait().status == 128 + SIGTERM)
  }

  @Test func `Nothing is left of a lab`() throws {
    let watcher = try Lab(.httpbin())
    let lab = try Lab(.httpbin())
    // The kernel removes one end of a link with the namespace of the other.
    let path = try lab.namespacePath(of: reviews)
    let link = ["ip", "link", "add", "watch", "type", "veth", "peer", "name", "watched", "netns", path]
    #expect(try watcher.run(in: reviews, link).status == 0)
    #expect(try lab.run(in: reviews, ["ip", "link", "show", "watched"]).status == 0)
    let connection = try lab.connect(from: gateway, to: address("203.0.113.10"), .tcp(80))
    #expect(connection.opening.outcome == .delivered)
    lab.tearDown()
    #expect(throws: LabError.self) { try lab.run(in: reviews, ["true"]) }
    let deadline = ContinuousClock.now + .seconds(10)
    while try watcher.run(in: reviews, ["ip", "link", "show", "watch"]).status == 0 {
      try #require(ContinuousClock.now < deadline, "the namespace is still there")
    }
  }
}

private let reviews = LabHost.pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m")
private let gateway = LabHost.pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr")
