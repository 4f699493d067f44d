import EgressPolicy
import NameResolution
import NamespaceLab
import NetworkValues
import SeededRandom
import Testing

@testable import EgressAgent

/// A million damaged answers, from the packet to the allowance. What is opened is compared with what a second, slow
/// reader finds in the message.
@Suite struct NameFuzzTests {
  private static let seeds: Range<UInt64> = 0..<8
  private static let messages = 125_000

  @Test(arguments: seeds) func `Damaged answers never crash, and open nothing that no valid answer gave`(seed: UInt64)
    throws
  {
    let demand = nameDemand(try wildInput())
    let openings = try #require(demand.openings)
    let start = ContinuousClock.now
    let (pod, resolver) = (try ip("10.1.2.10"), try ip("10.1.1.2"))
    var keeper = NameKeeper()
    keeper.want(demand, at: start)
    var chance = Seeded(seed)
    var opened = 0
    var valid = 0
    for number in 0..<Self.messages {
      let now = start + .milliseconds(number)
      if keeper.mayExpire(at: now) { keeper.expire(at: now) { _ in false } }
      let question = NameMessage(
        .random(in: 0...UInt16.max, using: &chance), chance.pick(Self.names),
        chance.pick([NameMessage.a, NameMessage.aaaa]))
      let port = UInt16.random(in: 1024...2047, using: &chance)
      _ = keeper.take(datagram(from: pod, port, to: resolver, 53, question.bytes), at: now)
      let message = damaged(answer(to: question, &chance), &chance)
      var packet = datagram(from: resolver, 53, to: pod, port, message)
      if chance.oneIn(8) { packet = damaged(packet, &chance) }
      let new = keeper.take(packet, at: now)
      // A damaged packet is judged by what it carries and where it goes.
      let carried = TransportSegment(packet: packet)
      let isInPlace =
        carried?.source == .init(resolver, 53) && carried?.destination == .init(pod, port) && carried?.stream == nil
      let payload = isInPlace ? Array(carried?.payload ?? []) : []
      // Those that opened nothing are read, too, now and then: to see that enough of them were valid.
      guard !new.isEmpty || number & 15 == 0 else { continue }
      let given = SlowReader(payload).map { $0.addresses(answering: question) } ?? []
      valid += given.isEmpty ? 0 : 1
      for observed in new {
        guard observed.name == question.name.lowercased(), observed.client == pod, given.contains(observed.address)
        else {
          Issue.record("opened \(observed) by \(message) for \(question), packet \(packet)")
          return
        }
        opened += openings.flows(for: observed).count
      }
      for flow in new.flatMap(openings.flows) where flow.ports != PortRange(443) || flow.transport != .tcp {
        Issue.record("\(flow)")
      }
    }
    #expect(valid > Self.messages / 20 && opened > 100, "\(valid) valid, \(opened) opened")
  }

  private static let names =
    (0..<40).map { "n\($0).wild.example" } + ["httpbin.org", "other.example", "N1.Wild.Example"]
}

private func answer(to question: NameMessage, _ chance: inout Seeded) -> [UInt8] {
  var answer = question
  answer.flags = NameMessage.answer
  var owner = question.name
  while chance.oneIn(4) {
    let target = "c\(Int.random(in: 0..<10, using: &chance)).example"
    answer.records.append(.alias(target, of: owner, seconds: .random(in: 0...600, using: &chance)))
    owner = target
  }
  for _ in 0..<Int.random(in: 0...4, using: &chance) {
    let bits = chance.next()
    let address =
      question.type == NameMessage.a
      ? IPAddress(v4: UInt32(truncatingIfNeeded: bits)) : IPAddress(v6: UInt128(bits) << 64 | UInt128(chance.next()))
    answer.records.append(.address(owner, address, seconds: .random(in: 0...600, using: &chance)))
  }
  return answer.bytes
}

/// A few accidents of a few kinds; none once in four times.
private func damaged(_ bytes: [UInt8], _ chance: inout Seeded) -> [UInt8] {
  var bytes = bytes
  for _ in 0..<Int.random(in: 0...3, using: &chance) {
    guard !bytes.isEmpty else { return bytes }
    let place = Int.random(in: 0..<bytes.count, using: &chance)
    let end = min(bytes.count, place + .random(in: 1...12, using: &chance))
    switch Int.random(in: 0..<9, using: &chance) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
    case 1: bytes[place] = chance.pick([0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff])
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 4: bytes = Array(bytes.prefix(place))
    case 5: bytes[place] = UInt8.random(in: 0...255, using: &chance)
    case 6:
      if bytes.count > 12 { bytes[.random(in: 2..<12, using: &chance)] ^= 1 << UInt8.random(in: 0..<8, using: &chance) }
    case 7:
      if place + 1 < bytes.count { (bytes[place], bytes[place + 1]) = (0xc0, .random(in: 0...255, using: &chance)) }
    default: bytes += (0..<8).map { _ in UInt8.random(in: 0...255, using: &chance) }
    }
  }
  return bytes
}

/// A DNS message, read slowly by the letter of RFC 1035, without c-ares. Of odd ones it reads as much as there is: it
/// says what could be meant at most.
private struct SlowReader {
  let bytes: [UInt8]

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 12 else { return nil }
    self.bytes = bytes
  }

  private func word(_ place: Int) -> Int? {
    place + 1 < bytes.count ? Int(bytes[place]) << 8 | Int(bytes[place + 1]) : nil
  }

  /// The addresses that the message gives for a question; none where it is no answer to it.
  func addresses(answering question: NameMessage) -> Set<IPAddress> {
    guard word(0) == Int(question.transaction), bytes[2] & 0xfa == 0x80, bytes[3] & 0x0f == 0, word(4) == 1,
      let (name, end) = name(at: 12), name == question.name.lowercased(), word(end) == Int(question.type),
      word(end + 2) == 1
    else { return [] }
    var names: Set<String> = [name]
    var found: [(owner: String, address: IPAddress)] = []
    var place = end + 4
    for _ in 0..<(word(6) ?? 0) {
      guard let (owner, end) = self.name(at: place), let type = word(end), let length = word(end + 8),
        end + 10 + length <= bytes.count
      else { break }
      let data = end + 10
      if type == 5, let (target, _) = self.name(at: data) { names.insert(target) }
      if type == Int(question.type), word(end + 2) == 1, length == (type == 1 ? 4 : 16) {
        let value = bytes[data..<(data + length)].reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        found.append((owner, IPAddress(type == 1 ? .v4 : .v6, value)))
      }
      place = data + length
    }
    return Set(found.filter { names.contains($0.owner) }.map(\.address))
  }

  private func name(at start: Int) -> (name: String, end: Int)? {
    var labels: [String] = []
    var place = start
    var end: Int?
    for _ in 0..<200 {
      guard place < bytes.count else { return nil }
      let length = Int(bytes[place])
      switch length {
      case 0: return (labels.joined(separator: ".").lowercased(), end ?? place + 1)
      case 0xc0...:
        guard let pointer = word(place) else { return nil }
        end = end ?? place + 2
        place = pointer & 0x3fff
      case 1..<64:
        guard place + 1 + length <= bytes.count else { return nil }
        labels.append(String(decoding: bytes[(place + 1)..<(place + 1 + length)], as: UTF8.self))
        place += 1 + length
      default: return nil
      }
    }
    return nil
  }
}
