import NameResolution
import NamespaceLab
import NetworkValues
import SeededRandom
import Testing

/// What is read of a message, and what is not.
@Suite struct DNSMessageTests {
  private func read(_ message: NameMessage) -> DNSMessage? { DNSMessage(message.bytes) }

  private func addresses(_ message: NameMessage) -> [String] {
    read(message)?.answers.map { "\($0.address) \($0.lifetime)" } ?? ["no message"]
  }

  @Test func `Addresses come with their lifetimes`() throws {
    let asked = NameMessage(7, "a.example")
    let query = try #require(read(asked))
    #expect(!query.isAnswer && query.transaction == 7 && query.answers.isEmpty)
    #expect(query.question == DNSMessage.Question(name: "a.example", type: .a))
    var answer = NameMessage(7, flags: NameMessage.answer, "a.example")
    answer.records = [
      .address("a.example", try ip("203.0.113.2"), seconds: 60),
      .address("a.example", try ip("203.0.113.1"), seconds: 5),
    ]
    #expect(Set(addresses(answer)) == ["203.0.113.2 60", "203.0.113.1 5"])
    answer.type = NameMessage.aaaa
    #expect(addresses(answer) == [])
    answer.records = [.address("A.Example", try ip("2001:db8::1"), seconds: 9)]
    #expect(addresses(answer) == ["2001:db8::1 9"])
  }

  @Test func `Aliases shorten lifetimes, and what has nothing to do with the question is left out`() throws {
    var answer = NameMessage(7, flags: NameMessage.answer, "a.example")
    answer.records = [
      .alias("b.example", of: "a.example", seconds: 30), .alias("c.example", of: "b.example", seconds: 20),
      .address("c.example", try ip("203.0.113.1"), seconds: 60),
    ]
    #expect(addresses(answer) == ["203.0.113.1 20"])
    answer.records = [.address("other.example", try ip("203.0.113.1"), seconds: 60)]
    #expect(addresses(answer) == [])
    answer.records.append(.address("a.example", try ip("203.0.113.2"), seconds: 60))
    #expect(addresses(answer) == ["203.0.113.2 60"])
    answer.records = [
      .alias("evil.example", of: "other.example", seconds: 60),
      .address("evil.example", try ip("203.0.113.1"), seconds: 60),
    ]
    #expect(addresses(answer) == [], "an alias of another name")
  }

  @Test func `Aliases in a circle end`() throws {
    var answer = NameMessage(7, flags: NameMessage.answer, "a.example")
    answer.records = [
      .alias("b.example", of: "a.example", seconds: 30), .alias("a.example", of: "b.example", seconds: 30),
    ]
    #expect(addresses(answer) == [])
    answer.records.append(contentsOf: Array(repeating: answer.records, count: 500).joined())
    #expect(addresses(answer) == [])
  }

  @Test func `Truncated answers and errors give nothing`() throws {
    for flags in [NameMessage.truncated, NameMessage.missing, NameMessage.serverFailure, 0x8181, NameMessage.query] {
      let message = NameMessage(
        answering: NameMessage(1, "a.example"), [try ip("203.0.113.1")], seconds: 1, flags: flags)
      #expect(addresses(message) == [], "\(flags)")
    }
    let truncated = try #require(
      read(NameMessage(answering: NameMessage(1, "a.example"), [], seconds: 1, flags: NameMessage.truncated)))
    #expect(truncated.isTruncated && truncated.isAnswer && truncated.code == 0)
  }

  @Test func `Names are compared in lower case, without the final dot, and must be host names`() {
    #expect(dnsName(parsing: "HTTPBin.ORG.") == "httpbin.org")
    #expect(read(NameMessage(1, "HTTPBin.ORG"))?.question.name == "httpbin.org")
    #expect(dnsName(parsing: "_dmarc.a-b.example") == "_dmarc.a-b.example")
    let long = Array(repeating: String(repeating: "a", count: 63), count: 4).joined(separator: ".")
    for name in [
      "", ".", "a..b", ".a", "a b", "ä.example", "a.exa\u{0}mple", "a\\.b", "*.example", long,
      String(repeating: "a", count: 64) + ".example", "xn--bücher.example", "a.example..",
    ] {
      #expect(dnsName(parsing: name) == nil, "\(name)")
    }
    for name in ["a b.example", "*.example", "a\u{0}.example", "ä.example"] {
      #expect(read(NameMessage(1, name)) == nil, "\(name)")
    }
    // A dot inside a label is not two labels.
    var bytes = NameMessage(1, "axb.example").bytes
    bytes[14] = UInt8(ascii: ".")
    #expect(DNSMessage(bytes) == nil)
  }

  @Test func `What is no question for addresses of the class IN is no message`() {
    let good = NameMessage(1, "a.example").bytes
    #expect(DNSMessage(good) != nil)
    let change = { (place: Int, value: UInt8) -> DNSMessage? in
      var bytes = good
      bytes[place] = value
      return DNSMessage(bytes)
    }
    #expect(change(2, 0x09) == nil && change(2, 0x29) == nil, "other operations")
    #expect(change(5, 0) == nil && change(5, 2) == nil && change(4, 1) == nil, "not one question")
    #expect(change(good.count - 1, 3) == nil && change(good.count - 3, 15) == nil, "another class, another type")
    #expect(change(12, 64) == nil && change(12, 63) == nil && change(12, 0xff) == nil, "wrong labels")
    #expect(DNSMessage([]) == nil && DNSMessage([UInt8](repeating: 0, count: 12)) == nil)
    #expect(DNSMessage(NameMessage(1, "").bytes) == nil, "the root")
    #expect(DNSMessage(good + [UInt8](repeating: 0, count: 65_536)) == nil)
  }

  @Test func `Pointers that lead in circles, forward or out end`() {
    for target in [12, 13, 14, 200, 0x3fff] {
      for prefix in [[], [1, UInt8(ascii: "a")]] as [[UInt8]] {
        var bytes = Array(NameMessage(1, "").bytes.prefix(12)) + prefix
        bytes += [0xc0 | UInt8(target >> 8), UInt8(target & 0xff), 0, 1, 0, 1]
        #expect(DNSMessage(bytes) == nil, "\(target)")
      }
    }
    // In the owner of an answer, and in an alias.
    let answer = NameMessage(answering: NameMessage(1, "a.example"), [IPAddress(v4: 0xcb00_7101)], seconds: 1).bytes
    for target in [27, 29, 0x3fff] {
      var bytes = answer
      let owner = bytes.count - 16
      bytes[owner] = 0xc0 | UInt8(target >> 8)
      bytes[owner + 1] = UInt8(target & 0xff)
      #expect(DNSMessage(bytes)?.answers.isEmpty ?? true, "\(target)")
    }
  }

  @Test func `Wrong counts and cut messages give nothing`() throws {
    let question = NameMessage(1, "a.example")
    let message = NameMessage(answering: question, [try ip("203.0.113.1"), try ip("203.0.113.2")], seconds: 1)
    let bytes = message.bytes
    for length in 0..<bytes.count {
      #expect(DNSMessage(Array(bytes.prefix(length)))?.answers.isEmpty ?? true, "\(length)")
    }
    for count in [0, 3, 255, 65_535] {
      var wrong = bytes
      wrong[6] = UInt8(count >> 8)
      wrong[7] = UInt8(count & 0xff)
      #expect(DNSMessage(wrong)?.answers.isEmpty ?? true, "\(count)")
    }
    // RDLENGTH.
    for length in [0, 3, 5, 255] {
      var wrong = bytes
      wrong[bytes.count - 5] = UInt8(length)
      #expect((DNSMessage(wrong)?.answers.count ?? 0) <= 1, "\(length)")
    }
  }

  @Test func `Thousands of addresses are read`() {
    let many = (0..<4000).map { IPAddress(v4: 0xc612_0000 + UInt32($0)) }
    let message = NameMessage(answering: NameMessage(1, "a.example"), many, seconds: 1)
    #expect(message.bytes.count < 65_536)
    #expect(Set(read(message)?.answers.map(\.address) ?? []) == Set(many))
  }
}
