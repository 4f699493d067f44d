import Foundation
import Glibc
import NameResolution
import NamespaceLab
import NetworkValues
import StatusServer
import Synchronization
import Telemetry
import Testing

/// Resolvers that rotate, are slow, lie, cut their answers short, or are not there.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct HardResolverTests {
  /// For how long the rotation is watched; `MOAT_ROTATION_SECONDS=300` for the long version.
  private static let rotation = Duration.seconds(
    ProcessInfo.processInfo.environment["MOAT_ROTATION_SECONDS"].flatMap { Int($0) } ?? 15)

  private static let network = "198.18.0.0/15"

  /// What the rotating server gave so far, over all names.
  private final class Given: Sendable {
    private let addresses = Mutex<Set<IPAddress>>([])
    private let number = Mutex<UInt32>(0)

    /// Four addresses that were never given before, and are never given again.
    func next() -> [IPAddress] {
      let first = number.withLock { number in
        number += 8
        return number
      }
      let new = (0..<4).map { IPAddress(v4: 0xc612_0000 + first + $0) }
      addresses.withLock { $0.formUnion(new) }
      return new
    }

    /// Neighbours of what was given last: nobody ever gives them.
    var neverGiven: [IPAddress] {
      let last = number.withLock { $0 }
      return (4..<8).map { IPAddress(v4: 0xc612_0000 + last + $0) }
    }

    func contains(_ address: IPAddress) -> Bool { addresses.withLock { $0.contains(address) } }
  }

  /// A server whose answers live 1 to 30 s and are new ones afterwards, as those of a large service are.
  private static func rotating(_ given: Given) -> NameServer.Answer {
    let current = Mutex<[String: (addresses: [IPAddress], seconds: UInt32, until: ContinuousClock.Instant)]>([:])
    return { query in
      let entry = current.withLock { known in
        if let entry = known[query.message.name], entry.until > .now { return entry }
        let seconds = UInt32.random(in: 1...30)
        let entry = (given.next(), seconds, ContinuousClock.now + .seconds(Int64(seconds)))
        known[query.message.name] = entry
        return entry
      }
      return [NameMessage(answering: query.message, entry.addresses, seconds: entry.seconds).bytes]
    }
  }

  private struct Counts {
    var connections = 0
    var failures: [String] = []
    var slow = 0
    var questions = 0
    var refused = 0
    var leaks: [IPAddress] = []
  }

  @Test func `Addresses that rotate are never refused to who was told them, and nothing else opens`() async throws {
    let names = try NameLab(names: "{ resolvers: [198.51.100.53], grace: 5s }")
    let given = Given()
    let answer = Self.rotating(given)
    let servers = [try names.serveUpstream(answer), try names.serve(answer)]
    defer { servers.forEach { $0.close() } }
    let acceptor = try names.lab.acceptConnections(
      at: .outside("wild"), [try Prefix(parsing: Self.network)], port: 443)
    defer { acceptor.close() }
    try names.start()
    let end = ContinuousClock.now + Self.rotation
    let (lab, resolver) = (names.lab, names.clusterResolver)
    async let honest = onThread { try Self.honestClient(lab, at: resolver, until: end) }
    async let greedy = onThread { try Self.greedyClient(lab, given, until: end) }
    let (first, second) = (try await honest, try await greedy)
    let stray = acceptor.accepted.keys.filter { !given.contains($0) }
    print(
      "rotation: \(first.questions) answers, \(first.connections) connections, \(first.failures.count) failed, "
        + "\(first.slow) slower than 0.5 s, \(second.refused) forbidden tries, \(second.leaks.count) of them accepted")
    #expect(first.failures.isEmpty, "\(first.failures.prefix(5))")
    #expect(second.leaks.isEmpty && stray.isEmpty, "\(second.leaks.prefix(5)) \(stray.prefix(5))")
    #expect(first.connections > 100 && second.refused > 10)
  }

  /// Asks, connects to what it is told for as long as it may be used, asks again when that time is over.
  private static func honestClient(
    _ lab: Lab, at resolver: IPAddress, until end: ContinuousClock.Instant
  ) throws -> Counts {
    var counts = Counts()
    var known: [String: (addresses: [IPAddress], until: ContinuousClock.Instant)] = [:]
    let hosts = ["httpbin.org", "a.wild.example", "b.wild.example", "c.wild.example"]
    while ContinuousClock.now < end {
      for host in hosts {
        if known[host].map({ $0.until <= .now }) ?? true {
          let asked = ContinuousClock.now
          guard
            let bytes = try lab.ask(
              NameMessage(.random(in: 0...UInt16.max), host), from: gateway, at: resolver),
            let message = DNSMessage(bytes), let seconds = message.answers.map(\.lifetime).min()
          else {
            counts.failures.append("\(host): no answer")
            continue
          }
          counts.questions += 1
          known[host] = (message.answers.map(\.address), asked + .seconds(Int64(seconds)))
        }
        guard let address = known[host]?.addresses.randomElement() else { continue }
        counts.connections += 1
        if let took = try lab.timeToConnect(from: gateway, to: address, port: 443) {
          counts.slow += took > .milliseconds(500) ? 1 : 0
        } else {
          counts.failures.append("\(host) \(address)")
        }
      }
      usleep(5000)
    }
    return counts
  }

  /// Tries what nobody was told.
  private static func greedyClient(_ lab: Lab, _ given: Given, until end: ContinuousClock.Instant) throws -> Counts {
    var counts = Counts()
    while ContinuousClock.now < end {
      for address in given.neverGiven {
        counts.refused += 1
        let took = try lab.timeToConnect(
          from: gateway, to: address, port: 443, patience: .milliseconds(50))
        if took != nil { counts.leaks.append(address) }
      }
    }
    return counts
  }

  @Test func `A resolver that goes away takes nothing along, and degrades the status until it is back`() async throws {
    let names = try NameLab(names: "{ resolvers: [198.51.100.53], grace: 1s }")
    let address = try ip("203.0.113.10")
    let answer: NameServer.Answer = { [NameMessage(answering: $0.message, [address], seconds: 1).bytes] }
    let server = try names.serveUpstream(answer)
    try names.start()
    try names.await("httpbin.org") { $0 == ["203.0.113.10"] }
    server.close()
    try names.daemon.await(on: "egress-1", patience: .seconds(30)) { status in
      status.state == .degraded && status.faults.contains { $0.source == "names" && $0.message.contains("httpbin.org") }
    }
    #expect(try await names.connect("203.0.113.10").outcome == .delivered)
    let listed = try names.daemon.moat(["names", "--socket", names.socket]).output
    #expect(listed.contains("httpbin.org  203.0.113.10"), "\(listed)")
    let again = try names.serveUpstream(answer)
    defer { again.close() }
    try names.daemon.await(on: "egress-1", patience: .seconds(60)) { $0.state == .inSync }
    #expect(try await names.connect("203.0.113.10").outcome == .delivered)
  }

  @Test func `A resolver that was never there, or is slow, holds nothing up`() async throws {
    let names = try NameLab()
    try names.start(isInSync: false)
    try names.daemon.await(on: "egress-1", patience: .seconds(30)) { $0.faults.contains { $0.source == "names" } }
    #expect(try names.client.status().isReady)
    #expect(try await names.connect("203.0.113.10", expecting: .dropped).outcome != .delivered)
    let address = try ip("203.0.113.10")
    let slow = try names.serveUpstream { query in
      Thread.sleep(forTimeInterval: 1)
      return [NameMessage(answering: query.message, [address], seconds: 60).bytes]
    }
    defer { slow.close() }
    try names.daemon.await(on: "egress-1", patience: .seconds(60)) {
      $0.state == .inSync && $0.enforced?.allowances.hopB == 1
    }
    #expect(try await names.connect("203.0.113.10").outcome == .delivered)
  }

  @Test func `Truncated answers are asked for over TCP, by moat and by the pod, and 4,000 addresses are too many`()
    async throws
  {
    let names = try NameLab()
    let many = (0..<4000).map { IPAddress(v4: 0xc612_0000 + UInt32($0)) }
    let answer: NameServer.Answer = { query in
      let whole = NameMessage(answering: query.message, many, seconds: 600)
      let cut = NameMessage(answering: query.message, [], seconds: 0, flags: NameMessage.truncated)
      return [query.isStream || query.message.type == NameMessage.aaaa ? whole.bytes : cut.bytes]
    }
    let servers = [try names.serveUpstream(answer), try names.serve(answer)]
    defer { servers.forEach { $0.close() } }
    let acceptor = try names.lab.acceptConnections(
      at: .outside("wild"), [try Prefix(parsing: Self.network)], port: 443)
    defer { acceptor.close() }
    try names.start(isInSync: false)
    try names.await("httpbin.org", patience: .seconds(20)) { $0.count == 256 }
    try names.daemon.await(on: "egress-1") { status in
      status.faults.contains { $0.message.contains("names.maxAddressesPerHost") }
    }
    try names.daemon.await(on: "egress-1") { $0.enforced?.allowances.hopB == 256 }
    #expect(try names.ask("many.wild.example").isEmpty)
    #expect(try names.ask("many.wild.example", overTCP: true).count == 4000)
    try names.await("many.wild.example", for: "10.1.2.10") { $0.count == 256 }
    let known = try names.known("many.wild.example", for: "10.1.2.10").union(names.known("httpbin.org"))
    let open = many.first { known.contains("\($0)") }
    #expect(try names.lab.isOpen(from: gateway, "\(#require(open))"))
    let closed = try #require(many.first { !known.contains("\($0)") })
    #expect(try !names.lab.isOpen(from: gateway, "\(closed)"))
  }

  @Test func `Aliases in a circle open nothing and end`() async throws {
    let names = try NameLab()
    let answer: NameServer.Answer = { query in
      var message = NameMessage(answering: query.message, [], seconds: 60)
      message.records = [
        .alias("b.example", of: query.message.name, seconds: 60),
        .alias(query.message.name, of: "b.example", seconds: 60),
      ]
      return [message.bytes]
    }
    let address = try ip("203.0.113.31")
    let server = try names.serve { query in
      query.message.name == "truth.wild.example"
        ? [NameMessage(answering: query.message, [address], seconds: 60).bytes] : answer(query)
    }
    let upstream = try names.serveUpstream(answer)
    defer { for server in [server, upstream] { server.close() } }
    try names.start(isInSync: false)
    #expect(try names.ask("circle.wild.example").isEmpty)
    #expect(try names.ask("truth.wild.example") == [address])
    try names.await("truth.wild.example", for: "10.1.2.10") { !$0.isEmpty }
    #expect(try names.known("circle.wild.example", for: "10.1.2.10").isEmpty)
    #expect(try names.known("httpbin.org").isEmpty)
  }
}

/// Runs `body` on a thread of its own.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
