import Glibc
import NameResolution
import NamespaceLab
import NetworkValues
import StatusServer
import Synchronization
import Telemetry
import Testing

/// Names end to end: real resolvers, a real daemon, real packets.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct NameRunTests {
  @Test func `What DNS knows is open to the gateway pod, and nothing else is`() async throws {
    let names = try NameLab()
    try names.startServer(
      at: .outside("resolver"), names.upstream, ["--host-record=httpbin.org,203.0.113.10,2001:db8:113::10,60"])
    try names.start()
    try names.await("httpbin.org") { $0 == ["203.0.113.10", "2001:db8:113::10"] }
    try names.daemon.await(on: "egress-1") { ($0.enforced?.allowances.hopB ?? 0) == 2 }
    for address in ["203.0.113.10", "2001:db8:113::10"] {
      #expect(try await names.connect(address).outcome == .delivered, "\(address)")
    }
    #expect(try await names.connect("203.0.113.20", expecting: .dropped).outcome != .delivered)
    #expect(try await names.connect("203.0.113.10", from: details, expecting: .refused).outcome == .refused)
    let other = Probe(from: gateway, to: try ip("203.0.113.10"), .tcp(80), expecting: .refused)
    #expect(try await names.lab.probe(other).outcome == .refused)
    let datagram = Probe(from: gateway, to: try ip("203.0.113.10"), .udp(443), expecting: .refused)
    #expect(try await names.lab.probe(datagram).outcome == .refused)

    let listed = try names.daemon.moat(["names", "--socket", names.socket])
    #expect(listed.status == 0 && listed.output.contains("asks 198.51.100.53; 1 names"), "\(listed.text)")
    #expect(listed.output.contains("httpbin.org  203.0.113.10  asked  until "), "\(listed.text)")
    let explain = { (source: String) in
      try names.daemon.moat(
        ["explain"] + names.daemon.source + ["--config", names.daemon.folder.path + "/config.yaml"]
          + ["--node", "egress-1", "--names", source, "--socket", names.socket]
          + ["--from", gateway.podName, "--to", "203.0.113.10:443"])
    }
    let explained = try explain("daemon")
    #expect(explained.status == 0, "\(explained.text)")
    #expect(explained.output.contains("DNS 198.51.100.53, until "), "\(explained.text)")
    let host = try names.daemon.moat(
      ["explain"] + names.daemon.source + ["--config", names.daemon.folder.path + "/config.yaml"]
        + ["--names", "daemon", "--socket", names.socket, "--from", productpageName, "--to", "httpbin.org"])
    #expect(host.status == 0 && host.output.contains("203.0.113.10"), "\(host.text)")
  }

  @Test func `What a resolver tells the gateway pod is open before it connects`() async throws {
    let names = try NameLab()
    try names.startServer(
      at: .outside("resolver"), names.upstream,
      [
        "--host-record=httpbin.org,203.0.113.10,60", "--host-record=one.wild.example,203.0.113.30,2001:db8:113::30,60",
        "--host-record=two.wild.example,203.0.113.31,60", "--host-record=other.example,203.0.113.20,60",
        "--cname=three.wild.example,elsewhere.test,60", "--host-record=elsewhere.test,203.0.113.32,60",
      ])
    try names.startServer(at: coredns, names.resolverPod, ["--server=198.51.100.53", "--cache-size=0"])
    let acceptor = try names.lab.acceptConnections(
      at: .outside("wild"), try ["198.18.0.0/15", "2001:db8:114::/64"].map { try Prefix(parsing: $0) }, port: 443)
    try names.start()
    let wait = Duration.seconds(3)
    func connects(_ address: IPAddress) throws -> Bool {
      try names.lab.timeToConnect(from: gateway, to: address, port: 443, patience: wait) != nil
    }
    for (name, type, isStream) in [
      ("one.wild.example", NameMessage.a, false), ("One.Wild.EXAMPLE", NameMessage.aaaa, false),
      ("two.wild.example", NameMessage.a, true), ("three.wild.example", NameMessage.a, false),
      ("httpbin.org", NameMessage.a, true),
    ] {
      let told = try names.ask(name, type: type, overTCP: isStream)
      #expect(told.count == 1, "\(name): \(told)")
      for address in told { #expect(try connects(address), "\(name) \(address)") }
    }
    #expect(try names.ask("other.example") == [try ip("203.0.113.20")])
    #expect(try names.ask("one.wild.example", from: details) == [try ip("203.0.113.30")])
    #expect(try !names.lab.isOpen(from: gateway, "203.0.113.20"))
    #expect(try !names.lab.isOpen(from: details, "203.0.113.30"))
    #expect(try !names.lab.isOpen(from: gateway, "203.0.113.33"))
    try names.await("one.wild.example", for: "10.1.2.10") { $0 == ["203.0.113.30", "2001:db8:113::30"] }
    let listed = try names.daemon.moat(["names", "--socket", names.socket]).output
    #expect(listed.contains("two.wild.example  203.0.113.31  told to 10.1.2.10  until "), "\(listed)")
    let explained = try names.daemon.moat(
      ["explain"] + names.daemon.source + ["--config", names.daemon.folder.path + "/config.yaml"]
        + ["--node", "egress-1", "--names", "daemon", "--socket", names.socket]
        + ["--from", gateway.podName, "--to", "203.0.113.31:443"])
    #expect(explained.status == 0 && explained.output.contains("spec.hosts[0]"), "\(explained.text)")
    let host = try names.daemon.moat(
      ["explain"] + names.daemon.source + ["--config", names.daemon.folder.path + "/config.yaml"]
        + ["--names", "daemon", "--socket", names.socket, "--from", productpageName, "--to", "two.wild.example"])
    #expect(host.status == 0 && host.output.contains("told to 10.1.2.10 by its resolver"), "\(host.text)")
    // What was learnt is known to the next daemon's rules until it fades, and again once the pod asks.
    try names.stopLast()
    #expect(try connects(try ip("203.0.113.30")))
    withExtendedLifetime(acceptor) {}
  }

  /// A resolver that tells the truth, and lies as `lies` says.
  private final class Liar: Sendable {
    let lies = Mutex<[@Sendable (NameMessage) -> [[UInt8]]]>([])
    var isThrough: Bool { lies.withLock { $0.isEmpty } }

    func answer(_ query: NameServer.Query) -> [[UInt8]] {
      let question = query.message
      let truth = ["truth.wild.example": "203.0.113.30", "again.wild.example": "203.0.113.31"][question.name]
      if let address = truth.flatMap({ try? IPAddress(parsing: $0) }) {
        return [NameMessage(answering: question, [address], seconds: 60).bytes]
      }
      return lies.withLock { $0.isEmpty ? nil : $0.removeFirst() }?(question) ?? []
    }
  }

  @Test func `An answer that nobody asked for, or that comes from elsewhere, opens nothing`() async throws {
    let names = try NameLab()
    let upstream = try names.serveUpstream { query in
      [NameMessage(answering: query.message, [IPAddress(v4: 0xcb00_710a)], seconds: 60).bytes]
    }
    let liar = Liar()
    let server = try names.serve(liar.answer)
    let victim = try ip("203.0.113.33")
    let forge = { @Sendable (question: NameMessage) in NameMessage(answering: question, [victim], seconds: 600) }
    // A pod that plays a resolver; nobody believes it.
    let rogue = try NameServer(at: productpage, of: names.lab, try ip("10.1.1.10")) { [forge($0.message).bytes] }
    defer { for server in [upstream, server, rogue] { server.close() } }
    try names.start()
    #expect(try names.ask("truth.wild.example") == [try ip("203.0.113.30")])
    try names.await("truth.wild.example", for: "10.1.2.10") { !$0.isEmpty }

    // Right place, wrong transaction, name, type, or a query instead of an answer; an address of another name.
    liar.lies.withLock { lies in
      lies = [
        {
          var lie = forge($0); lie.transaction ^= 1; return [lie.bytes]
        },
        {
          var lie = forge($0); lie.name = "other.wild.example"; return [lie.bytes]
        },
        {
          var lie = forge($0); lie.flags = NameMessage.query; return [lie.bytes]
        },
        {
          var lie = forge($0); lie.flags = NameMessage.missing; return [lie.bytes]
        },
        {
          var lie = forge($0); lie.flags = NameMessage.truncated; return [lie.bytes]
        },
        { question in
          var lie = forge(question)
          lie.records = [.address("other.wild.example", victim, seconds: 60)]
          return [lie.bytes]
        },
        { question in
          var lie = forge(question)
          lie.records = []
          return [lie.bytes + forge(question).bytes.suffix(16)]
        },
        { [Array(forge($0).bytes.dropLast())] },
      ]
    }
    for number in 0..<8 {
      _ = try names.lab.ask(
        NameMessage(UInt16(number), "lie\(number).wild.example"), from: gateway, at: names.clusterResolver,
        patience: .milliseconds(300))
    }
    #expect(liar.isThrough)
    // A resolver that is none, asked over both ways.
    for isStream in [false, true] {
      #expect(try names.ask("rogue.wild.example", at: try ip("10.1.1.10"), overTCP: isStream) == [victim])
    }
    // Packets that say they come from the resolver: from another pod of the node, from a pod elsewhere, from outside.
    let asked = NameMessage(77, "spoofed.wild.example")
    for sender in [details, productpage, LabHost.outside("another")] {
      for source in ["10.96.0.10", "10.1.1.2", "198.51.100.53"] {
        let packet = try #require(
          WirePacket(
            bytes: datagram(from: try ip(source), 53, to: try ip("10.1.2.10"), 40_000, forge(asked).bytes)))
        try? names.lab.sendRaw(from: sender, packet)
      }
    }
    // Copies are heard in order: what came before a true answer was heard before it.
    #expect(try names.ask("again.wild.example") == [try ip("203.0.113.31")])
    try names.await("again.wild.example", for: "10.1.2.10") { !$0.isEmpty }
    let held = try names.held()
    #expect(!held.contains("203.0.113.33"), "\(held)")
    #expect(try !names.lab.isOpen(from: gateway, "203.0.113.33"))
    #expect(try await names.connect("203.0.113.31").outcome == .delivered)
    #expect(
      Set(try names.client.names().entries.map(\.name)) == ["again.wild.example", "httpbin.org", "truth.wild.example"])
  }

  @Test func `Addresses inside the cluster and special ones stay closed, whoever names them`() async throws {
    let names = try NameLab()
    let inside = try [
      "10.1.1.10", "10.96.0.1", "172.18.0.11", "127.0.0.1", "169.254.169.254", "224.0.0.1", "240.0.0.1", "0.0.0.0",
      "255.255.255.255", "203.0.113.30",
    ].map(ip)
    let upstream = try names.serveUpstream { [NameMessage(answering: $0.message, inside, seconds: 60).bytes] }
    let server = try names.serve { [NameMessage(answering: $0.message, inside, seconds: 60).bytes] }
    defer { for server in [upstream, server] { server.close() } }
    try names.start(isInSync: false)
    #expect(try names.ask("lies.wild.example").count == inside.count)
    try names.await("lies.wild.example", for: "10.1.2.10") { $0.contains("203.0.113.30") }
    try names.await("httpbin.org") { !$0.isEmpty }
    #expect(try await names.connect("203.0.113.30").outcome == .delivered)
    try names.daemon.await(on: "egress-1") { $0.enforced?.allowances.hopB == 1 }
    let held = try names.held()
    for address in inside.dropLast() { #expect(!held.contains(" . \(address) . "), "\(address): \(held)") }
    let status = try names.client.status()
    #expect(
      status.enforced?.shownFindings.contains { $0.text.contains("is inside the cluster or special") } == true,
      "\(status)")
  }
}

extension LabHost {
  /// `namespace/name` of a pod.
  var podName: String { if case .pod(let name) = self { name } else { "" } }
}

extension Lab {
  /// Whether port 443 of an address answers; half a second is waited.
  func isOpen(from: LabHost, _ address: String) throws -> Bool {
    try timeToConnect(from: from, to: try ip(address), port: 443, patience: .milliseconds(500)) != nil
  }
}

/// An IPv4 packet with a UDP datagram that needs no checksum.
func datagram(from source: IPAddress, _ sourcePort: UInt16, to target: IPAddress, _ port: UInt16, _ payload: [UInt8])
  -> [UInt8]
{
  let word = { (value: Int) in [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }
  let address = { (address: IPAddress) in
    (0..<4).reversed().map { UInt8(truncatingIfNeeded: address.value >> (8 * UInt128($0))) }
  }
  var header = [0x45, 0] + word(28 + payload.count) + [0, 0, 0, 0, 64, 17, 0, 0] + address(source) + address(target)
  var sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(header[$1]) << 8 + Int(header[$1 + 1]) }
  while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
  header.replaceSubrange(10..<12, with: word(~sum & 0xffff))
  return header + word(Int(sourcePort)) + word(Int(port)) + word(8 + payload.count) + [0, 0] + payload
}
