import NameResolution
import NamespaceLab
import NetworkValues
import Testing

/// Only answers to questions that were asked count.
@Suite struct DNSConversationsTests {
  private let start = ContinuousClock.now
  private var conversations = DNSConversations()
  private let client: Endpoint
  private let server: Endpoint
  private let question = NameMessage(7, "a.example")
  private let address: IPAddress

  init() throws {
    client = Endpoint(try ip("10.1.2.10"), 40_000)
    server = Endpoint(try ip("10.96.0.10"), 53)
    address = try ip("203.0.113.1")
  }

  private var answer: NameMessage { NameMessage(answering: question, [address], seconds: 60) }

  private mutating func take(_ packet: [UInt8], after seconds: Double = 0) -> [DNSConversations.Told] {
    let client = client.address
    return conversations.take(packet, at: start + .seconds(seconds)) { $0 == client }
  }

  private mutating func ask() { #expect(take(datagram(from: client, to: server, question.bytes)).isEmpty) }

  @Test mutating func `An answer to a question is told`() throws {
    ask()
    let told = try #require(take(datagram(from: server, to: client, answer.bytes), after: 29).first)
    #expect(told.client == client.address && told.question.name == "a.example")
    #expect(told.answers == [DNSMessage.Answer(address: address, lifetime: 60)])
  }

  @Test mutating func `Letters of both cases are the same name`() {
    ask()
    var shouted = answer
    shouted.name = "A.Example"
    shouted.records = [.address("A.EXAMPLE", address, seconds: 60)]
    #expect(take(datagram(from: server, to: client, shouted.bytes)).count == 1)
  }

  @Test mutating func `An answer that differs in anything is not told`() throws {
    ask()
    var transaction = answer, name = answer, type = answer, query = answer
    transaction.transaction = 8
    name.name = "b.example"
    name.records = [.address("b.example", address, seconds: 60)]
    type.type = NameMessage.aaaa
    query.flags = NameMessage.query
    for wrong in [transaction, name, type, query] {
      #expect(take(datagram(from: server, to: client, wrong.bytes)).isEmpty, "\(wrong)")
    }
    let other = Endpoint(try ip("10.96.0.11"), 53)
    let bytes = answer.bytes
    #expect(take(datagram(from: other, to: client, bytes)).isEmpty)
    #expect(take(datagram(from: Endpoint(server.address, 54), to: client, bytes)).isEmpty)
    #expect(take(datagram(from: server, to: Endpoint(client.address, 40_001), bytes)).isEmpty)
    #expect(take(datagram(from: server, to: Endpoint(try ip("10.1.2.11"), 40_000), bytes)).isEmpty)
    #expect(take(datagram(from: client, to: server, bytes)).isEmpty, "told by the client itself")
    #expect(take(segment(from: server, to: client, 1, flags: 2)).isEmpty)
    #expect(take(segment(from: server, to: client, 2, answer.framed)).isEmpty, "over TCP, asked over UDP")
    #expect(take(datagram(from: server, to: client, bytes), after: 30).isEmpty, "too late")
    #expect(take(datagram(from: server, to: client, bytes), after: 1).count == 1)
  }

  @Test mutating func `Over TCP both ways count, too`() {
    #expect(take(segment(from: client, to: server, 100, flags: 2)).isEmpty)
    #expect(take(segment(from: server, to: client, 900, flags: 18)).isEmpty)
    #expect(take(segment(from: client, to: server, 101, question.framed)).isEmpty)
    let bytes = answer.framed
    #expect(take(segment(from: server, to: client, 901, Array(bytes[..<9]))).isEmpty)
    #expect(take(segment(from: server, to: client, 910, Array(bytes[9...]))).count == 1)
  }

  @Test mutating func `Packets that are cut, fragments or something else are nothing`() throws {
    ask()
    let good = datagram(from: server, to: client, answer.bytes)
    for length in 0..<good.count { #expect(take(Array(good.prefix(length))).isEmpty, "\(length)") }
    var fragment = good, first = good, options = good, version = good, protocolNumber = good
    fragment[7] = 1
    first[6] = 0x20
    options[0] = 0x4f
    version[0] = 0x55
    protocolNumber[9] = 132
    for wrong in [fragment, first, options, version, protocolNumber] { #expect(take(wrong).isEmpty) }
    #expect(take(good).count == 1)
  }

  @Test mutating func `IPv6 packets, with options before their transport header`() throws {
    let (client6, server6) = (Endpoint(try ip("fd00::10"), 40_000), Endpoint(try ip("fd00::53"), 53))
    let ask = datagram(from: client6, to: server6, question.bytes)
    var reply = datagram(from: server6, to: client6, answer.bytes)
    reply.insert(contentsOf: [17, 0, 1, 4, 0, 0, 0, 0], at: 40)
    reply[6] = 60
    reply[5] += 8
    let address = client6.address
    #expect(conversations.take(ask, at: start) { $0 == address }.isEmpty)
    #expect(conversations.take(reply, at: start) { $0 == address }.count == 1)
  }

  /// 500 answers a second are to be told, for longer than questions wait.
  @Test mutating func `Questions that were answered leave room for others`() {
    var told = 0
    for number in 0..<20_000 {
      let question = NameMessage(UInt16(truncatingIfNeeded: number), "n\(number).example")
      let answer = NameMessage(answering: question, [address], seconds: 60)
      _ = take(datagram(from: client, to: server, question.bytes), after: Double(number) / 1000)
      told += take(datagram(from: server, to: client, answer.bytes), after: Double(number) / 1000).count
    }
    #expect(told == 20_000 && conversations.overflows == 0)
  }

  @Test mutating func `A client that asks without end does not silence another`() throws {
    let flooder = Endpoint(try ip("10.1.2.66"), 50_000)
    let clients: Set<IPAddress> = [client.address, flooder.address]
    for number in 0..<50_000 {
      let question = NameMessage(UInt16(truncatingIfNeeded: number), "n\(number).example")
      _ = conversations.take(datagram(from: flooder, to: server, question.bytes), at: start) { clients.contains($0) }
    }
    #expect(conversations.overflows > 40_000)
    ask()
    #expect(take(datagram(from: server, to: client, answer.bytes)).count == 1)
  }

  @Test mutating func `A client that opens streams without end does not silence another`() throws {
    let flooder = try ip("10.1.2.66")
    let clients: Set<IPAddress> = [client.address, flooder]
    for port in UInt16(1000)..<4000 {
      let place = Endpoint(flooder, port)
      _ = conversations.take(segment(from: place, to: server, 0, flags: 2), at: start) { clients.contains($0) }
      _ = conversations.take(segment(from: server, to: place, 0, flags: 18), at: start) { clients.contains($0) }
    }
    _ = take(segment(from: client, to: server, 100, flags: 2))
    _ = take(segment(from: server, to: client, 900, flags: 18))
    _ = take(segment(from: client, to: server, 101, question.framed))
    #expect(take(segment(from: server, to: client, 901, answer.framed)).count == 1)
  }
}
